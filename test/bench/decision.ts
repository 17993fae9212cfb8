import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  authority,
  createAssent,
  defineAction,
  policy,
  type Assent,
  type Case,
  type Ledger,
  type Principal,
} from "assent";
import { migrate, openPostgres, postgresLedger } from "assent/postgres";
import { testAuthenticator, testKeys } from "assent/testing";
import type { Pool } from "pg";
import { z } from "zod";
import { asked } from "../../src/testing/ledger-contract/specimens.js";
import { percentilesOf } from "./percentiles.js";

const AT_ONCE = 16;
const CLOSED_LOOP = 1_200;
const OPEN_LOOP = 1_000;
const PER_SECOND = 100;
const people = testAuthenticator();

/**
 * What one decision costs in the library: authority checked, signed, durable, its delivery a job in the same transaction. As
 * many a second as 16 at once make, against a bare INSERT and COMMIT on the same database; and how long each takes at a
 * hundred a second, come what may.
 */
export async function benchDecision(log: (line: string) => void): Promise<Record<string, Record<string, number>>> {
  const directory = await mkdtemp(join(tmpdir(), "assent-bench-"));
  const postgres = await openPostgres({ directory, connectionsMax: AT_ONCE });
  try {
    const { pool } = postgres;
    await migrate({ pool });
    const ledger = postgresLedger({ pool });
    const assent = deciding(ledger);
    const by = await people.authenticate({ id: "ana", roles: ["manager"] });
    const waiting = await reviews(ledger, CLOSED_LOOP + OPEN_LOOP + 200);
    log(`${waiting.length} reviews wait`);
    // The first ones bring code and pages to where they stay.
    await closedLoop(waiting.splice(0, 200), (held) => decide(assent, by, held));
    const insertsBefore = await inserts(pool);
    const perSecond = await closedLoop(waiting.splice(0, CLOSED_LOOP), (held) => decide(assent, by, held));
    const insertsAfter = await inserts(pool);
    const times = await openLoop(waiting, (held) => decide(assent, by, held));
    const insertsPerSecond = (insertsBefore + insertsAfter) / 2;
    return {
      decision: {
        perSecond: Math.round(perSecond),
        insertsPerSecond: Math.round(insertsPerSecond),
        ratioToInsert: Number((perSecond / insertsPerSecond).toFixed(3)),
        p50MsAt100PerSecond: percentilesOf(times).p50Ms,
        p99MsAt100PerSecond: percentilesOf(times).p99Ms,
      },
    };
  } finally {
    await postgres.close();
    await rm(directory, { recursive: true, force: true });
  }
}

function deciding(ledger: Ledger): Assent {
  const refund = defineAction({
    name: "refund",
    args: z.object({ orderId: z.string(), amount: z.number() }),
    summary: ({ orderId, amount }) => `Refund ${amount} USD on order ${orderId}`,
    facts: ({ amount }) => ({ amount: { value: amount, currency: "USD" } }),
    idempotent: true,
    run: () => null,
  });
  return createAssent({
    actions: [refund],
    ledger,
    policy: policy({ default: { route: "review" } }),
    authority: authority({ limits: [{ role: "manager", upTo: "10000 USD" }], seniority: ["manager"] }),
    authenticators: [people],
    keys: testKeys(),
  });
}

/** Reviews of as many threads, made a few at a time. */
async function reviews(ledger: Ledger, count: number): Promise<Case[]> {
  const made: Case[] = [];
  let nth = 0;
  const make = async (): Promise<void> => {
    while (nth < count) {
      nth += 1;
      made.push(await asked(ledger, { key: String(nth), threadId: `thread ${nth}` }));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, make));
  return made;
}

async function decide(assent: Assent, by: Principal, { review }: Case): Promise<void> {
  if (review === null) throw new TypeError("nothing waits");
  await assent.reviews.decide(review.id, { by, decision: "approve", digest: review.digest });
}

/** Works through them, so many at a time; gives how many a second. */
async function closedLoop<Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>): Promise<number> {
  const left = [...items];
  const start = performance.now();
  const go = async (): Promise<void> => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, go));
  return (items.length * 1_000) / (performance.now() - start);
}

/** Begins one every hundredth of a second, whatever became of those before; gives how long each took since it was due. */
async function openLoop(items: readonly Case[], work: (item: Case) => Promise<unknown>): Promise<number[]> {
  const start = performance.now();
  return Promise.all(
    items.slice(0, OPEN_LOOP).map(async (item, nth) => {
      const due = start + (nth * 1_000) / PER_SECOND;
      await new Promise((next) => void setTimeout(next, due - performance.now()));
      await work(item);
      return performance.now() - due;
    }),
  );
}

async function inserts(pool: Pool): Promise<number> {
  await pool.query(
    "create table if not exists public.bare (id bigint generated always as identity primary key, what text)",
  );
  const what = Array.from({ length: 3_000 }, (_, nth) => `something that is as long as a decision's note, ${nth}`);
  return closedLoop(what, (each) => pool.query("insert into public.bare (what) values ($1)", [each]));
}
