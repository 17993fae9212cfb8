import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Ledger } from "../../src/ledger/ledger.js";
import { memoryLedger } from "../../src/ledger/memory/memory-ledger.js";
import { postgresLedger } from "../../src/ledger/postgres/postgres-ledger.js";
import { moment } from "../../src/testing/ledger-contract/specimens.js";
import { manualClock, type ManualClock } from "../../src/testing/manual-clock.js";
import { freshSchema } from "../support/postgres.js";
import { WORDS } from "./review-rules.js";
import { anyStep, type Step } from "./review-steps.js";
import { Trial } from "./review-trial.js";
import { anyAuthority, type ModelAuthority } from "./review-world.js";

/** How often each thing came of a step. */
class Coverage {
  steps = 0;
  readonly of = new Map<string, number>();

  add(result: string): void {
    this.steps += 1;
    const [what = "", reasons] = result.split("forbidden, ");
    const all = reasons === undefined ? [what] : reasons.split(" and ").map((why) => `forbidden, ${why}`);
    for (const each of all) {
      const name = each.replace(/^(say|say earlier|repeat): /, "");
      this.of.set(name, (this.of.get(name) ?? 0) + 1);
    }
  }
}

/** Far beyond what it takes; whoever makes a counterexample smaller needs no more. */
const LIMIT_MS = 300_000;

/** Everything that can come of a step. */
const OUTCOMES = [
  "propose: proposed",
  ...["routed", "routed already"].map((what) => `route: ${what}`),
  ...["asked", "asked again", "nothing to ask"].map((what) => `ask: ${what}`),
  ...["approve", "reject", "abstain"].flatMap((verdict) =>
    ["pending", "approved", "rejected"].map((tally) => `${verdict} counts, ${tally}`),
  ),
  ...["pending", "approved", "rejected"].map((tally) => `said again, ${tally}`),
  ...["approved alone", "next round", "blocked", "suggested"].map((what) => `modify counts, ${what}`),
  "escalate counts, escalated",
  "revise counts, revise",
  "repeated",
  "closed",
  "late",
  "changed",
  "digest",
  "ambiguous",
  ...Object.keys(WORDS).map((why) => `forbidden, ${why}`),
  ...["not due", "ends", "executes", "escalates", "holds"].map((what) => `expire: ${what}`),
  ...["drafted", "nobody asked"].map((what) => `redraft: ${what}`),
  ...["claimed", "nothing to claim"].map((what) => `claim: ${what}`),
  ...["executed", "failed", "nothing to settle"].map((what) => `settle: ${what}`),
  ...["voided", "nothing to void"].map((what) => `reroute: ${what}`),
  "register: known",
  "wait: time passed",
];

async function agree(
  given: { ledger: Ledger; clock: ManualClock; authority: ModelAuthority; steps: readonly Step[] },
  coverage: Coverage,
): Promise<void> {
  const trial = new Trial(given.ledger, given.clock, given.authority);
  await trial.begin();
  for (const step of given.steps) coverage.add(await trial.step(step));
  await trial.end();
}

describe("whatever is said in whatever order, a ledger does what the documentation says", () => {
  test(
    "in memory, 100,000 steps and more, among them everything that can come of one",
    async () => {
      const coverage = new Coverage();
      const steps = fc.array(anyStep, { minLength: 1, maxLength: 400, size: "max" });
      await fc.assert(
        fc.asyncProperty(anyAuthority, fc.noBias(steps), async (authority, list) => {
          const clock = manualClock(moment(0));
          await agree({ ledger: memoryLedger({ clock }), clock, authority, steps: list }, coverage);
        }),
        { numRuns: 560, interruptAfterTimeLimit: LIMIT_MS, markInterruptAsFailure: true },
      );
      expect(coverage.steps).toBeGreaterThanOrEqual(100_000);
      expect(OUTCOMES.filter((outcome) => !coverage.of.has(outcome))).toEqual([]);
      // What came and is not listed would be something that nobody looks for.
      const unlisted = [...coverage.of.keys()].filter((outcome) => !OUTCOMES.includes(outcome));
      expect(unlisted).toEqual(["route: nothing said"]);
    },
    2 * LIMIT_MS,
  );

  test("in Postgres, 1,500 steps and more", async () => {
    const coverage = new Coverage();
    const steps = fc.array(anyStep, { minLength: 300, maxLength: 310, size: "max" });
    await fc.assert(
      fc.asyncProperty(anyAuthority, steps, async (authority, list) => {
        const fresh = await freshSchema();
        try {
          const clock = manualClock(moment(0));
          await agree({ ledger: postgresLedger({ ...fresh, clock }), clock, authority, steps: list }, coverage);
        } finally {
          await fresh.close();
        }
      }),
      // To make it smaller, run the same commands in memory: that is quicker.
      { numRuns: 5, endOnFailure: true },
    );
    expect(coverage.steps).toBeGreaterThanOrEqual(1_500);
  });
});
