import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { calibrate, logOddsOf, probabilityOf, type Outcome } from "../../../graphs/mail-moderation/calibration.js";

/** Outcomes at whole scores that come out true exactly as often as the log-odds 0.5 * score - 1 say. */
const outcomes: Outcome[] = Array.from({ length: 21 }, (_, index) => index - 10).flatMap((score) => {
  const positives = Math.round(1000 * probabilityOf(0.5 * score - 1));
  return Array.from({ length: 1000 }, (_, n) => ({ score, positive: n < positives }));
});

describe("calibrate", () => {
  it("finds the log-odds that outcomes follow", () => {
    const { slope, intercept } = calibrate(outcomes);
    expect(slope).toBeCloseTo(0.5, 2);
    expect(intercept).toBeCloseTo(-1, 1);
  });

  it("does not depend on the unit of the scores", () => {
    const fit = calibrate(outcomes);
    const scaled = calibrate(outcomes.map(({ score, positive }) => ({ score: score * 1000, positive })));
    expect(logOddsOf(scaled, 3000)).toBeCloseTo(logOddsOf(fit, 3), 4);
  });

  it("stays short of certainty where scores part the outcomes cleanly", () => {
    const line = calibrate([-3, -2, -1, 1, 2, 3].map((score) => ({ score, positive: score > 0 })));
    expect(probabilityOf(logOddsOf(line, 3))).toBeGreaterThan(0.7);
    expect(probabilityOf(logOddsOf(line, 3))).toBeLessThan(0.95);
  });

  it.each([
    ["no outcomes", [], 0.5],
    ["scores all alike", [true, true, true, false].map((positive) => ({ score: 2, positive })), 0.68],
    ["outcomes all alike", [1, 2, 3].map((score) => ({ score, positive: true })), 0.8],
  ])("falls back on how often it was so, given %s", (_, outcomes, expected) => {
    expect(probabilityOf(logOddsOf(calibrate(outcomes), 2))).toBeCloseTo(expected, 1);
  });

  it("always gives finite numbers, and probabilities from 0 to 1", () => {
    const outcome = fc.record({ score: fc.double({ min: -1e3, max: 1e3, noNaN: true }), positive: fc.boolean() });
    fc.assert(
      fc.property(fc.array(outcome, { maxLength: 30 }), (outcomes) => {
        const line = calibrate(outcomes);
        expect(line).toEqual({ slope: expect.any(Number), intercept: expect.any(Number) });
        for (const { score } of outcomes) {
          const probability = probabilityOf(logOddsOf(line, score));
          expect(probability).toBeGreaterThanOrEqual(0);
          expect(probability).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});
