import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { PolicyInput } from "../../src/model/facts.js";
import { AssentError } from "../../src/model/error.js";
import { counterexampleOf } from "../../src/policy/counterexample.js";
import { compilePolicy } from "../../src/policy/evaluate.js";
import { analyse, withoutCel } from "../../src/policy/monotonicity.js";
import { policy } from "../../src/policy/policy.js";
import { arbitraryInput, arbitraryPolicy } from "./arbitrary-policy.js";
import { hasDescent, isRiskier, isSmall, smallPolicy, strictness, strictnessOf } from "./brute-force.js";
import { unjudged } from "./unjudged.js";

/** How much work a policy is, and which proposals more risk routes laxer. */
function found(source: Parameters<typeof unjudged>[0]): unknown {
  const { source: document, evaluate } = unjudged(source);
  const { descents, steps } = analyse(document);
  const examples = descents.map((descent) => counterexampleOf(descent, document, evaluate));
  return {
    steps,
    examples: examples.map(({ safer, riskier }) => [safer, riskier].map(({ input, route }) => ({ input, route }))),
  };
}

/** Going through more would take too long. */
const MAX_GRID = 6_000;

test("a small policy is refused exactly if going through all proposals finds one that more risk routes laxer", () => {
  const seen = { kept: 0, broken: 0 };
  fc.assert(
    fc.property(smallPolicy, (source) => {
      const { source: document } = unjudged(source);
      fc.pre(isSmall(document, MAX_GRID));
      const isBroken = hasDescent(document);
      const { descents, unfinished } = analyse(document);
      expect(unfinished).toBeUndefined();
      expect(descents.length > 0).toBe(isBroken);
      seen[isBroken ? "broken" : "kept"] += 1;
    }),
    { numRuns: 200 },
  );
  // The generator has to reach both answers, or the comparison says little.
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20);
});

test("what is told is true: both proposals are routed as the message says, and the riskier one laxer", () => {
  let told = 0;
  fc.assert(
    fc.property(fc.oneof(smallPolicy, arbitraryPolicy), (source) => {
      // Where rules with CEL match nobody can tell, so what is told is true without them.
      const document = withoutCel(unjudged(source).source);
      const evaluate = compilePolicy(document, "");
      for (const descent of analyse(document).descents) {
        const { safer, riskier, differing, text } = counterexampleOf(descent, document, evaluate);
        expect(isRiskier(safer.input, riskier.input)).toBe(true);
        const [before, after] = [strictness(document, safer.input), strictness(document, riskier.input)];
        expect(before).toBe(strictnessOf(safer.route, safer.executes ? "execute" : "hold"));
        expect(after).toBe(strictnessOf(riskier.route, riskier.executes ? "execute" : "hold"));
        expect(after).toBeLessThan(before ?? -1);
        for (const { route, rule } of [safer, riskier]) {
          expect(text).toContain(`to ${route} by ${rule === undefined ? "the default" : `rule "${rule.id}"`}`);
          expect(rule?.route ?? document.default.route).toBe(route);
        }
        for (const { fact, risk } of differing)
          expect(text).toContain(`a ${risk === "down" ? "lower" : "higher"} ${fact}`);
        expect(differing.length).toBeGreaterThan(0);
        told += 1;
      }
    }),
    { numRuns: 500 },
  );
  expect(told).toBeGreaterThan(100);
});

const UP = ["risk", "fraudScore"] as const;

/** The proposal with some facts moved towards more risk. */
function riskierThan(input: PolicyInput, moves: readonly number[]): PolicyInput {
  const facts = { ...input.facts } as Record<string, unknown>;
  const [amount = 0, ...others] = moves;
  if (isReadable(facts.amount)) facts.amount = { ...facts.amount, value: facts.amount.value + amount };
  for (const [i, fact] of [...UP, "confidence"].entries()) {
    const value = facts[fact];
    const share = (others[i] ?? 0) / 100;
    if (typeof value !== "number" || !(value >= 0 && value <= 1)) continue;
    facts[fact] = fact === "confidence" ? value * (1 - share) : value + (1 - value) * share;
  }
  return { ...input, facts } as PolicyInput;
}

function isReadable(amount: unknown): amount is { value: number } {
  return typeof amount === "object" && amount !== null && "value" in amount && typeof amount.value === "number";
}

test("no policy that loads routes a riskier proposal laxer", () => {
  let compared = 0;
  const moves = fc.array(fc.constantFrom(0, 1, 30, 60, 100), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(arbitraryPolicy, fc.array(fc.tuple(arbitraryInput, moves), { maxLength: 20 }), (source, asked) => {
      // Of rules with CEL nobody can tell; they may not be laxer than the default, and no more is promised.
      const rules = source.rules.filter((rule) => !JSON.stringify(rule).includes('"cel"'));
      const loaded = loadedOrNot({ ...source, rules });
      for (const [input, by] of loaded === undefined ? [] : asked) {
        const [before, after] = [input, riskierThan(input, by)].map((one) => loaded?.evaluate(one));
        if (before?.failedClosed === true || after?.failedClosed === true) continue;
        const [strict, next] = [before, after].map((one) =>
          strictnessOf(one?.route ?? "execute", one?.requires?.otherwise),
        );
        expect(next).toBeGreaterThanOrEqual(strict ?? 0);
        compared += 1;
      }
    }),
    { numRuns: 500 },
  );
  expect(compared).toBeGreaterThan(100);
});

test("the order of the rules changes nothing about what is found", () => {
  fc.assert(
    fc.property(
      arbitraryPolicy.chain((source) =>
        fc.tuple(
          fc.constant(source),
          fc.shuffledSubarray([...source.rules], { minLength: source.rules.length, maxLength: source.rules.length }),
        ),
      ),
      ([source, rules]) => {
        expect(found({ ...source, rules })).toEqual(found(source));
      },
    ),
    { numRuns: 200 },
  );
});

test("with a rule that blocks everything every policy keeps the promise, if it can be told", () => {
  let told = 0;
  fc.assert(
    fc.property(arbitraryPolicy, (source) => {
      const known = source.rules.filter((rule) => !JSON.stringify(rule).includes('"cel"'));
      try {
        policy({ ...source, rules: [...known, { id: "freeze", route: "block" }] });
      } catch (error) {
        // What has too many combinations to go through is refused for that, and only for that.
        expect(String(error)).toContain("their tests have too many combinations");
        return;
      }
      told += 1;
    }),
    { numRuns: 200 },
  );
  expect(told).toBeGreaterThan(190);
});

function loadedOrNot(source: Parameters<typeof unjudged>[0]): ReturnType<typeof policy> | undefined {
  try {
    return policy(source);
  } catch (error) {
    if (AssentError.isInstance(error, "policy_invalid")) return undefined;
    throw error;
  }
}
