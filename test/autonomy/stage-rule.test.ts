import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { FIRST_STAGE, type StageRecord } from "../../src/autonomy/stage-record.js";
import { ruledChange, wishedChange } from "../../src/autonomy/stage-change.js";
import { nextStage, rollingAccuracy, type StageRule } from "../../src/autonomy/stage-rule.js";
import type { Stage } from "../../src/model/stage.js";
import { reviewer } from "../../src/testing/ledger-contract/specimens.js";

const KEY = { id: "sg_1", agent: "support", action: "refund", trust: "verified" } as const;

/** A record whose last cases were right but for `wrong` of them, the oldest. */
function record(given: Partial<StageRecord> & { wrong?: number; seen?: number } = {}): StageRecord {
  const { wrong = 0, seen = 100, ...rest } = given;
  const recent = Array.from({ length: seen }, (_, index) => index >= wrong);
  return { ...KEY, stage: 2, ceiling: 5, judged: 2_000, judgedSince: 2_000, recent, changed: null, ...rest };
}

describe("the rule that nothing is said about", () => {
  it.each([
    ["96 of 100 right, 1,001 judged", record({ wrong: 4, judged: 1_001 }), 3],
    ["95 of 100 right is not above 0.95", record({ wrong: 5 }), null],
    ["1,000 judged are not more than 1,000", record({ judged: 1_000 }), null],
    ["85 of 100 right is not below 0.85", record({ wrong: 15 }), null],
    ["84 of 100 right", record({ wrong: 16 }), 1],
    ["84 of 100 right at stage 1", record({ wrong: 16, stage: 1 }), null],
    ["all right at the ceiling", record({ stage: 3, ceiling: 3 }), null],
    ["all right at stage 5", record({ stage: 5 }), null],
    ["all right, but 99 since the last move", record({ judgedSince: 99 }), null],
    ["all right, 100 since the last move", record({ judgedSince: 100 }), 3],
    ["all wrong, none since the last move", record({ wrong: 100, judgedSince: 0 }), null],
    ["16 wrong, 84 right since the last move", record({ wrong: 16, judgedSince: 84 }), null],
    [
      "16 wrong of 16, so that the window cannot come out right",
      record({ wrong: 16, seen: 16, judged: 16, judgedSince: 16 }),
      1,
    ],
    ["15 wrong of 15, so that it could", record({ wrong: 15, seen: 15, judged: 15, judgedSince: 15 }), null],
    ["nobody has judged", record({ seen: 0, judged: 0, judgedSince: 0 }), null],
  ])("%s", (_title, given, to) => {
    expect(nextStage(given, rollingAccuracy())?.to ?? null).toBe(to);
  });

  it("says why", () => {
    expect(nextStage(record({ wrong: 4 }), rollingAccuracy())).toEqual({
      from: 2,
      to: 3,
      because: "96 of the last 100 judged cases were right, 2000 were judged.",
    });
    expect(nextStage(record({ wrong: 20 }), rollingAccuracy())?.because).toBe(
      "20 of the last 100 judged cases were wrong.",
    );
  });

  it.each([
    { window: 0 },
    { window: 101 },
    { window: 1.5 },
    { promoteAbove: 1.1 },
    { demoteBelow: -0.1 },
    { demoteBelow: Number.NaN },
    { demoteBelow: 0.97 },
    { judgedOver: -1 },
    { judgedOver: Number.NaN },
  ])("is not made from %j", (options) => {
    expect(() => rollingAccuracy(options)).toThrow(expect.objectContaining({ code: "config_invalid" }));
  });
});

const anyStage = fc.constantFrom<Stage>(1, 2, 3, 4, 5);
const anyRule = fc
  .record({
    window: fc.integer({ min: 1, max: 100 }),
    shares: fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
    judgedOver: fc.integer({ min: 0, max: 300 }),
  })
  .map(({ window, shares: [a, b], judgedOver }) =>
    rollingAccuracy({ window, judgedOver, demoteBelow: Math.min(a, b), promoteAbove: Math.max(a, b) }),
  );
