import { approvalGate, type ApprovalGateOptions, type ProposeOptions } from "assent";
import { manualClock, testAuthenticator } from "assent/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { askAlways, executeAlways, gated, type GatedOptions } from "../support/payments.js";

const FOUR_HOURS_MS = 4 * 3_600_000;
const people = testAuthenticator();

async function proposed(about: ProposeOptions, gate: ApprovalGateOptions, more: GatedOptions = {}) {
  const clock = manualClock("2026-03-30T10:00:00Z");
  const trial = gated({
    policy: executeAlways,
    clock,
    authenticators: [people],
    proposals: [[{ to: "bo", cents: 500 }, about]],
    pattern: (assent) => approvalGate(assent, gate),
    ...more,
  });
  await trial.thread.start();
  return { ...trial, clock };
}

describe("a threshold", () => {
  const threshold = { amount: { USD: 5 }, risk: 0.3, confidence: 0.8 };

  test.each([
    [{ risk: 0.3, confidence: 0.8 }, null],
    [{ risk: 0.31, confidence: 0.8 }, /risk 0.31 is above 0.3/],
    [{ risk: 0.3, confidence: 0.79 }, /confidence 0.79 is below 0.8/],
    [{ risk: 0.3 }, /confidence is missing/],
    [{ confidence: 0.8 }, /risk is missing/],
  ] as [ProposeOptions, RegExp | null][])("with %j asks: %s", async (about, why) => {
    const { thread, made } = await proposed(about, { threshold });
    expect(made).toHaveLength(why === null ? 1 : 0);
    if (why !== null) expect((await thread.asked()).explanation).toMatch(why);
  });

  test("for one currency asks about every other", async () => {
    const { thread } = await proposed({}, { threshold: { amount: { EUR: 1_000 } } });
    expect((await thread.asked()).explanation).toMatch(/amounts in USD have no threshold/);
  });

  test("asks about an amount above it", async () => {
    const { thread } = await proposed({}, { threshold: { amount: { USD: 4.99 } } });
    expect((await thread.asked()).explanation).toMatch(/amount 5 USD is above 4.99 USD/);
  });

  test("never lets through what the policy sends to a person", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ risk: fc.double({ min: 0, max: 1, noNaN: true }) }),
        async (about: ProposeOptions) => {
          const { made } = await proposed(about, { threshold: { risk: 1 } }, { policy: askAlways });
          expect(made).toHaveLength(0);
        },
      ),
      { numRuns: 20 },
    );
  });

  test.each([{ risk: 2 }, { confidence: Number.NaN }, { amount: { usd: 5 } as never }, { amount: { USD: -1 } }])(
    "of %j is refused when the gate is built",
    (wrong) => {
      expect(() => gated({ pattern: (assent) => approvalGate(assent, { threshold: wrong }) })).toThrow(/threshold/);
    },
  );
});

describe("a time limit", () => {
  test.each([
    ["hold", null, 0],
    ["reject", "expired", 0],
    ["execute", "executed", 1],
  ] as const)("with otherwise: %s", async (otherwise, status, effects) => {
    const { thread, made, assent, clock } = await proposed({}, { within: "PT4H", otherwise }, { policy: askAlways });
    await thread.answer("hm");
    await clock.advance(FOUR_HOURS_MS);
    expect(await assent.tick()).toEqual([expect.objectContaining({ otherwise })]);
    await thread.answer("hm");
    expect(made).toHaveLength(effects);
    if (status !== null) expect(await thread.outcome()).toMatchObject({ status, decidedBy: null });
    else {
      await thread.answer("approve");
      expect(made).toHaveLength(1);
    }
  });

  test("a time-out is a time-out, and nobody's no", async () => {
    const { thread, assent, clock } = await proposed(
      {},
      { within: "PT4H", otherwise: "reject" },
      { policy: askAlways },
    );
    await clock.advance(FOUR_HOURS_MS);
    await assent.tick();
    await thread.answer("hm");
    const [held] = await assent.ledger.cases({ afterId: "", limit: 1 });
    expect(held?.decisions).toEqual([]);
    expect(held?.outcome).toMatchObject({ status: "expired", decidedBy: null });
  });

  test("a gate that escalates has nobody to escalate to: the policy says whom", () => {
    const gate = { within: "PT4H", otherwise: "escalate" } as const;
    expect(() => gated({ pattern: (assent) => approvalGate(assent, gate) })).toThrow(/escalateTo/);
  });
});

describe("who may decide", () => {
  const gate: ApprovalGateOptions = { by: [{ role: "manager" }, { group: "finance" }, { person: "cy" }] };

  test.each([
    [{ id: "ana" }, false],
    [{ id: "ana", roles: ["clerk"] }, false],
    [{ id: "ana", roles: ["manager"] }, true],
    [{ id: "ana", groups: ["finance"] }, true],
    [{ id: "cy" }, true],
  ])("%j: %s", async (identity, may) => {
    const { thread, made, assent } = await proposed({}, gate, { policy: askAlways, trust: "verified" });
    const { review, digest } = await thread.asked();
    const by = await people.authenticate(identity);
    const decision = assent.reviews.decide(review, { by, decision: "approve", digest });
    if (may) await decision;
    else await expect(decision).rejects.toMatchObject({ code: "not_allowed", httpStatus: 403 });
    await thread.answer("nudge");
    expect(made).toHaveLength(may ? 1 : 0);
  });

  test("a reviewer's own arguments need somebody whom the policy lets approve them", async () => {
    const { policy } = await import("assent");
    const byAmount = policy({
      rules: [
        { id: "large", when: { amount: { gt: "100 USD" } }, route: "review", review: { by: [{ role: "director" }] } },
      ],
      default: { route: "review" },
    });
    const { thread, made, assent } = await proposed({}, {}, { policy: byAmount, trust: "verified" });
    const ana = await people.authenticate({ id: "ana", roles: ["manager"] });
    const first = await thread.asked();
    await assent.reviews.decide(first.review, {
      by: ana,
      decision: "modify",
      digest: first.digest,
      args: { to: "bo", cents: 20_000 },
    });
    await thread.answer("nudge");
    expect(made).toHaveLength(0);
    const second = await thread.asked();
    expect(second).toMatchObject({ round: 2, by: ["role director"] });
    await expect(
      assent.reviews.decide(second.review, { by: ana, decision: "approve", digest: second.digest }),
    ).rejects.toMatchObject({ code: "not_allowed" });
    const dee = await people.authenticate({ id: "dee", roles: ["director"] });
    await assent.reviews.decide(second.review, { by: dee, decision: "approve", digest: second.digest });
    await thread.answer("nudge");
    expect(made.map(({ args }) => args)).toEqual([{ to: "bo", cents: 20_000 }]);
  });
});
