import { describe, expect, test } from "vitest";
import { Axis, numberCells } from "../../src/policy/axis.js";
import type { ReadFact } from "../../src/policy/fact-row.js";

describe("the numbers that stand for the cells", () => {
  const EPSILON = Number.EPSILON;

  test.each<[string, number[], { min?: number; max?: number }, "up" | "down" | undefined, number[]]>([
    ["of a number that nothing is said of", [], {}, "up", [0]],
    ["are each threshold, and a cent above or below", [7], {}, "up", [6.99, 7, 7.01]],
    ["reach as far as the range does", [], { min: 0, max: 1 }, "up", [0, 0.01, 1]],
    ["lie near the end towards less risk", [], { min: 0, max: 1 }, "down", [0, 0.99, 1]],
    ["lie near the only end there is", [7], { min: 7 }, "down", [7, 7.01]],
    ["are as fine as a gap asks for", [0.5, 0.51], { min: 0.5, max: 0.51 }, "up", [0.5, 0.501, 0.51]],
    ["are as fine from the other end", [0.5, 0.51], { min: 0.5, max: 0.51 }, "down", [0.5, 0.509, 0.51]],
    ["are finer still where they have to be", [], { min: 0.5, max: 0.501 }, undefined, [0.5, 0.5001, 0.501]],
    [
      "are any number there is in a very small gap",
      [],
      { min: 1, max: 1 + 4 * EPSILON },
      "up",
      [1, 1 + 2 * EPSILON, 1 + 4 * EPSILON],
    ],
    ["leave out a gap without a number, from an even one", [], { min: 1, max: 1 + EPSILON }, "up", [1, 1 + EPSILON]],
    [
      "leave it out from an odd one too",
      [],
      { min: 1 + EPSILON, max: 1 + 2 * EPSILON },
      "up",
      [1 + EPSILON, 1 + 2 * EPSILON],
    ],
  ])("%s", (_, thresholds, range, risk, cells) => {
    expect(numberCells(thresholds, range, risk)).toEqual(cells);
  });

  test.each([1e300, -1e300])("lie on both sides of %d, where no cent counts", (threshold) => {
    const [below, at, above, ...more] = numberCells([threshold], {}, "up");
    expect(at).toBe(threshold);
    expect(below).toBeLessThan(threshold);
    expect(above).toBeGreaterThan(threshold);
    expect([below, above].every(Number.isFinite)).toBe(true);
    expect(more).toEqual([]);
  });
});

describe("the cells on the riskier and the safer side", () => {
  const numbers = [1, 2, 3, 4].map((value): ReadFact => ({ kind: "number", value }));

  test.each(["up", "down"] as const)("begin and end with those that are asked about (risk %s)", (risk) => {
    const axis = new Axis({ fact: "x" }, numbers, risk);
    expect(axis.values[0]).toEqual(numbers[risk === "up" ? 0 : 3]);
    expect([axis.riskier(0b0100n), axis.safer(0b0100n)]).toEqual([0b1100n, 0b0111n]);
    expect([axis.riskier(0b0110n), axis.safer(0b0110n)]).toEqual([0b1110n, 0b0111n]);
  });

  test("of no cell are none", () => {
    const axis = new Axis({ fact: "x" }, numbers, "up");
    expect([axis.riskier(0n), axis.safer(0n)]).toEqual([0n, 0n]);
  });

  test("are the cells themselves where no value is riskier than another", () => {
    const axis = new Axis({ fact: "x" }, numbers);
    expect([axis.riskier(0b0100n), axis.safer(0b0100n)]).toEqual([0b0100n, 0b0100n]);
  });
});
