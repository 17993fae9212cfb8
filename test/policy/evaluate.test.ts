import { describe, expect, test } from "vitest";
import type { Facts } from "../../src/model/facts.js";
import { type Route, ROUTES, type Routing } from "../../src/model/routing.js";
import { parsePolicy } from "../../src/policy/parse.js";
import { policy } from "../../src/policy/policy.js";

/** A rule of a route, with what the route cannot do without. */
const rule = (route: Route): { id: string; route: Route; review?: { window: "PT30M" } } =>
  route === "veto" ? { id: route, route, review: { window: "PT30M" } } : { id: route, route };

const ask = (facts: object, action = "refund", agent = "bot"): { action: string; agent: string; facts: Facts } => ({
  action,
  agent,
  facts: facts as Facts,
});

describe("a mail policy with three bands of confidence", () => {
  const mail = parsePolicy(`
    rules:
      - { id: sure, when: { confidence: { gt: 0.9 } }, route: execute }
      - { id: fair, when: { confidence: { gte: 0.7, lte: 0.9 } }, route: flag }
      - { id: unsure, when: { confidence: { lt: 0.7 } }, route: review }
    default: { route: block }
  `);

  test.each([
    [1, "execute"],
    [0.9000001, "execute"],
    [0.9, "flag"],
    [0.8, "flag"],
    [0.7, "flag"],
    [0.6999999, "review"],
    [0, "review"],
  ] as const)("confidence %d is routed to %s", (confidence, route) => {
    const routing = mail.evaluate(ask({ confidence }));
    expect(routing.route).toBe(route);
    expect(routing.rules).toHaveLength(1);
    expect(routing).not.toHaveProperty("failedClosed");
  });

  test("a missing confidence is never sent unseen", () => {
    expect(mail.evaluate(ask({}))).toMatchObject({ route: "review", failedClosed: true });
  });
});

describe("which rules count", () => {
  test("the strictest route wins wherever it stands, and every match is listed in the policy's order", () => {
    for (const strictest of ROUTES) {
      const routes = ROUTES.slice(0, ROUTES.indexOf(strictest) + 1);
      for (const order of [routes, routes.toReversed()]) {
        const rules = order.map((route) => rule(route));
        const routing = policy({ rules, default: { route: "execute" } }).evaluate(ask({}));
        expect(routing).toMatchObject({ route: strictest, rules: order });
      }
    }
  });

  test("the default applies if nothing matches, and then no rule is listed", () => {
    const none = policy({ rules: [{ id: "a", action: "other", route: "block" }], default: { route: "flag" } });
    expect(none.evaluate(ask({}))).toEqual({
      route: "flag",
      rules: [],
      explanation: "No rule matches; the default is flag.",
      policyDigest: none.digest,
    } satisfies Routing);
  });

  test("a laxer match keeps a stricter default away", () => {
    const lax = policy({ rules: [{ id: "a", route: "execute" }], default: { route: "block" } });
    expect(lax.evaluate(ask({})).route).toBe("execute");
  });

  test("a rule speaks of the actions and agents it names only", () => {
    const some = policy({
      rules: [{ id: "a", action: ["refund", "pay"], agent: "bot", route: "block" }],
      default: { route: "execute" },
    });
    expect(some.evaluate(ask({}, "pay")).route).toBe("block");
    expect(some.evaluate(ask({}, "refund")).route).toBe("block");
    expect(some.evaluate(ask({}, "mail")).route).toBe("execute");
    expect(some.evaluate(ask({}, "pay", "other")).route).toBe("execute");
    expect(some.evaluate(ask({}, "constructor")).route).toBe("execute");
  });

  test("a policy of a default alone works", () => {
    expect(policy({ default: { route: "review" } }).evaluate(ask({})).route).toBe("review");
  });
});

