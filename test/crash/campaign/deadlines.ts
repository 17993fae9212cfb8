import { systemClock, type Case, type Ledger } from "assent";
import { openPostgres, postgresLedger, type OpenPostgres } from "assent/postgres";
import { checkHistory, killableProgram, type HistoryReport, type Killable } from "assent/testing";
import { askRequest, draft, routeRequest } from "../../../src/testing/ledger-contract/specimens.js";
import { inLines, showProblems, type Conclusion, type Surroundings } from "./conclusion.js";
import type { Ground } from "./plan.js";
import { layGround } from "./prepare.js";
import type { Settings } from "./settings.js";
import { waitingThreads } from "./waiting-threads.js";

const WORKERS = 4;
const HOUR_MS = 3_600_000;
/** Within which time after their deadline all have to be over. */
const LATE_MS_MAX = 120_000;
const SEEDING_AT_ONCE = 16;
/** How much longer than routing there is for asking, with four workers that hear of every job, before the deadline. */
const SLACK = 5;
/** How long there is besides, in which nothing may expire. */
const HEAD_START_MS = 5_000;
const POLL_MS = 100;
/** How long nothing may go on before that is a failure; a busy machine takes its time. */
const PATIENCE_MS = 300_000;

/** What a worker is told. */
export interface DeadlineOrder {
  ground: Ground;
  url: string;
  /** How far its clock is ahead. */
  aheadMs: number;
}

/** When deadlines had their effect, by the database's clock. */
interface Passing {
  expired: number;
  /** How many had it before their time. */
  early: number;
  /** From the first deadline to the last. */
  spreadMs: number;
  firstLateMs: number;
  medianLateMs: number;
  lastLateMs: number;
}

/**
 * Many reviews with their deadlines in the same second, and four workers: one has a clock that is an hour ahead, one is
 * killed while deadlines pass. The database notes when each row of the log was written.
 */
export async function runDeadlines({ reviews }: Settings, surroundings: Surroundings): Promise<Conclusion> {
  const { note, postgres, programs } = surroundings;
  const ground = await layGround("deadlines", surroundings);
  const opened = await openPostgres({ url: postgres.url, connectionsMax: SEEDING_AT_ONCE });
  const ledger = postgresLedger({ pool: opened.pool, schema: ground.schema });
  const workers = Array.from({ length: WORKERS }, (_, nth): Killable => {
    const order: DeadlineOrder = { ground, url: postgres.url, aheadMs: nth === 0 ? HOUR_MS : 0 };
    const args = [programs.program("deadline-worker"), JSON.stringify(order)];
    return killableProgram({ command: process.execPath, args, ready: "ready" });
  });
  try {
    await noteTimes(opened, ground);
    const routed = await route(ledger, reviews);
    note(`deadlines: ${reviews} proposals were routed in ${(routed.tookMs / 1_000).toFixed(1)} s`);
    await Promise.all(workers.map((worker) => worker.start()));
    const deadlineAt = await ask(ledger, routed);
    const secondsLeft = Math.round((deadlineAt - systemClock.now().getTime()) / 1_000);
    note(`deadlines: all were asked for, ${secondsLeft} s before their deadline`);
    const countNow = (): Promise<number> => countExpired(opened, ground);
    await untilExpired(countNow, Math.ceil(reviews / 4), deadlineAt);
    const victim = workers.at(-1);
    await victim?.kill();
    note(`deadlines: a worker was killed when ${await countNow()} deadlines had passed`);
    await victim?.start();
    await untilExpired(countNow, reviews, deadlineAt);
    for (const worker of workers) await worker.stop();
    const report = await checkHistory({ ledger, effects: [], acknowledged: [], threads: waitingThreads(ledger) });
    showProblems(report.problems, note);
    return concluded(reviews, await passingOf(opened, ground), report, await endings(ledger));
  } finally {
    await Promise.allSettled(workers.map((worker) => worker.kill()));
    await opened.close();
  }
}

/** Has the database note, beside the log, when each deadline's row was written. */
async function noteTimes({ pool }: OpenPostgres, { schema }: Ground): Promise<void> {
  await pool.query(`
    create table "${schema}".expired_rows (seq bigint primary key, at timestamptz not null);
    create function "${schema}".note_expired() returns trigger language plpgsql as $$
    begin
      insert into "${schema}".expired_rows values (new.seq, clock_timestamp());
      return null;
    end $$;
    create trigger noted after insert on "${schema}".audit_log for each row when (new.kind = 'expired')
    execute function "${schema}".note_expired();
  `);
}

/** Proposals that the policy sent to people, and how long that took. */
interface Routed {
  cases: Case[];
  tookMs: number;
}

const nowMs = (): number => systemClock.now().getTime();

