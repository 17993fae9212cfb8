import { describe, expect, test } from "vitest";
import { Axis } from "../../src/policy/axis.js";
import type { ReadFact } from "../../src/policy/fact-row.js";
import { type Box, Effort, EVERYTHING, meet, meetAll, uncovered } from "../../src/policy/region.js";

const values = [0, 1, 2, 3].map((value): ReadFact => ({ kind: "number", value }));
const x = new Axis({ fact: "x" }, values, "up");
const y = new Axis({ fact: "y" }, values, "up");
const box = (...cells: [Axis, bigint][]): Box => new Map(cells);
const plenty = (): Effort => new Effort(1_000);

describe("what two boxes have in common", () => {
  test("is the cells of both, on every axis", () => {
    expect(meet(box([x, 0b0011n]), box([x, 0b0110n], [y, 0b1000n]), plenty())).toEqual(box([x, 0b0010n], [y, 0b1000n]));
  });

  test("is nothing where one axis keeps them apart", () => {
    expect(meet(box([x, 0b0011n], [y, 0b0001n]), box([x, 0b0001n], [y, 0b0010n]), plenty())).toBeUndefined();
  });

  test("is the very box that lies in the other one", () => {
    const inner = box([x, 0b0001n], [y, 0b0001n]);
    expect(meet(inner, box([x, 0b0011n]), plenty())).toBe(inner);
    expect(meet(inner, EVERYTHING, plenty())).toBe(inner);
  });
});

describe("what lies in one box of each list", () => {
  const [left, right, low] = [box([x, 0b0011n]), box([x, 0b1100n]), box([y, 0b0001n])];

  test("is everything for no list, and nothing if a list is empty", () => {
    expect(meetAll([], plenty())).toEqual([EVERYTHING]);
    expect(meetAll([[left], []], plenty())).toEqual([]);
  });

  test("leaves out what is kept apart, whatever comes after", () => {
    expect(meetAll([[left], [right]], plenty())).toEqual([]);
    expect(meetAll([[left, right], [left], [low]], plenty())).toEqual([box([x, 0b0011n], [y, 0b0001n])]);
  });

  test("leaves out what lies inside another one, in whatever order they come", () => {
    expect(
      meetAll(
        [
          [left, low],
          [low, left],
        ],
        plenty(),
      ),
    ).toEqual([left, low]);
    expect(
      meetAll(
        [
          [left, low],
          [left, low],
        ],
        plenty(),
      ),
    ).toEqual([left, low]);
  });

  test("is nothing once the work is too much", () => {
    const effort = new Effort(1);
    expect(
      meetAll(
        [
          [left, low],
          [low, left],
        ],
        effort,
      ),
    ).toEqual([]);
    expect(effort.exhausted).toBe(true);
  });
});

describe("what no cover covers", () => {
  test("is what is left of the box, in parts that do not overlap", () => {
    const parts = [...uncovered(box([x, 0b0111n]), [box([x, 0b0001n], [y, 0b0001n]), box([x, 0b0100n])], plenty())];
    expect(parts).toHaveLength(2);
    expect(parts).toContainEqual(box([x, 0b0010n]));
    expect(parts).toContainEqual(box([x, 0b0001n], [y, 0b1110n]));
  });

  test("is nothing under a cover of everything, and the box itself without a cover", () => {
    const one = box([x, 0b0111n]);
    expect([...uncovered(one, [EVERYTHING], plenty())]).toEqual([]);
    expect([...uncovered(one, [], plenty())]).toEqual([one]);
  });

  test("is not told once the work is too much", () => {
    const effort = new Effort(1);
    const covers = [box([x, 0b0001n]), box([x, 0b0010n]), box([x, 0b0100n])];
    expect([...uncovered(box([x, 0b1111n]), covers, effort)]).toEqual([]);
    expect(effort.exhausted).toBe(true);
  });
});