const anyRecord = fc
  .record({
    stage: anyStage,
    ceiling: anyStage,
    judgements: fc.array(fc.boolean(), { maxLength: 250 }),
    before: fc.nat({ max: 250 }),
  })
  .map(({ stage, ceiling, judgements, before }): StageRecord => {
    const judged = judgements.length;
    const place = { stage: Math.min(stage, ceiling) as Stage, ceiling: Math.max(stage, ceiling) as Stage };
    const recent = judgements.slice(-100);
    return { ...KEY, ...place, judged, judgedSince: Math.max(0, judged - before), recent, changed: null };
  });
const anythingSaid: fc.Arbitrary<StageRule> = fc
  .constantFrom("up", "down", null)
  .map((step) => () => (step === null ? null : { step, because: "Said." }));

describe("whatever the record", () => {
  test("any rule moves one step at most, between 1 and the ceiling", () => {
    fc.assert(
      fc.property(anyRecord, fc.oneof(anyRule, anythingSaid), (given, rule) => {
        const to = nextStage(given, rule)?.to ?? given.stage;
        expect(Math.abs(to - given.stage)).toBeLessThanOrEqual(1);
        expect(to).toBeGreaterThanOrEqual(1);
        expect(to).toBeLessThanOrEqual(Math.max(given.stage, given.ceiling));
      }),
    );
  });

  test("one case that was right instead of wrong never leads to a lower stage", () => {
    fc.assert(
      fc.property(anyRecord, anyRule, fc.nat(), (given, rule, pick) => {
        const at = given.recent.length === 0 ? 0 : pick % given.recent.length;
        const place = (isRight: boolean): number => {
          const recent = given.recent.map((right, index) => (index === at ? isRight : right));
          return nextStage({ ...given, recent }, rule)?.to ?? given.stage;
        };
        expect(place(true)).toBeGreaterThanOrEqual(place(false));
      }),
    );
  });

  test("right after a move nothing moves again", () => {
    fc.assert(
      fc.property(anyRecord, anyRule, (given, rule) => {
        const change = ruledChange(given, rule, { proposalId: "pr_1", at: "now" });
        if (change === null) return;
        const { stage, ceiling, judgedBefore } = change.to;
        const after = { ...given, stage, ceiling, judgedSince: given.judged - judgedBefore };
        expect(after.judgedSince).toBe(0);
        expect(nextStage(after, rule)).toBeNull();
      }),
    );
  });

  test("people get what they wish, up to the ceiling, and evidence begins anew only if the stage moved", () => {
    const wish = fc.record({ stage: anyStage, ceiling: anyStage }, { requiredKeys: [] });
    fc.assert(
      fc.property(anyRecord, wish, (given, { stage, ceiling }) => {
        const wished = {
          ...(stage === undefined ? {} : { stage }),
          ...(ceiling === undefined ? {} : { ceiling }),
          by: reviewer(),
          reason: "So.",
          at: "now",
        };
        const highest = ceiling ?? given.ceiling;
        if ((stage ?? 1) > highest) {
          expect(() => wishedChange(given, wished)).toThrow(expect.objectContaining({ code: "stage_invalid" }));
          return;
        }
        const to = wishedChange(given, wished)?.to ?? { ...given, judgedBefore: given.judged - given.judgedSince };
        expect(to.ceiling).toBe(highest);
        expect(to.stage).toBe(stage ?? Math.min(given.stage, highest));
        expect(to.judgedBefore).toBe(to.stage === given.stage ? given.judged - given.judgedSince : given.judged);
      }),
    );
  });
});

test("agents begin at stage 1, with nothing in their way", () => {
  expect(FIRST_STAGE).toEqual({ stage: 1, ceiling: 5, judgedBefore: 0 });
});
