import fc from "fast-check";
import { expect, test } from "vitest";
import { identifier } from "../../src/model/identifier.js";

test("the same parts give the same id, and it says what it names", () => {
  expect(identifier("proposal", ["t", "key", "k"])).toBe(identifier("proposal", ["t", "key", "k"]));
  expect(identifier("proposal", ["t"])).toMatch(/^pr_[0-9a-f]{32}$/);
  expect(identifier("review", ["t"])).toMatch(/^rv_/);
  expect(identifier("decision", ["t"])).toMatch(/^dc_/);
  expect(identifier("permit", ["t"])).toMatch(/^pm_/);
  expect(identifier("case", ["t"])).toMatch(/^au_/);
});

test("other parts give another id, however their texts are split or typed", () => {
  const parts = fc.array(fc.oneof(fc.string({ unit: "grapheme" }), fc.nat()), { maxLength: 4 });
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      expect(identifier("proposal", a) === identifier("proposal", b)).toBe(JSON.stringify(a) === JSON.stringify(b));
    }),
  );
  expect(identifier("proposal", ["a", "b"])).not.toBe(identifier("proposal", ["ab"]));
  expect(identifier("proposal", ["1"])).not.toBe(identifier("proposal", [1]));
});

test("things of different kinds never share an id's body", () => {
  const body = (kind: "proposal" | "review"): string => identifier(kind, ["x"]).slice(3);
  expect(body("proposal")).not.toBe(body("review"));
});
