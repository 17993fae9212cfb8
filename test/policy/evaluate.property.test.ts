import * as fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { canonicalJson } from "../../src/model/canonical-json.js";
import { AssentError } from "../../src/model/error.js";
import { ROUTES, Routing } from "../../src/model/routing.js";
import { visibleText } from "../../src/model/visible-text.js";
import { parsePolicy } from "../../src/policy/parse.js";
import { policy } from "../../src/policy/policy.js";
import { arbitraryGarbage, arbitraryInput, arbitraryPolicy, HOSTILE_INPUTS } from "./arbitrary-policy.js";
import { expectedRouting } from "./reference-interpreter.js";
import { plainRequirement } from "./reference-requirement.js";
import { unjudged } from "./unjudged.js";

const RUNS = { numRuns: 1000 };

/** What a routing must be whatever it was made of: storable, and a sentence that hides nothing. */
function isWellFormed(routing: Routing): boolean {
  const { explanation } = routing;
  return (
    Routing.safeParse(routing).success &&
    JSON.parse(canonicalJson(routing)) !== null &&
    /^[A-Z].*\.$/.test(explanation) &&
    visibleText(explanation) === explanation &&
    explanation.length < 3000
  );
}

test("every input gets a routing that can be stored and shown, and none throws", () => {
  fc.assert(
    fc.property(arbitraryPolicy, fc.oneof(arbitraryInput, arbitraryGarbage), (source, input) => {
      expect(unjudged(source).evaluate(input as never)).toSatisfy(isWellFormed);
    }),
    RUNS,
  );
});

test("neither does an input that throws when it is touched", () => {
  fc.assert(
    fc.property(arbitraryPolicy, (source) => {
      const loaded = unjudged(source);
      for (const input of HOSTILE_INPUTS) expect(loaded.evaluate(input as never)).toSatisfy(isWellFormed);
    }),
    { numRuns: 50 },
  );
});

test("an unreadable proposal is never sent unseen", () => {
  fc.assert(
    fc.property(arbitraryPolicy, arbitraryGarbage, (source, input) => {
      const { action, facts } = (Object(input) as { action?: unknown; facts?: unknown }) ?? {};
      fc.pre(typeof action !== "string" || typeof facts !== "object");
      const { route, failedClosed } = unjudged(source).evaluate(input as never);
      expect(failedClosed).toBe(true);
      expect(ROUTES.indexOf(route)).toBeGreaterThanOrEqual(ROUTES.indexOf("review"));
    }),
    RUNS,
  );
});

test("route, matching rules, failing closed and what is asked of people are those of the plain reading", () => {
  const seen = { failedClosed: 0, default: 0, matched: 0, asking: 0 };
  fc.assert(
    fc.property(arbitraryPolicy, arbitraryInput, (source, input) => {
      const loaded = unjudged(source);
      const { route, rules, failedClosed = false, requires } = loaded.evaluate(input);
      const expected = expectedRouting(loaded.source, input);
      const asked = requires && plainRequirement(requires);
      expect({ route, rules, failedClosed, requires: asked }).toEqual(expected);
      if (asked !== undefined) seen.asking += 1;
      seen[expected.failedClosed ? "failedClosed" : rules.length > 0 ? "matched" : "default"] += 1;
    }),
    RUNS,
  );
  // The generators have to reach every kind of answer, or the comparison says little.
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(RUNS.numRuns / 20);
});

test("the order of rules changes neither the route, nor who matched, nor what is asked of people", () => {
  fc.assert(
    fc.property(
      arbitraryPolicy.chain((source) =>
        fc.tuple(
          fc.constant(source),
          fc.shuffledSubarray([...source.rules], { minLength: source.rules.length, maxLength: source.rules.length }),
        ),
      ),
      arbitraryInput,
      ([source, shuffled], input) => {
        const one = unjudged(source).evaluate(input);
        const other = unjudged({ ...source, rules: shuffled }).evaluate(input);
        expect(other).toMatchObject({ route: one.route });
        expect(other.failedClosed).toBe(one.failedClosed);
        expect(other.rules.toSorted()).toEqual(one.rules.toSorted());
        expect(other.requires).toEqual(one.requires);
        expect(other.history).toEqual(one.history);
      },
    ),
    RUNS,
  );
});

