import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { AssentError } from "../../src/model/error.js";
import { analyse } from "../../src/policy/monotonicity.js";
import { parsePolicy } from "../../src/policy/parse.js";
import { policy } from "../../src/policy/policy.js";
import type { PolicySource } from "../../src/policy/source.js";
import { unjudged } from "./unjudged.js";

/** The lines that are told about a policy, without the head line; none if it loads. */
function told(text: string): string[] {
  try {
    parsePolicy(text, { file: "p.yaml" });
    return [];
  } catch (error) {
    if (!AssentError.isInstance(error, "policy_invalid")) throw error;
    const [, ...lines] = error.message.split("\n  p.yaml:");
    return lines;
  }
}

/** A policy with these rules, the first of which stands in line 2. */
const rules = (fallback: string, ...list: string[]): string =>
  `rules:\n${list.map((rule) => `  - ${rule}\n`).join("")}default: { route: ${fallback} }
facts: { debt: { type: number, risk: up }, rating: { type: number, risk: down }, count: { type: number }, vip: { type: boolean }, who: { type: string } }`;

describe("a policy that may route more risk laxer is told with its two rules and two proposals", () => {
  test.each([
    [
      "a rule ends and a laxer one goes on",
      rules(
        "block",
        "{ id: cheap, action: pay, route: execute }",
        "{ id: middle, action: pay, when: { confidence: { gte: 0.7 } }, route: flag }",
      ),
      '3:5 $.rules[1]: expected a lower confidence never to be routed laxer; seen confidence 0.7 routed to flag by rule "middle" ' +
        'but confidence 0.69 to execute by rule "cheap", both with action "pay": let rule "middle" match there too, or ' +
        "write another rule that routes it no laxer than flag",
    ],
    [
      "a rule ends and the default is laxer",
      rules("flag", "{ id: middle, when: { amount: { gt: 10 USD, lt: 50 USD } }, route: suggest }"),
      '2:5 $.rules[0]: expected a higher amount never to be routed laxer; seen amount 10.01 USD routed to suggest by rule "middle" ' +
        'but amount 50 USD to flag by the default: let rule "middle" match there too, or write another rule that routes it ' +
        "no laxer than suggest",
    ],
    [
      "a rule laxer than the default begins",
      rules("review", "{ id: large, when: { amount: { gt: 100 USD } }, route: execute }"),
      "2:5 $.rules[0]: expected a higher amount never to be routed laxer; seen amount 100 USD routed to review by the default " +
        'but amount 100.01 USD to execute by rule "large": give rule "large" a route no laxer than review',
    ],
    [
      "risk",
      rules("execute", "{ id: a, when: { risk: { lt: 0.5 } }, route: flag }"),
      '2:5 $.rules[0]: expected a higher risk never to be routed laxer; seen risk 0.01 routed to flag by rule "a" but risk 0.5 ' +
        'to execute by the default: let rule "a" match there too, or write another rule that routes it no laxer than flag',
    ],
    [
      "novelty",
      rules("execute", "{ id: a, when: { novelty: { eq: 0 } }, route: block }"),
      '2:5 $.rules[0]: expected a higher novelty never to be routed laxer; seen novelty 0 routed to block by rule "a" but novelty 0.01 ' +
        'to execute by the default: let rule "a" match there too, or write another rule that routes it no laxer than block',
    ],
    [
      "a declared number that is riskier when it is higher",
      rules("review", "{ id: a, when: { debt: { gte: -1 }, vip: { eq: true }, count: { lt: 2 } }, route: flag }"),
      "2:5 $.rules[0]: expected a higher debt never to be routed laxer; seen debt -1.01 routed to review by the default but debt -1 " +
        'to flag by rule "a", both with count 1.99 and vip true: give rule "a" a route no laxer than review',
    ],
    [
      "a declared number that is riskier when it is lower",
      rules("review", '{ id: a, when: { rating: { lte: 3 }, not: { who: { eq: "al" } } }, route: execute }'),
      "2:5 $.rules[0]: expected a lower rating never to be routed laxer; seen rating 3.01 routed to review by the default but rating 3 " +
        'to execute by rule "a", both with who "other": give rule "a" a route no laxer than review',
    ],
    [
      "tags",
      rules(
        "review",
        "{ id: a, when: { tags: { has: [x, y] }, not: { tags: { has: z } }, risk: { gt: 0.2 } }, route: flag }",
      ),
      "2:5 $.rules[0]: expected a higher risk never to be routed laxer; seen risk 0.2 routed to review by the default but risk 0.21 " +
        'to flag by rule "a", both with "x" among tags, "y" among tags and "z" not among tags: give rule "a" a route no laxer than review',
    ],
  ])("%s", (_, text, line) => {
    expect(told(text)).toEqual([line]);
  });

  test("in every place at once, beside what else is wrong with the policy", () => {
    const text = rules(
      "review",
      "{ id: a, when: { amount: { gt: 100 USD } }, route: execute }",
      "{ id: b, when: { confidence: { lt: 0.7 } }, route: execute }",
      "{ id: c, when: { risk: { lt: 0.1 } }, route: block }",
    );
    expect(told(`${text}\nversion: zero\nsampel: {}`)).toEqual([
      expect.stringMatching(
        /^2:5 .* amount 100 USD routed to review by the default but amount 100.01 USD to execute by rule "a"/,
      ),
      expect.stringMatching(
        /^3:5 .* confidence 0.7 routed to review by the default but confidence 0.69 to execute by rule "b"/,
      ),
      expect.stringMatching(
        /^4:5 .* risk 0.01 routed to block by rule "c" but risk 0.1 to review by the default: let rule "c"/,
      ),
      '7:10 $.version: expected a whole number from 1; seen "zero"',
      "8:1 $.sampel: expected a key of the policy (version, facts, rules, default, sample, timeZone); seen `sampel`: did you mean `sample`?",
    ]);
  });

  test("but not before its rules, facts and default can be read, since any of them may be the missing one", () => {
    const broken = rules("review", "{ id: a, when: { amount: { gt: 100 USD } }, route: execute }");
    for (const slip of [
      (text: string) => text.replace("facts: {", "facts: { extra: { type: strng },"),
      (text: string) => text.replace("rules:", "rules:\n  - { id: b, rout: block }"),
      (text: string) => text.replace("route: review", "route: reveiw"),
    ]) {
      expect(told(slip(broken)).join()).not.toContain("laxer");
    }
    expect(told(broken).join()).toContain("laxer");
  });

  test("at the JSON path where it was made in TypeScript", () => {
    const source = {
      rules: [{ id: "a", when: { risk: { gt: 0.5 } }, route: "flag" }],
      default: { route: "review" },
    } as const;
    expect(() => policy(source)).toThrow(
      "1 problem:\n  $.rules[0]: expected a higher risk never to be routed laxer; seen risk 0.5",
    );
  });

  test("by all facts that its two rules read, whatever else there is", () => {
    const text = rules(
      "execute",
      "{ id: a, action: [pay, refund], when: { risk: { lt: 0.5 } }, route: block }",
      "{ id: b, agent: bot, when: { any: [{ count: { in: [1] } }, { vip: { eq: true } }], tags: { has: late } }, route: review }",
    );
    expect(told(text)).toEqual([
      '2:5 $.rules[0]: expected a higher risk never to be routed laxer; seen risk 0.01 routed to block by rule "a" but risk 0.5 ' +
        'to execute by the default, both with action "pay": let rule "a" match there too, or write another rule that routes ' +
        "it no laxer than block",
    ]);
  });
});

