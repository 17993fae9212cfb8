import fc from "fast-check";
import { expect, test } from "vitest";
import { ROUTES, isAutomatic, stricter } from "../../src/model/routing.js";

test("routes stand from laxest to strictest", () => {
  expect(ROUTES).toEqual(["execute", "flag", "veto", "clarify", "review", "suggest", "block"]);
});

test("only execute and flag let the agent act unasked", () => {
  expect(ROUTES.filter((route) => isAutomatic(route))).toEqual(["execute", "flag"]);
});

test("of several routes the strictest wins, in whatever order they come", () => {
  const route = fc.constantFrom(...ROUTES);
  fc.assert(
    fc.property(route, route, route, (a, b, c) => {
      expect(stricter(a, b)).toBe(stricter(b, a));
      expect(stricter(stricter(a, b), c)).toBe(stricter(a, stricter(b, c)));
      expect(ROUTES.indexOf(stricter(a, b))).toBe(Math.max(ROUTES.indexOf(a), ROUTES.indexOf(b)));
    }),
  );
});
