import { expect, test } from "vitest";
import { parse } from "yaml";
import { counterexampleOf } from "../../src/policy/counterexample.js";
import { analyse } from "../../src/policy/monotonicity.js";
import type { PolicySource } from "../../src/policy/source.js";
import { unjudged } from "./unjudged.js";

const FACTS =
  "facts: { debt: { type: number, risk: up }, rating: { type: number, risk: down }, count: { type: number }, " +
  "vip: { type: boolean }, who: { type: string }, labels: { type: tags } }";

/** The counterexamples of a policy with these rules. */
function examples(fallback: string, ...rules: string[]): unknown[] {
  const text = `${FACTS}\nrules:\n${rules.map((rule) => `  - ${rule}\n`).join("")}default: { route: ${fallback} }`;
  const { source, evaluate } = unjudged(parse(text) as PolicySource);
  return analyse(source).descents.map((descent) => {
    const { safer, riskier, differing, shared } = counterexampleOf(descent, source, evaluate);
    const [from, to] = [safer, riskier].map(({ input, route, rule }) => ({ input, route, rule: rule?.id }));
    const names = (axes: typeof differing): string[] => axes.map(({ fact, tag }) => tag ?? fact);
    return { from, to, differing: names(differing), shared: names(shared) };
  });
}

/** A proposal as it is told, by anybody and for any action unless said. */
const proposal = (facts: object, route: string, rule?: string, names: object = {}): object => ({
  input: { action: "any", agent: "any", facts, ...names },
  route,
  rule,
});
const usd = (value: number): object => ({ amount: { value, currency: "USD" } });

test("two proposals differ in one fact, and agree in everything that the rule asks for", () => {
  const others = { labels: ["x", "y"], tags: ["late"], vip: true };
  const names = { action: "pay", agent: "bot" };
  expect(
    examples(
      "execute",
      "{ id: a, action: [pay, refund], agent: bot, when: { amount: { lt: 50 USD }, tags: { has: late }, labels: { has: [x, y] }, vip: { eq: true } }, route: review }",
    ),
  ).toEqual([
    {
      from: proposal({ ...others, ...usd(0.01) }, "review", "a", names),
      to: proposal({ ...others, ...usd(50) }, "execute", undefined, names),
      differing: ["amount"],
      shared: ["x", "y", "late", "action", "agent", "vip"],
    },
  ]);
});