async function route(ledger: Ledger, reviews: number): Promise<Routed> {
  const begunAt = nowMs();
  const all = Array.from({ length: reviews }, (_, nth) => nth);
  const cases = await inParallel(all, async (nth) => {
    const held = await ledger.propose(draft({ threadId: `thread-${nth}`, proposedAt: new Date().toISOString() }));
    return ledger.route(routeRequest(held, "review"));
  });
  return { cases, tookMs: nowMs() - begunAt };
}

/** Asks for a review of each; gives their deadline. */
async function ask(ledger: Ledger, { cases, tookMs }: Routed): Promise<number> {
  const deadlineAt = Math.ceil((nowMs() + tookMs * SLACK + HEAD_START_MS) / 1_000) * 1_000 + 500;
  await inParallel(cases, (held) => {
    const withinMs = Math.max(1, deadlineAt - nowMs());
    const { threadId } = held.proposal;
    return ledger.ask({ ...askRequest(held, `interrupt-${threadId}`), withinMs, otherwise: "reject" });
  });
  return deadlineAt;
}

async function inParallel<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>) {
  const queue = items.values();
  const results: Result[] = [];
  const lane = async (): Promise<void> => {
    for (const item of queue) results.push(await work(item));
  };
  await Promise.all(Array.from({ length: SEEDING_AT_ONCE }, lane));
  return results;
}

async function countExpired({ pool }: OpenPostgres, { schema }: Ground): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(`select count(*)::int as count from "${schema}".expired_rows`);
  return rows[0]?.count ?? 0;
}

/** Waits until so many deadlines have passed, or none does any more. */
async function untilExpired(countNow: () => Promise<number>, wanted: number, deadlineAt: number): Promise<void> {
  let giveUpAt = deadlineAt + PATIENCE_MS;
  for (let before = 0; before < wanted && nowMs() < giveUpAt;) {
    const now = await countNow();
    if (now > before) giveUpAt = Math.max(nowMs(), deadlineAt) + PATIENCE_MS;
    before = now;
    await systemClock.sleep(POLL_MS);
  }
}

/** What the log says, with the times at which the database wrote it. */
async function passingOf({ pool }: OpenPostgres, { schema }: Ground): Promise<Passing> {
  const { rows } = await pool.query<Passing>(`
    select count(*)::int as expired, (count(*) filter (where late < 0))::int as early,
      coalesce(extract(epoch from max(deadline) - min(deadline)) * 1000, 0)::float8 as "spreadMs",
      coalesce(min(late), 0)::float8 as "firstLateMs", coalesce(max(late), 0)::float8 as "lastLateMs",
      coalesce(percentile_cont(0.5) within group (order by late), 0)::float8 as "medianLateMs"
    from (
      select deadline, (extract(epoch from n.at - deadline) * 1000)::float8 as late
      from "${schema}".audit_log l
      join "${schema}".expired_rows n on n.seq = l.seq
      cross join lateral (select (l.entry::json -> 'data' ->> 'deadline')::timestamptz as deadline) said
      where l.kind = 'expired'
    ) passed`);
  const [passing] = rows;
  if (passing === undefined) throw new Error("the log cannot be read");
  return passing;
}

/** How cases ended, and how many decisions there are, by the log. */
async function endings(ledger: Ledger): Promise<{ expired: number; decisions: number }> {
  let [expired, decisions] = [0, 0];
  for (let afterSeq = 0; ;) {
    const rows = await ledger.auditRows({ afterSeq, limit: 1_000 });
    const last = rows.at(-1);
    if (last === undefined) return { expired, decisions };
    for (const { kind, entry } of rows) {
      const { data } = JSON.parse(entry) as { data: { status?: string } };
      if (kind === "closed" && data.status === "expired") expired += 1;
      if (kind === "decided") decisions += 1;
    }
    afterSeq = last.seq;
  }
}

function concluded(
  reviews: number,
  passing: Passing,
  report: HistoryReport,
  ended: { expired: number; decisions: number },
): Conclusion {
  const { lostDecisions, doubleEffects, effectsWithoutDecision, stuckThreads } = report;
  const { spreadMs, firstLateMs, medianLateMs, lastLateMs, ...counts } = passing;
  const times = { spreadMs, firstLateMs, medianLateMs, lastLateMs };
  const json = {
    reviews,
    ...counts,
    ...Object.fromEntries(Object.entries(times).map(([name, ms]) => [name, Math.round(ms)])),
    endedAsExpired: ended.expired,
    decisions: ended.decisions,
    lostDecisions,
    doubleEffects,
    effectsWithoutDecision,
    stuckThreads,
  };
  const isAll = passing.expired === reviews && ended.expired === reviews && ended.decisions === 0;
  const isFine = report.ok && isAll && passing.early === 0 && lastLateMs <= LATE_MS_MAX;
  return { isFine, json, text: inLines(json) };
}