test("the default counts only if nothing matches and nothing failed", () => {
  fc.assert(
    fc.property(arbitraryPolicy, arbitraryInput, (source, input) => {
      const routes = (["execute", "block"] as const).map((route) =>
        unjudged({ ...source, default: { route } }).evaluate(input),
      );
      const [lax, strict] = routes;
      const decided = lax?.failedClosed === true || (lax?.rules.length ?? 0) > 0;
      expect(lax?.route === strict?.route).toBe(decided);
      expect(lax?.rules).toEqual(strict?.rules);
    }),
    RUNS,
  );
});

test("what could not be evaluated never executes by itself", () => {
  fc.assert(
    fc.property(arbitraryPolicy, fc.oneof(arbitraryInput, arbitraryGarbage), (source, input) => {
      const { failedClosed, requires, sample } = unjudged(source).evaluate(input as never);
      if (failedClosed !== true) return;
      expect(requires?.otherwise).not.toBe("execute");
      expect(sample).toBeUndefined();
    }),
    RUNS,
  );
});

test("adding a rule never makes the route laxer than the matching rules had it", () => {
  fc.assert(
    fc.property(arbitraryPolicy, arbitraryInput, (source, input) => {
      const before = unjudged({ ...source, rules: source.rules.slice(1) }).evaluate(input);
      const after = unjudged(source).evaluate(input);
      if (before.rules.length === 0 && before.failedClosed !== true) return;
      expect(ROUTES.indexOf(after.route)).toBeGreaterThanOrEqual(ROUTES.indexOf(before.route));
    }),
    RUNS,
  );
});

test("a fact that the policy does not declare changes nothing", () => {
  fc.assert(
    fc.property(arbitraryPolicy, arbitraryInput, fc.anything(), (source, input, value) => {
      const loaded = unjudged(source);
      const other = { ...input, facts: { ...input.facts, undeclared: value } } as typeof input;
      expect(loaded.evaluate(other)).toEqual(loaded.evaluate(input));
    }),
    { numRuns: 500 },
  );
});

test("a policy written as YAML or JSON, or stored and loaded again, is the same policy", () => {
  fc.assert(
    fc.property(arbitraryPolicy, arbitraryInput, (source, input) => {
      const read = unjudged(source);
      const texts = [stringify(source, { aliasDuplicateObjects: false }), JSON.stringify(source, undefined, "\t")];
      const loads = [() => policy(source), () => policy(read.source), ...texts.map((text) => () => parsePolicy(text))];
      // Those that may route more risk laxer are refused in every form alike.
      const isRefused = refusal(() => policy(source)) === "AssentError policy_invalid";
      for (const load of loads) {
        if (isRefused) {
          expect(refusal(load)).toBe("AssentError policy_invalid");
          continue;
        }
        const loaded = load();
        expect(loaded.digest).toBe(read.digest);
        expect(loaded.source).toEqual(read.source);
        expect(loaded.evaluate(input)).toEqual(read.evaluate(input));
      }
    }),
    { numRuns: 300 },
  );
});

test("loading garbage ends in a policy or in one of our errors", () => {
  fc.assert(
    fc.property(fc.oneof(fc.anything({ withBigInt: true, withMap: true }), arbitraryGarbage), (source) => {
      expect(refusal(() => policy(source as never))).toMatch(/^AssentError policy_/);
    }),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: "binary" }),
        fc.string({
          unit: fc.constantFrom("{", "}", "[", "]", ":", " ", "\n", "-", "&a", "*a", "!x", "?", "<<", '"', "#"),
        }),
        fc.json(),
      ),
      (text) => {
        expect(refusal(() => parsePolicy(text))).toMatch(/^AssentError policy_/);
      },
    ),
    { numRuns: 1000 },
  );
});

/** The name and code of what loading threw; that of a policy error if it threw nothing. */
function refusal(load: () => unknown): string {
  try {
    load();
    return "AssentError policy_none";
  } catch (error) {
    return AssentError.isInstance(error) ? `AssentError ${error.code}` : String(error);
  }
}