test.each([
  [
    "of two facts that may rise only one does",
    "execute",
    ["{ id: a, when: { risk: { lt: 0.5 }, novelty: { lt: 0.5 } }, route: review }"],
    [
      {
        from: proposal({ novelty: 0.01, risk: 0.01 }, "review", "a"),
        to: proposal({ novelty: 0.01, risk: 0.5 }, "execute"),
        differing: ["risk"],
        shared: ["novelty"],
      },
    ],
  ],
  [
    "facts on which a laxer rule has no upper end are as risky as can be",
    "review",
    ["{ id: a, when: { risk: { gt: 0.5 }, novelty: { gt: 0.5 }, confidence: { lt: 0.5 } }, route: execute }"],
    [
      {
        from: proposal({ confidence: 0, novelty: 1, risk: 0.5 }, "review"),
        to: proposal({ confidence: 0, novelty: 1, risk: 0.51 }, "execute", "a"),
        differing: ["risk"],
        shared: ["confidence", "novelty"],
      },
    ],
  ],
  [
    "a lower rating is the riskier one, and a count has no direction",
    "review",
    ["{ id: a, when: { rating: { lt: 3 }, count: { gt: 2 }, who: { in: [other, other-2] } }, route: execute }"],
    [
      {
        from: proposal({ count: 2.01, rating: 3, who: "other" }, "review"),
        to: proposal({ count: 2.01, rating: 2.99, who: "other" }, "execute", "a"),
        differing: ["rating"],
        shared: ["count", "who"],
      },
    ],
  ],
  [
    "a name that no rule has is none of those that one has",
    "review",
    ["{ id: a, when: { rating: { lt: 3 }, not: { who: { in: [other, other-2] } } }, route: execute }"],
    [
      {
        from: proposal({ rating: 3, who: "other-3" }, "review"),
        to: proposal({ rating: 2.99, who: "other-3" }, "execute", "a"),
        differing: ["rating"],
        shared: ["who"],
      },
    ],
  ],
  [
    "what was decided by the laxer of two rules is told with that rule",
    "block",
    ["{ id: a, when: { amount: { gt: 10 USD, lt: 20 USD } }, route: suggest }", "{ id: b, route: flag }"],
    [
      {
        from: proposal(usd(10.01), "suggest", "a"),
        to: proposal(usd(20), "flag", "b"),
        differing: ["amount"],
        shared: [],
      },
    ],
  ],
  [
    "amounts that leave a rule for another currency open are no counterexample",
    "block",
    [
      "{ id: a, when: { any: [{ amount: { gt: 10 USD, lt: 20 USD } }, { amount: { gt: 5 EUR, lt: 9 EUR } }] }, route: suggest }",
      "{ id: b, route: flag }",
    ],
    [],
  ],
  [
    "each rule that is laxer than the default has its own",
    "review",
    ["{ id: a, when: { risk: { gt: 0.5 } }, route: flag }", "{ id: b, when: { risk: { gt: 0.7 } }, route: execute }"],
    [
      {
        from: proposal({ risk: 0.5 }, "review"),
        to: proposal({ risk: 0.51 }, "flag", "a"),
        differing: ["risk"],
        shared: [],
      },
      {
        from: proposal({ risk: 0.5 }, "review"),
        to: proposal({ risk: 0.71 }, "flag", "a"),
        differing: ["risk"],
        shared: [],
      },
    ],
  ],
  [
    "where rules overlap, the strictest one says what happens",
    "execute",
    [
      "{ id: a, when: { any: [{ risk: { lt: 0.2 } }, { risk: { gt: 0.4, lt: 0.5 } }] }, route: flag }",
      "{ id: b, when: { risk: { gt: 0.1, lt: 0.3 } }, route: review }",
    ],
    [
      {
        from: proposal({ risk: 0.21 }, "review", "b"),
        to: proposal({ risk: 0.3 }, "execute"),
        differing: ["risk"],
        shared: [],
      },
      {
        from: proposal({ risk: 0.11 }, "review", "b"),
        to: proposal({ risk: 0.3 }, "execute"),
        differing: ["risk"],
        shared: [],
      },
    ],
  ],
  [
    "what `not`, `all` and `any` say together is met on both sides",
    "review",
    [
      "{ id: a, when: { not: { all: [{ risk: { lt: 0.5 } }, { any: [{ vip: { eq: true } }, { count: { in: [3, 4] } }] }] } }, route: flag }",
    ],
    [
      {
        from: proposal({ count: 3, risk: 0.01, vip: false }, "review"),
        to: proposal({ count: 3, risk: 0.5, vip: false }, "flag", "a"),
        differing: ["risk"],
        shared: ["count", "vip"],
      },
    ],
  ],
])("%s", (_, fallback, rules, found) => {
  expect(examples(fallback, ...rules)).toEqual(found);
});

test("what a deciding rule asks for is told, also where the proposals need not agree in it", () => {
  expect(
    examples(
      "execute",
      "{ id: a, when: { any: [{ risk: { lt: 0.5 } }, { vip: { eq: true } }, { tags: { has: late } }] }, route: flag }",
    ),
  ).toEqual([
    {
      from: proposal({ risk: 0.01, tags: [], vip: false }, "flag", "a"),
      to: proposal({ risk: 0.5, tags: [], vip: false }, "execute"),
      differing: ["risk"],
      shared: ["late", "vip"],
    },
  ]);
});

test("where two facts have to rise, the step that makes the route laxer is told", () => {
  expect(
    examples(
      "execute",
      "{ id: a, when: { risk: { lt: 0.5 }, novelty: { lt: 0.5 } }, route: flag }",
      "{ id: b, when: { risk: { gte: 0.5 }, novelty: { lt: 0.5 } }, route: flag }",
      "{ id: c, when: { risk: { lt: 0.5 }, novelty: { gte: 0.5 } }, route: flag }",
    ).at(0),
  ).toEqual({
    from: proposal({ novelty: 0.5, risk: 0.01 }, "flag", "c"),
    to: proposal({ novelty: 0.5, risk: 0.5 }, "execute"),
    differing: ["risk"],
    shared: ["novelty"],
  });
});

test("a step over proposals that cannot be evaluated is told as one", () => {
  expect(
    examples(
      "execute",
      "{ id: a, when: { risk: { lt: 0.5 }, novelty: { lt: 0.5 } }, route: block }",
      "{ id: b, when: { risk: { gte: 0.5 }, novelty: { lt: 0.5 } }, route: block }",
      "{ id: euros, when: { risk: { lt: 0.5 }, novelty: { gte: 0.5 }, amount: { gt: 5 EUR } }, route: flag }",
      "{ id: dollars, when: { amount: { gt: 1000000 USD } }, route: block }",
    ).at(0),
  ).toEqual({
    from: proposal({ novelty: 0.01, risk: 0.01, ...usd(1_000_000) }, "block", "a"),
    to: proposal({ novelty: 0.5, risk: 0.5, ...usd(1_000_000) }, "execute"),
    differing: ["novelty", "risk"],
    shared: ["amount"],
  });
});
