import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Pool } from "pg";
import { openPostgres, migrate, postgresLedger } from "assent/postgres";
import type { Ledger } from "../../src/ledger/ledger.js";
import { QUEUE_ORDERS, type QueueFilter, type QueueOrder } from "../../src/ledger/queueing.js";
import { bareInserts } from "./inserts.js";
import { percentilesOf } from "./percentiles.js";
import { seedQueue, SPREAD } from "./seeded-queue.js";

const REVIEWS = 1_000_000;
const ROUNDS = 150;
const LIMIT = 50;

/** How long a page of 50 takes out of a million reviews: each filter and order of the index matrix, and some outside of it. */
export async function benchQueue(log: (line: string) => void): Promise<Record<string, Record<string, number>>> {
  const directory = await mkdtemp(join(tmpdir(), "assent-bench-"));
  const postgres = await openPostgres({ directory, connectionsMax: 4 });
  try {
    const { pool } = postgres;
    await migrate({ pool });
    await seedQueue(pool, "assent", REVIEWS, log);
    const ledger = postgresLedger({ pool });
    // All of it once: what is read again and again is in memory then, and what seeding left to do behind it is done.
    for (const filterOf of Object.values(MATRIX)) {
      for (const order of QUEUE_ORDERS) await timed(ledger, filterOf, order, ROUNDS);
    }
    await untilUnattended(pool);
    const cells: { name: string; times: number[] }[] = [];
    for (const [name, filterOf] of Object.entries(MATRIX)) {
      for (const order of QUEUE_ORDERS) {
        cells.push({ name: `${name}, ${order}`, times: await timed(ledger, filterOf, order, ROUNDS) });
      }
    }
    for (const { name, times } of cells) log(`${name}: ${inWords(times)}`);
    const other: { name: string; times: number[] }[] = [];
    for (const [name, filterOf] of Object.entries(OTHERS)) {
      other.push({ name, times: await timed(ledger, filterOf, "oldest", 10) });
    }
    for (const { name, times } of other) log(`${name}: ${inWords(times)}`);
    const counted = await times(ROUNDS, (nth) => ledger.queueCount(MATRIX.for(nth)));
    const slowest = cells.toSorted((a, b) => percentilesOf(b.times).p99Ms - percentilesOf(a.times).p99Ms)[0];
    log(`slowest of the matrix: ${slowest?.name}`);
    const page50 = percentilesOf(cells.flatMap(({ times: each }) => each));
    const insert = percentilesOf((await bareInserts(pool, { count: 1_000, atOnce: 1 })).timesMs);
    return {
      page50: { ...page50, ratioToInsert: Number((page50.p50Ms / insert.p50Ms).toFixed(1)) },
      insert,
      slowestCell: percentilesOf(slowest?.times ?? []),
      outsideOfMatrix: percentilesOf(other.flatMap(({ times: each }) => each)),
      count: percentilesOf(counted),
    };
  } finally {
    await postgres.close();
    await rm(directory, { recursive: true, force: true });
  }
}

const role = (nth: number): QueueFilter["for"] => ({ roles: [`role ${nth % SPREAD.roles}`], person: "ana" });

const MATRIX = {
  none: (): QueueFilter => ({}),
  for: (nth: number): QueueFilter => ({ for: role(nth) }),
  assignee: (nth: number): QueueFilter => ({ assignee: `person ${nth % SPREAD.assignees}` }),
  action: (nth: number): QueueFilter => ({ action: `action ${nth % SPREAD.actions}` }),
  "for and action": (nth: number): QueueFilter => ({ for: role(nth), action: `action ${nth % SPREAD.actions}` }),
};

const OTHERS: Record<string, (nth: number) => QueueFilter> = {
  "for, and not mine": (nth) => ({ for: role(nth), notOf: `person ${(nth * 10) % 50}`, notVotedBy: "ana" }),
  agent: (nth) => ({ agent: `agent ${nth % SPREAD.agents}` }),
  "kind that nobody has": () => ({ kind: "question" }),
  "risk and urgency": () => ({ riskAtLeast: 0.9, urgencyAtLeast: "hour" }),
};

/** Pages at the beginning, and the second ones, which go on from a cursor. */
async function timed(
  ledger: Ledger,
  filterOf: (nth: number) => QueueFilter,
  order: QueueOrder,
  rounds: number,
): Promise<number[]> {
  let cursor: string | null = null;
  return times(rounds, async (nth) => {
    const page = await ledger.queue({ filter: filterOf(nth - (nth % 2)), order, limit: LIMIT, cursor });
    cursor = nth % 2 === 0 ? page.next : null;
  });
}

async function times(rounds: number, work: (nth: number) => Promise<unknown>): Promise<number[]> {
  const measured: number[] = [];
  for (let nth = -10; nth < rounds; nth += 1) {
    const start = performance.now();
    await work(Math.abs(nth));
    // The first ones bring what is read into memory, as it is on a machine that serves.
    if (nth >= 0) measured.push(performance.now() - start);
  }
  return measured;
}

/** Settles once nobody tidies up behind the seeding any more. */
async function untilUnattended(pool: Pool): Promise<void> {
  for (;;) {
    const { rows } = await pool.query<{ n: number }>(
      "select count(*)::int as n from pg_stat_activity where backend_type = 'autovacuum worker'",
    );
    if (rows[0]?.n === 0) return;
    await new Promise((next) => void setTimeout(next, 500));
  }
}

function inWords(measured: readonly number[]): string {
  const { p50Ms, p99Ms } = percentilesOf(measured);
  return `p50 ${p50Ms} ms, p99 ${p99Ms} ms`;
}
