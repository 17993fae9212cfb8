import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { PolicyInput } from "../../src/model/facts.js";
import { checkWithin, type PolicyFinding } from "../../src/policy/check.js";
import type { Policy } from "../../src/policy/policy.js";
import { tracePolicy } from "../../src/policy/trace.js";
import { arbitraryInput, arbitraryPolicy } from "./arbitrary-policy.js";
import { smallPolicy } from "./brute-force.js";
import { expectedRouting } from "./reference-interpreter.js";
import { unjudged } from "./unjudged.js";

const LIMITS = { steps: 200_000, findings: 50 };
const policies = fc.oneof(smallPolicy, arbitraryPolicy).map((source): Policy => ({ ...unjudged(source), version: 1 }));

function found(policy: Policy, kind: PolicyFinding["kind"]): readonly PolicyFinding[] {
  return checkWithin(policy, LIMITS).findings.filter((finding) => finding.kind === kind);
}

test("the example of a gap goes by the default", () => {
  let gaps = 0;
  fc.assert(
    fc.property(policies, (policy) => {
      for (const { example } of found(policy, "gap")) {
        const expected = expectedRouting(policy.source, example!);
        expect(expected).toMatchObject({ route: policy.source.default.route, rules: [], failedClosed: false });
        gaps += 1;
      }
    }),
    { numRuns: 500 },
  );
  expect(gaps).toBeGreaterThan(100);
});

test("the example of an overlap is matched by both rules, and the winner is the stricter one", () => {
  let overlaps = 0;
  fc.assert(
    fc.property(policies, (policy) => {
      for (const { rules, example } of found(policy, "overlap")) {
        const [winner, loser] = rules as [string, string];
        const both = policy.source.rules.filter(({ id }) => rules.includes(id));
        const alone = expectedRouting({ ...policy.source, rules: both }, example!);
        expect(alone.rules.toSorted()).toEqual([winner, loser].toSorted());
        expect(alone.route).toBe(both.find(({ id }) => id === winner)?.route);
        overlaps += 1;
      }
    }),
    { numRuns: 300 },
  );
  expect(overlaps).toBeGreaterThan(100);
});

/** Proposals whose facts are often thresholds, often missing and sometimes garbage; those of the small policies too. */
const inputs = fc.oneof(
  arbitraryInput,
  fc.record({
    action: fc.constantFrom("pay", "refund", "mail", "other"),
    agent: fc.constantFrom("bot", "other", "third"),
    facts: fc.record(
      {
        amount: fc.record({
          value: fc.constantFrom(0, 7, 10, 30, 50, 99, 10_000),
          currency: fc.constantFrom("USD", "EUR", "GBP"),
        }),
        confidence: fc.constantFrom(0, 0.2, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1),
        risk: fc.constantFrom(0, 0.3, 0.5, 0.7, 0.9, 1),
        tags: fc.subarray(["x", "y", "al", "bo", ""]),
        rating: fc.constantFrom(-1, 2, 3, 9),
        count: fc.constantFrom(-1, 0, 1, 2),
        vip: fc.boolean(),
        customer: fc.constantFrom("al", "bo", "cy"),
        fraudScore: fc.constantFrom(0, 0.3, 0.5, 0.9, 1),
        labels: fc.subarray(["al", "bo"]),
      },
      { requiredKeys: [] },
    ),
  }),
) as fc.Arbitrary<PolicyInput>;
// Drawn once and with a seed of their own: enough to try every policy with, and the same for all.
const THOUSAND = fc.sample(inputs, { numRuns: 1000, seed: 11 });

test("an unreachable rule decides none of a thousand proposals", () => {
  const seen = { contradictory: 0, overruled: 0 };
  fc.assert(
    fc.property(policies, (policy) => {
      const dead = found(policy, "unreachable");
      for (const { rules, example } of dead) {
        seen[example === null ? "contradictory" : "overruled"] += 1;
        const [id] = rules as [string];
        if (example !== null) {
          const result = tracePolicy(policy, example).rules.find((rule) => rule.id === id)?.result;
          expect(result).toBe("overruled");
        }
        const { route } = policy.source.rules.find((rule) => rule.id === id)!;
        const deciding = THOUSAND.filter((input) => {
          const routing = policy.evaluate(input);
          return routing.route === route && routing.rules.includes(id);
        });
        expect(deciding).toEqual([]);
      }
    }),
    { numRuns: 300 },
  );
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20);
});

test("a rule that is not told as unreachable decides some proposal of a small policy", () => {
  fc.assert(
    fc.property(smallPolicy, (source) => {
      // The proposals below are all at no time, and without a past.
      fc.pre(!/"(?:rate|cumulative|time|cel)":/.test(JSON.stringify(source)));
      const policy: Policy = { ...unjudged(source), version: 1 };
      const dead = new Set(found(policy, "unreachable").map(({ rules }) => rules[0]));
      const lax = policy.source.rules.filter(
        ({ id, route }) => !dead.has(id) && (route === "execute" || route === "flag"),
      );
      for (const { id, route } of lax) {
        const decides = THOUSAND_SMALL.some((input) => {
          const routing = policy.evaluate(input);
          return routing.route === route && routing.rules.includes(id);
        });
        expect(decides).toBe(true);
      }
    }),
    { numRuns: 100 },
  );
});

/** Every proposal that a small policy can tell from another one. */
const THOUSAND_SMALL: readonly PolicyInput[] = ["pay", "refund", "mail"].flatMap((action) =>
  ["USD", "EUR"].flatMap((currency) =>
    [0, 1, 2].flatMap((count) =>
      [false, true].flatMap((vip) =>
        [[], ["x"], ["y"], ["x", "y"]].flatMap((tags) =>
          [1, 0.9, 0.8, 0.7, 0.5, 0.2, 0].flatMap((confidence) =>
            [9, 3, 2, -1].flatMap((rating) =>
              [0, 10, 30, 50, 99].map((value) => ({
                action,
                agent: "bot",
                facts: { count, vip, tags, confidence, rating, amount: { value, currency } },
              })),
            ),
          ),
        ),
      ),
    ),
  ),
);
