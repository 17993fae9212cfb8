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
import { z } from "zod";
import { asked } from "../../src/testing/ledger-contract/specimens.js";
import { bareInserts } from "./inserts.js";
import { closedLoop, openLoop } from "./loops.js";
import { percentilesOf } from "./percentiles.js";

const AT_ONCE = 16;
const WARM_UP = 400;
const CLOSED_LOOP = 2_000;
const OPEN_LOOP = 1_000;
const PER_SECOND = 100;
const people = testAuthenticator();

/**
 * What one decision costs in the library: authority checked, signed, durable, its delivery a job in the same transaction. As
 * many a second as 16 at once make, against a bare INSERT and COMMIT on the same database; and how long each takes at a
 * hundred a second, come what may.
 */
export async function benchDecision(log: (line: string) => void): Promise<Record<string, number>> {
  const directory = await mkdtemp(join(tmpdir(), "assent-bench-"));
  const postgres = await openPostgres({ directory, connectionsMax: AT_ONCE });
  try {
    const { pool } = postgres;
    await migrate({ pool });
    const ledger = postgresLedger({ pool });
    const assent = deciding(ledger);
    const by = await people.authenticate({ id: "ana", roles: ["manager"] });
    const waiting = await reviews(ledger, WARM_UP + CLOSED_LOOP + OPEN_LOOP);
    log(`${waiting.length} reviews wait`);
    // The first ones bring code and pages to where they stay.
    await closedLoop(waiting.splice(0, WARM_UP), AT_ONCE, (held) => decide(assent, by, held));
    const before = await bareInserts(pool, { count: 3_000, atOnce: AT_ONCE });
    const perSecond = await closedLoop(waiting.splice(0, CLOSED_LOOP), AT_ONCE, (held) => decide(assent, by, held));
    const after = await bareInserts(pool, { count: 3_000, atOnce: AT_ONCE });
    const timesMs = await openLoop(waiting, PER_SECOND, (held) => decide(assent, by, held));
    const insertsPerSecond = (before.perSecond + after.perSecond) / 2;
    return {
      perSecond: Math.round(perSecond),
      insertsPerSecond: Math.round(insertsPerSecond),
      ratioToInsert: Number((perSecond / insertsPerSecond).toFixed(3)),
      p50MsAt100PerSecond: percentilesOf(timesMs).p50Ms,
      p99MsAt100PerSecond: percentilesOf(timesMs).p99Ms,
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
