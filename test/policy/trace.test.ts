import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parsePolicy } from "../../src/policy/parse.js";
import { tracePolicy } from "../../src/policy/trace.js";
import { arbitraryGarbage, arbitraryInput, arbitraryPolicy, HOSTILE_INPUTS } from "./arbitrary-policy.js";
import { unjudged } from "./unjudged.js";

const desk = parsePolicy(`
facts: { customer: { type: string } }
rules:
  - { id: small, action: refund, when: { amount: { lte: 50 USD } }, route: execute }
  - { id: unsure, when: { confidence: { lt: 0.7 } }, route: review }
  - { id: robots, agent: [r2, d2], when: { risk: { gt: 0.5 } }, route: block }
  - { id: known, when: { customer: { in: [mallory, trudy] } }, route: block }
  - { id: all, route: flag }
default: { route: block }
`);

describe("a trace", () => {
  test("says of every rule what it had to do with the routing, and why", () => {
    const facts = { amount: { value: 75, currency: "USD" }, confidence: 0.62 };
    const { routing, rules } = tracePolicy(desk, { action: "refund", agent: "bot", facts });
    expect(routing).toEqual(desk.evaluate({ action: "refund", agent: "bot", facts }));
    expect(rules).toEqual([
      { id: "small", route: "execute", result: "unmatched", reasons: ["amount 75 USD is above 50 USD"] },
      { id: "unsure", route: "review", result: "decides", reasons: ["confidence 0.62 is below 0.7"] },
      {
        id: "robots",
        route: "block",
        result: "unmatched",
        reasons: ['it is about agent "r2" or "d2", not "bot"'],
      },
      { id: "known", route: "block", result: "unclear", reasons: ["customer is missing"] },
      { id: "all", route: "flag", result: "overruled", reasons: ["it has no condition"] },
    ]);
  });

  test("has nothing that decides where the routing failed closed, or the default applied", () => {
    const none = tracePolicy(desk, { action: "pay", agent: "r2", facts: {} });
    expect(none.routing).toMatchObject({ route: "review", failedClosed: true });
    expect(none.rules.map(({ result }) => result)).toEqual(["unmatched", "unclear", "unclear", "unclear", "overruled"]);
    const empty = parsePolicy("default: { route: suggest }");
    expect(tracePolicy(empty, { action: "pay", agent: "bot", facts: {} })).toMatchObject({
      routing: { route: "suggest", rules: [] },
      rules: [],
    });
  });

  test("agrees with the routing, whatever the policy and the proposal are", () => {
    const results = new Set<string>();
    fc.assert(
      fc.property(arbitraryPolicy, fc.oneof(arbitraryInput, arbitraryGarbage), (source, input) => {
        const policy = { ...unjudged(source), version: 1 };
        const { routing, rules } = tracePolicy(policy, input as never);
        expect(rules.map(({ id }) => id)).toEqual(policy.source.rules.map(({ id }) => id));
        const matched = rules.filter(({ result }) => result === "decides" || result === "overruled");
        const decide = rules.filter(({ result }) => result === "decides");
        if (routing.rules.length > 0) {
          expect(matched.map(({ id }) => id)).toEqual(routing.rules);
          expect(decide.map(({ route }) => route)).toContain(routing.route);
        } else expect(decide).toEqual([]);
        if (rules.some(({ result }) => result === "unclear")) expect(routing.failedClosed).toBe(true);
        for (const { reasons, result } of rules) {
          expect(reasons.length).toBeGreaterThan(0);
          results.add(result);
        }
      }),
      { numRuns: 500 },
    );
    expect([...results].toSorted()).toEqual(["decides", "overruled", "unclear", "unmatched"]);
  });

  test("of an input that throws when it is touched is a trace all the same", () => {
    for (const input of HOSTILE_INPUTS) expect(tracePolicy(desk, input as never).rules).toHaveLength(5);
  });
});