describe("a review that executes when nobody decides", () => {
  const executing = "route: review, review: { within: PT1H, otherwise: execute }";
  const large = (terms: string): string => `{ id: large, when: { amount: { gte: 50 USD } }, ${terms} }`;
  const middle = (terms: string): string => `{ id: middle, when: { amount: { gte: 10 USD, lt: 50 USD } }, ${terms} }`;

  test("is laxer than one that does not", () => {
    expect(told(rules("execute", middle("route: review"), large(executing)))).toEqual([
      '2:5 $.rules[0]: expected a higher amount never to be routed laxer; seen amount 10.01 USD routed to review by rule "middle" but ' +
        'amount 50 USD to review by rule "large" (executed if nobody decides): let rule "large" do something else than execute if nobody decides',
    ]);
    expect(told(rules("review", large(executing))).join()).toContain('by rule "large" (executed if nobody decides)');
  });

  test("is stricter than a question, and than itself with a rule that holds beside it", () => {
    expect(told(rules("execute", middle("route: clarify"), large(executing)))).toEqual([]);
    expect(told(rules("execute", middle(executing), large("route: review")))).toEqual([]);
    expect(told(rules("execute", middle("route: review"), large(executing), "{ id: all, route: review }"))).toEqual([]);
  });

  test("is what a rule means that takes its terms from such a default", () => {
    const text = rules(
      "X",
      "{ id: middle, when: { risk: { gte: 0.2, lt: 0.5 } }, route: review, review: { within: PT1H } }",
      "{ id: high, when: { risk: { gte: 0.5 } }, route: review }",
    );
    expect(told(text.replace("default: { route: X }", `default: { ${executing} }`)).join()).toContain(
      'risk 0.5 to review by rule "high" (executed if nobody decides)',
    );
    expect(told(text.replace("X", "execute"))).toEqual([]);
  });
});

