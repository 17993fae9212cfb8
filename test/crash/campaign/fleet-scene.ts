import { systemClock } from "assent";
import { createWorker } from "assent/service";
import { keepKilling, killableProgram, postgresProxy, seededRandom, type PostgresProxy } from "assent/testing";
import { Acknowledgements } from "./acknowledgements.js";
import { openAgent, type Agent } from "./agent.js";
import { begin, untouched } from "./beginning.js";
import { AFTER_MS, CUT_RATE } from "./faults.js";
import { Fleet, type Member, type Part } from "./fleet.js";
import { judgeAll } from "./judgement.js";
import { planFile, threadOf, WORKER, type Plan } from "./plan.js";
import { prepare, untilFaced, untilMore, type SceneOptions, type SceneResult } from "./prepare.js";
import type { Order } from "./program.js";

/** How many processes there are of each part, and which program they run. */
const PARTS: Record<Part, { count: number; program: string }> = {
  decider: { count: 4, program: "fleet-decider" },
  worker: { count: 4, program: "fleet-worker" },
  host: { count: 2, program: "fleet-host" },
};
const HOUR_MS = 3_600_000;
/** How far the clocks of the processes of each part are ahead, in their order; those that follow are right. */
const AHEAD_MS: readonly number[] = [HOUR_MS, -HOUR_MS];
/** How long everything may take to come to its end after the faults. */
const DRAIN_WITHIN_MS = 900_000;

/**
 * Deciders, workers, graph hosts and Postgres as processes of their own, one of which is killed every now and then, on
 * connections that break at commits; then checks what became of everything.
 */
export async function runFleet(options: SceneOptions): Promise<SceneResult> {
  const { name, postgres, seed, note } = options;
  const plan = await prepare(options);
  const acknowledged = new Acknowledgements(plan);
  const proxy = await postgresProxy({ url: postgres.url });
  const fleet = new Fleet({
    members: membersOf(options, plan, proxy),
    postgres,
    random: seededRandom(seed + 1),
    onKilled: (what) => note(`${name}: killed ${what}; ${acknowledged.approvals} approvals so far`),
  });
  try {
    const failure = await whileFailing(options, fleet, proxy, acknowledged);
    const { approvals } = acknowledged;
    if (failure !== null) note(`${name}: FAILED: ${failure}`);
    note(`${name}: the faults are over after ${approvals} approvals; everything comes to its end`);
    const agent = await openAgent(plan, postgres.url, "deciders");
    try {
      const ended = await comeToEnd(plan, agent, fleet, note).then(
        () => null,
        (error: unknown) => String(error),
      );
      const judged = await judgeAll(plan, agent, await begunThreads(plan, agent), acknowledged.all);
      const early = await countExpired(agent);
      const hasty = early === 0 ? null : `${early} reviews expired long before their time`;
      const kills = Object.values(fleet.kills).reduce((sum, count) => sum + count, 0);
      const { before, after } = proxy.cuts;
      return { name, failure: failure ?? ended ?? hasty, approvals, kills, cuts: before + after, ...judged };
    } finally {
      await agent.postgres.close();
    }
  } finally {
    await fleet.killAll();
    await proxy.close();
  }
}

function membersOf({ programs, seed }: SceneOptions, plan: Plan, { url }: PostgresProxy): Member[] {
  return (Object.keys(PARTS) as Part[]).flatMap((part) => {
    const { count, program } = PARTS[part];
    return Array.from({ length: count }, (_, share): Member => {
      const aheadMs = AHEAD_MS[share] ?? 0;
      const name = `${part}-${share + 1}`;
      const order: Order = { plan: planFile(plan), url, name, seed: seed + share, aheadMs, share, shares: count };
      const args = [programs.program(program), JSON.stringify(order)];
      return { part, name, program: killableProgram({ command: process.execPath, args, ready: "ready" }) };
    });
  });
}

/** Kills and cuts for as long as is said. Gives why that ended before its time, if it did. */
async function whileFailing(
  { seed, seconds, approvals }: SceneOptions,
  fleet: Fleet,
  proxy: PostgresProxy,
  acknowledged: Acknowledgements,
): Promise<string | null> {
  proxy.cutAtRandom({ before: CUT_RATE, after: CUT_RATE, random: seededRandom(seed + 2) });
  const failures: unknown[] = [];
  const failed = (error: unknown): void => void failures.push(error);
  const killing = await keepKilling(fleet, {
    afterMs: AFTER_MS,
    random: seededRandom(seed + 3),
    progress: (signal) => untilMore(() => acknowledged.approvals, signal),
  });
  const over = new AbortController();
  const sofar = { approvals: () => acknowledged.approvals, faults: () => killing.kills, signal: over.signal };
  const enough = approvals === null ? untilFaced(seconds, sofar) : untilEnough(acknowledged, approvals, over.signal);
  enough.catch(() => undefined);
  await Promise.race([enough, killing.ended]).catch(failed);
  over.abort();
  proxy.heal();
  await killing.end().catch(failed);
  await fleet.restored().catch(failed);
  return failures.length === 0 ? null : String(failures[0]);
}

async function untilEnough(acknowledged: Acknowledgements, wanted: number, signal: AbortSignal): Promise<void> {
  while (acknowledged.approvals < wanted) await systemClock.sleep(100, signal);
}

/** Lets the fleet finish what was begun, with nobody in its way; and has what was lost looked for more often. */
async function comeToEnd(plan: Plan, agent: Agent, fleet: Fleet, note: (line: string) => void): Promise<void> {
  await fleet.end("host");
  for (const id of await untouched(plan, agent)) {
    const threadId = threadOf(id);
    if ((await agent.threads.state(threadId)).status === "stopped") await begin(agent, threadId);
  }
  const { assents, threads, postgres } = agent;
  const worker = createWorker({
    ...WORKER,
    assent: assents.moderate,
    assents: [assents.notify],
    pool: postgres.anotherPool(5),
    schema: plan.schema,
    threads,
    onEvent: (event) => {
      if (event.kind === "trouble") note(event.what);
      if (event.kind === "failed") note(`${JSON.stringify(event.payload)}: ${String(event.error)}`);
    },
  });
  const giveUpAt = systemClock.now().getTime() + DRAIN_WITHIN_MS;
  for (let left = await unfinished(agent); left > 0; left = await unfinished(agent)) {
    if (systemClock.now().getTime() > giveUpAt) throw new Error(`${left} reviews or threads do not come to their end`);
    await worker.drain();
    await systemClock.sleep(500);
  }
  await fleet.end("decider");
  await fleet.end("worker");
}

/** How much waits for a decision or for a delivery. */
async function unfinished({ assents, delivery }: Agent): Promise<number> {
  const { count } = await assents.moderate.ledger.queueCount({});
  return count + (await delivery.undelivered()).length;
}

async function begunThreads(plan: Plan, { threads }: Agent): Promise<string[]> {
  const begun: string[] = [];
  for (const id of plan.messageIds) {
    if ((await threads.state(threadOf(id))).status !== "new") begun.push(threadOf(id));
  }
  return begun;
}

/** How many deadlines the log says have passed. */
async function countExpired({ assents }: Agent): Promise<number> {
  let expired = 0;
  for (let afterSeq = 0; ;) {
    const rows = await assents.moderate.ledger.auditRows({ afterSeq, limit: 1_000 });
    const last = rows.at(-1);
    if (last === undefined) return expired;
    expired += rows.filter(({ kind }) => kind === "expired").length;
    afterSeq = last.seq;
  }
}