describe("failing closed", () => {
  const harmless = { id: "harmless", when: { risk: { lt: 0.5 } }, route: "execute" } as const;

  test.each([
    ["execute", "review"],
    ["flag", "review"],
    ["veto", "review"],
    ["clarify", "review"],
    ["review", "review"],
    ["suggest", "suggest"],
    ["block", "block"],
  ] as const)("beside a match of route %s ends in %s", (route, expected) => {
    const both = policy({ rules: [harmless, { ...rule(route), id: "other" }], default: { route: "execute" } });
    const routing = both.evaluate(ask({}));
    expect(routing).toMatchObject({ route: expected, failedClosed: true });
    expect(routing.rules).toEqual(ROUTES.indexOf(route) < ROUTES.indexOf("review") ? [] : ["other"]);
    expect(routing.explanation).toContain("risk is missing");
  });

  test("does not come from a rule for another action or agent", () => {
    const other = policy({
      rules: [
        { ...harmless, id: "a", action: "mail" },
        { ...harmless, id: "b", agent: "other" },
      ],
      default: { route: "execute" },
    });
    expect(other.evaluate(ask({}))).toMatchObject({
      route: "execute",
      explanation: expect.stringContaining("default"),
    });
  });

  test("does not come from a fact that no rule reads, nor from one that the policy does not declare", () => {
    const one = policy({ rules: [harmless], default: { route: "review" } });
    const facts = { risk: 0.1, confidence: Number.NaN, amount: "much", undeclared: Number.NaN };
    expect(one.evaluate(ask(facts))).toEqual(one.evaluate(ask({ risk: 0.1 })));
    expect(one.evaluate(ask(facts)).route).toBe("execute");
  });

  test.each([
    [null, "its action is not a string"],
    ["refund", "its action is not a string"],
    [{ agent: "bot", facts: {} }, "its action is not a string"],
    [{ action: "refund", agent: 1, facts: {} }, "its agent is not a string"],
    [{ action: "refund", agent: "bot" }, "it has no facts"],
    [{ action: "refund", agent: "bot", facts: null }, "it has no facts"],
  ])("happens for the unreadable proposal %o", (input, doubt) => {
    const lax = policy({ rules: [{ id: "a", action: "refund", route: "flag" }], default: { route: "execute" } });
    const routing = lax.evaluate(input as never);
    expect(routing).toMatchObject({ route: "review", rules: [], failedClosed: true });
    expect(routing.explanation).toContain(`The proposal cannot be read, so it goes to review: ${doubt}`);
  });

  test("a rule about some actions or agents matches no proposal whose action or agent cannot be read", () => {
    const strict = policy({
      rules: [
        { id: "pays", action: "pay", route: "block" },
        { id: "bots", agent: "bot", route: "suggest" },
      ],
      default: { route: "execute" },
    });
    expect(strict.evaluate({ action: 1, agent: "bot", facts: {} } as never)).toMatchObject({
      route: "suggest",
      rules: ["bots"],
      failedClosed: true,
    });
    expect(strict.evaluate({ action: "pay", agent: null, facts: {} } as never)).toMatchObject({
      route: "block",
      rules: ["pays"],
      failedClosed: true,
    });
    expect(strict.evaluate({ facts: {} } as never)).toMatchObject({ route: "review", rules: [], failedClosed: true });
  });

  test("what throws when it is touched, and what is no plain object, is as unreadable", () => {
    const strict = policy({
      rules: [
        { id: "risky", when: { risk: { gt: 0.5 } }, route: "block" },
        { id: "others", when: { not: { action: { eq: "pay" } } }, route: "suggest" },
      ],
      default: { route: "execute" },
    });
    const proposal = { action: "pay", agent: "bot", facts: { risk: 0.9 } };
    const callable = (members: object): object => Object.assign(() => undefined, members);
    const throwing = {
      get action(): string {
        throw new TypeError("no");
      },
      agent: "bot",
      facts: {},
    };
    expect(strict.evaluate(proposal)).toMatchObject({ route: "block", rules: ["risky"] });
    for (const input of [
      throwing,
      callable(proposal),
      { ...proposal, action: 5, facts: {} },
      { ...proposal, facts: callable(proposal.facts) },
    ]) {
      expect(strict.evaluate(input as never)).toMatchObject({ route: "review", rules: [], failedClosed: true });
    }
  });

  test("an unreadable proposal is still blocked by a rule that blocks everything", () => {
    const strict = policy({ rules: [{ id: "freeze", route: "block" }], default: { route: "execute" } });
    expect(strict.evaluate(undefined as never)).toMatchObject({
      route: "block",
      rules: ["freeze"],
      failedClosed: true,
    });
  });
});

describe("names that objects have of themselves", () => {
  const names = parsePolicy(`
    facts: { constructor: { type: string }, toString: { type: number } }
    rules:
      - { id: __proto__, when: { constructor: { eq: x } }, route: block }
      - { id: toString, when: { toString: { gt: 1 } }, route: suggest }
    default: { route: execute }
  `);

  test("are ordinary facts and rule ids", () => {
    const facts = { constructor: "x", toString: 2 };
    expect(names.evaluate(ask(facts))).toMatchObject({ route: "block", rules: ["__proto__", "toString"] });
    expect(names.evaluate(ask({ constructor: "y", toString: 0 }))).toMatchObject({ route: "execute", rules: [] });
  });

  test("are missing where only a prototype has them", () => {
    expect(names.evaluate(ask({}))).toMatchObject({ route: "review", failedClosed: true });
    expect(names.evaluate(ask(JSON.parse('{"__proto__":{"constructor":"x","toString":2}}') as object))).toMatchObject({
      route: "review",
      failedClosed: true,
    });
  });
});