describe("a policy that keeps the promise loads", () => {
  test.each([
    [
      "bands of confidence",
      rules(
        "review",
        "{ id: a, when: { confidence: { gt: 0.9 } }, route: execute }",
        "{ id: b, when: { confidence: { gte: 0.7, lte: 0.9 } }, route: flag }",
        "{ id: c, when: { confidence: { lt: 0.7 } }, route: review }",
      ),
    ],
    [
      "bands in any order and without a default to fall to",
      rules(
        "block",
        "{ id: c, when: { confidence: { lt: 0.7 } }, route: review }",
        "{ id: b, when: { confidence: { gte: 0.7, lte: 0.9 } }, route: flag }",
        "{ id: a, when: { confidence: { gt: 0.9 } }, route: execute }",
      ),
    ],
    [
      "a rule that ends where a stricter one begins",
      rules(
        "execute",
        "{ id: a, when: { amount: { gte: 10 USD, lt: 50 USD } }, route: review }",
        "{ id: b, when: { amount: { gte: 50 USD } }, route: block }",
      ),
    ],
    [
      "a rule that ends where the default is as strict",
      rules("review", "{ id: a, when: { amount: { lte: 50 USD } }, route: review }"),
    ],
    [
      "a laxer rule for some, and stricter ones for others",
      rules(
        "review",
        "{ id: a, action: pay, route: execute }",
        "{ id: b, action: refund, when: { amount: { gt: 9 USD } }, route: block }",
      ),
    ],
    [
      "a rule that a stricter one cuts short",
      rules("review", "{ id: a, when: { amount: { gt: 100 USD } }, route: execute }", "{ id: b, route: block }"),
    ],
    [
      "facts without a direction of risk",
      rules(
        "review",
        "{ id: a, when: { count: { gt: 1, lt: 5 } }, route: execute }",
        "{ id: b, when: { vip: { eq: true } }, route: flag }",
      ),
    ],
    [
      "nothing between two neighbouring numbers",
      rules(
        "execute",
        "{ id: a, when: { risk: { lte: 0.5 } }, route: flag }",
        "{ id: b, when: { risk: { gte: 0.5000000000000001 } }, route: flag }",
      ),
    ],
    [
      "a range that its declaration ends",
      "rules: [{ id: a, when: { load: { gte: 3, lte: 9 } }, route: review }]\nfacts: { load: { type: number, min: 3, max: 9, risk: up } }\ndefault: { route: execute }",
    ],
    [
      "alternatives that together reach to the end",
      rules("execute", "{ id: a, when: { any: [{ risk: { lt: 0.5 } }, { risk: { gte: 0.5 } }] }, route: review }"),
    ],
    [
      "what `not` says of a safer side",
      rules(
        "review",
        "{ id: a, when: { not: { any: [{ risk: { gt: 0.2 } }, { novelty: { gt: 0.2 } }] } }, route: execute }",
      ),
    ],
    ["a default alone", "default: { route: execute }"],
    [
      "amounts in two currencies, which no rule can tell at once",
      rules(
        "review",
        "{ id: a, when: { amount: { gt: 10 USD } }, route: execute }",
        "{ id: b, when: { amount: { lt: 10 EUR } }, route: execute }",
      ),
    ],
  ])("%s", (_, text) => {
    expect(told(text)).toEqual([]);
  });

  test("such as the one served with the mail graph", async () => {
    const text = await readFile(new URL("../../graphs/mail-moderation/policy.yaml", import.meta.url), "utf8");
    expect(told(text)).toEqual([]);
  });

  test("one number beside a covered range is a gap", () => {
    expect(
      told(
        rules(
          "execute",
          "{ id: a, when: { risk: { lt: 0.5 } }, route: flag }",
          "{ id: b, when: { risk: { gt: 0.5 } }, route: flag }",
        ),
      ).join(),
    ).toContain('seen risk 0.01 routed to flag by rule "a" but risk 0.5 to execute by the default');
  });
});

