import { expect, test } from "vitest";
import { changesBetween } from "../../src/model/changes.js";

test.each([
  [{ a: 1 }, { a: 1 }, []],
  [{ a: 1 }, { a: 2 }, [{ path: "a", before: 1, after: 2 }]],
  [{ a: 1 }, {}, [{ path: "a", before: 1 }]],
  [{}, { a: 1 }, [{ path: "a", after: 1 }]],
  [
    { a: { b: [1, 2] } },
    { a: { b: [1, 3, 4] } },
    [
      { path: "a.b.1", before: 2, after: 3 },
      { path: "a.b.2", after: 4 },
    ],
  ],
  [{ a: [] }, { a: {} }, [{ path: "a", before: [], after: {} }]],
  ["x", "y", [{ path: "", before: "x", after: "y" }]],
  [{ constructor: 1 }, {}, [{ path: "constructor", before: 1 }]],
])("from %j to %j: %j", (before, after, changes) => {
  expect(changesBetween(before, after)).toEqual(changes);
});

test("of two that differ everywhere only so many places are told", () => {
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`k${n}`, n]));
  expect(changesBetween(many, {})).toHaveLength(100);
});