describe("amounts in several currencies", () => {
  const both = (fallback: string, route: string): string =>
    rules(
      fallback,
      `{ id: a, when: { any: [{ amount: { gt: 10 USD } }, { amount: { gt: 9 EUR } }] }, route: ${route} }`,
    );

  test("are judged one currency at a time", () => {
    // What is at most 9 EUR cannot be evaluated for the rule's dollars, so a person is asked: nothing to compare with.
    expect(told(both("review", "execute"))).toEqual([]);
    expect(told(both("execute", "block"))).toEqual([]);
    expect(
      told(
        rules(
          "review",
          "{ id: a, when: { any: [{ amount: { lte: 10 USD } }, { amount: { lte: 9 EUR } }], confidence: { lt: 0.5 } }, route: execute }",
        ),
      ),
    ).toEqual([
      expect.stringMatching(
        /^2:5 .* a lower confidence .* both with amount 9 EUR: give rule "a" a route no laxer than review$/,
      ),
    ]);
  });

  test("are told in the currency where the promise breaks, though another rule cannot be evaluated for it elsewhere", () => {
    const text = rules(
      "review",
      "{ id: a, when: { confidence: { gt: 0.8 }, amount: { gt: 10 USD } }, route: flag }",
      "{ id: b, when: { confidence: { gt: 0.9 }, amount: { lt: 10 EUR } }, route: execute }",
    );
    // Up to 0.9 the second rule fails whatever the amount is, so dollars can be told there.
    expect(told(text)).toEqual([
      expect.stringMatching(/confidence 0\.\d+ and amount|amount 10 USD .* amount 10\.01 USD to flag by rule "a"/),
    ]);
  });
});

/** A hundred rules of the usual kinds, four for each of some actions. */
function ordinary(count: number): PolicySource {
  const kinds = (action: string): object[] => [
    { id: `${action}-small`, action, when: { amount: { lte: "50 USD" }, confidence: { gt: 0.9 } }, route: "execute" },
    { id: `${action}-middle`, action, when: { amount: { lte: "50 USD" }, confidence: { gte: 0.7 } }, route: "flag" },
    { id: `${action}-unsure`, action, when: { confidence: { lt: 0.7 } }, route: "review" },
    { id: `${action}-large`, action, when: { amount: { gt: "10000 USD" } }, route: "block" },
  ];
  const rules = Array.from({ length: count / 4 }, (_, i) => kinds(`action-${i}`)).flat();
  return { rules, default: { route: "review" } } as PolicySource;
}

describe("the work of the analysis", () => {
  test("is small for a hundred ordinary rules, and bearable for a thousand", () => {
    const [hundred, thousand] = [100, 1000].map((count) => analyse(unjudged(ordinary(count)).source));
    expect(hundred).toMatchObject({ descents: [], unfinished: undefined });
    expect(hundred?.steps).toBeLessThan(10_000);
    expect(thousand).toMatchObject({ descents: [], unfinished: undefined });
    expect(thousand?.steps).toBeLessThan(1_000_000);
  });

  /** Alternatives that multiply: so many that nobody can go through them. */
  const tangled = (operator: "lt" | "gt"): string =>
    `{ all: [${Array.from({ length: 30 }, (_, i) => `{ any: [{ tags: { has: a${i} } }, { tags: { has: b${i} } }, { risk: { ${operator}: 0.5 } }] }`).join(", ")}] }`;

  test("ends at a bound, and the policy is refused with what to do", () => {
    const text = rules(
      "execute",
      "{ id: fine, route: flag }",
      `{ id: tangled, when: ${tangled("lt")}, route: review }`,
    );
    expect(told(text)).toEqual([
      '3:5 $.rules[1]: expected rules simple enough to tell that more risk is never routed laxer; up to rule "tangled" their ' +
        "tests have too many combinations: name the `action` in more of them, and put fewer `any` under one `all`",
    ]);
  });

  test("is not needed where every test points the right way, whatever the combinations", () => {
    expect(
      told(rules("execute", "{ id: fine, route: flag }", `{ id: tangled, when: ${tangled("gt")}, route: review }`)),
    ).toEqual([]);
    expect(told(rules("review", `{ id: tangled, when: ${tangled("lt")}, route: execute }`))).toEqual([]);
    expect(told(rules("review", `{ id: tangled, when: { not: ${tangled("gt")} }, route: execute }`))).toEqual([]);
  });

  test("counts a bound of its own, up to which it tells what it found", () => {
    const { source } = unjudged({
      rules: [{ id: "a", when: { risk: { lt: 0.5 } }, route: "flag" }],
      default: { route: "execute" },
    });
    const { steps, descents } = analyse(source);
    expect(descents).toHaveLength(1);
    expect(analyse(source, steps)).toMatchObject({ steps, unfinished: undefined });
    expect(analyse(source, steps - 1)).toMatchObject({ unfinished: "a", descents: [] });
  });
});
