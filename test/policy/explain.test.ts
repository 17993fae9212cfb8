import { expect, test } from "vitest";
import { parse } from "yaml";
import { policy } from "../../src/policy/policy.js";
import type { PolicySource } from "../../src/policy/source.js";
import { routingOf } from "./one-rule.js";
import { unjudged } from "./unjudged.js";

const desk = unjudged(
  parse(`
facts: { customer: { type: string } }
rules:
  - { id: small, action: refund, when: { amount: { lte: 50 USD } }, route: execute }
  - { id: middle, action: refund, when: { confidence: { gte: 0.7, lte: 0.9 } }, route: flag }
  - { id: unsure, when: { confidence: { lt: 0.7 } }, route: review }
  - { id: large, when: { amount: { gt: 10000 USD } }, route: review, explain: Large sums are seen by finance. }
  - { id: known, when: { customer: { in: [mallory, trudy] } }, route: block }
default: { route: review }
`) as PolicySource,
);

const explain = (facts: object): string =>
  desk.evaluate({ action: "refund", agent: "bot", facts: { customer: "al", ...facts } }).explanation;
const usd = (value: number): object => ({ value, currency: "USD" });

test.each([
  [{ amount: usd(75), confidence: 0.62 }, 'Rule "unsure" sends it to review: confidence 0.62 is below 0.7.'],
  [{ amount: usd(75), confidence: 0.95 }, "No rule matches; the default is review."],
  [{ amount: usd(20), confidence: 0.95 }, 'Rule "small" lets it execute: amount 20 USD is at most 50 USD.'],
  [
    { amount: usd(20), confidence: 0.8 },
    'Rule "middle" lets it execute and flags it: confidence 0.8 is at least 0.7 and confidence 0.8 is at most 0.9; ' +
      'rule "small" (execute) matched too but is laxer.',
  ],
  [
    { amount: usd(20000), confidence: 0.62 },
    'Rules "unsure" and "large" send it to review: "unsure" because confidence 0.62 is below 0.7, ' +
      '"large" because amount 20000 USD is above 10000 USD ("Large sums are seen by finance.").',
  ],
  [
    { amount: usd(20), confidence: 0.8, customer: "trudy" },
    'Rule "known" blocks it: customer "trudy" is one of "mallory" or "trudy"; ' +
      'rules "small" (execute) and "middle" (flag) matched too but are laxer.',
  ],
  [
    { amount: usd(20) },
    'Rules "middle" and "unsure" cannot be evaluated, so it goes to review: confidence is missing; ' +
      'rule "small" (execute) matched too but is laxer.',
  ],
  [
    { amount: { value: 20, currency: "EUR" }, confidence: 0.5 },
    'Rule "unsure" sends it to review: confidence 0.5 is below 0.7; rules "small" and "large" cannot be evaluated: ' +
      "amount is in EUR, not in USD.",
  ],
])("facts %o are explained", (facts, sentence) => {
  expect(explain(facts)).toBe(sentence);
});

test.each([
  [{ not: { confidence: { gte: 0.7 } } }, { confidence: 0.5 }, "confidence 0.5 is below 0.7"],
  [{ not: { vip: { eq: true } } }, { vip: false }, "vip is false, not true"],
  [{ vip: { eq: true } }, { vip: true }, "vip is true"],
  [{ not: { customer: { eq: "al" } } }, { customer: "bo" }, 'customer is "bo", not "al"'],
  [{ not: { count: { in: [1, 2] } } }, { count: 3 }, "count 3 is not one of 1 or 2"],
  [{ tags: { has: ["a", "b"] } }, { tags: ["a", "b"] }, '"a" and "b" are among tags'],
  [{ not: { tags: { has: ["a", "b"] } } }, { tags: ["a"] }, '"b" is not among tags'],
  [{ not: { amount: { eq: "5 USD" } } }, { amount: usd(6) }, "amount 6 USD does not equal 5 USD"],
  [{ amount: { gt: "5 USD" } }, { amount: usd(6) }, "amount 6 USD is above 5 USD"],
  [
    { not: { any: [{ risk: { gt: 0.5 } }, { novelty: { gt: 0.5 } }] } },
    { risk: 0.1, novelty: 0.2 },
    "risk 0.1 is at most 0.5 and novelty 0.2 is at most 0.5",
  ],
  [{ any: [{ risk: { gt: 0.5 } }, { novelty: { gt: 0.5 } }] }, { risk: 0.1, novelty: 0.9 }, "novelty 0.9 is above 0.5"],
] as const)("condition %o is told by the parts that settled it", (when, facts, phrase) => {
  expect(routingOf(when, facts).explanation).toBe(`Rule "it" blocks it: ${phrase}.`);
});

test.each([
  [{ confidence: { gt: 0.9 }, risk: { lt: 0.5 } }, { confidence: 0.95 }, "risk is missing"],
  [{ confidence: { gt: 0.9 }, risk: { lt: 0.5 } }, {}, "confidence is missing and risk is missing"],
  [{ any: [{ confidence: { gt: 0.9 } }, { risk: { gt: 0.5 } }] }, { confidence: 0.5 }, "risk is missing"],
  [{ not: { amount: { gt: "5 USD" } } }, { amount: { value: 6, currency: "EUR" } }, "amount is in EUR, not in USD"],
] as const)("what leaves condition %o open is told, and nothing that can be told", (when, facts, doubt) => {
  expect(routingOf(when, facts).explanation).toBe(
    `Rule "it" cannot be evaluated, so it goes to review: ${doubt} (its route is block).`,
  );
});

test.each([
  [
    { quorum: "2-of-3", by: [{ role: "manager" }, { group: "finance" }], within: "PT90M", otherwise: "reject" },
    'It needs 2 of 3 people with role "manager" or group "finance" within 1 hour and 30 minutes; otherwise it is rejected.',
  ],
  [
    {
      by: [{ person: "ana" }],
      within: "PT1H",
      otherwise: "escalate",
      escalateTo: [{ by: [{ role: "head" }], within: "P1D" }, { by: [{ role: "board" }] }],
    },
    'It needs somebody with the name "ana" within an hour; otherwise it goes to somebody with role "head" for a day; ' +
      'otherwise it goes to somebody with role "board", for as long as it takes.',
  ],
  [{ within: "PT1H", otherwise: "execute" }, "It needs somebody within an hour; otherwise it executes."],
  [
    { quorum: "two-person", stepUp: "passkey", reasonCodes: ["known", "checked"], show: ["order"] },
    'It needs two people, after a fresh passkey, for as long as it takes. A decision gives the reason "known" or "checked". ' +
      'Whoever is asked sees "order".',
  ],
] as const)("what is asked of people is told: %o", (review, sentence) => {
  const one = policy({ default: { route: "review", review } });
  expect(one.evaluate({ action: "pay", agent: "bot", facts: {} }).explanation).toBe(
    `No rule matches; the default is review. ${sentence}`,
  );
});

test.each([
  [
    "veto",
    { window: "PT30M", by: [{ role: "desk" }] },
    'It executes after 30 minutes unless somebody with role "desk" objects.',
  ],
  ["clarify", { by: [{ role: "author" }] }, 'It asks somebody with role "author", for as long as it takes.'],
  ["suggest", { by: [{ role: "clerk" }] }, 'It is suggested to somebody with role "clerk".'],
] as const)("so it is for route %s", (route, review, sentence) => {
  const one = policy({ rules: [{ id: "it", route, review }], default: { route: "execute" } });
  expect(one.evaluate({ action: "pay", agent: "bot", facts: {} }).explanation).toMatch(
    new RegExp(`^Rule "it" .*: it applies to everything\\. ${sentence.replace(/[.]/g, "\\.")}$`),
  );
});

test("a rule without a condition says what it applies to", () => {
  const all = policy({
    rules: [{ id: "all", action: ["pay", "refund"], agent: "bot", route: "review" }],
    default: { route: "execute" },
  });
  expect(all.evaluate({ action: "pay", agent: "bot", facts: {} }).explanation).toBe(
    'Rule "all" sends it to review: it applies to every "pay" and "refund" by "bot".',
  );
});

test("agent text in an explanation is short, on one line, and hides nothing", () => {
  const when = { not: { customer: { eq: "al" } } } as const;
  const { explanation } = routingOf(when, { customer: `a"\u202Eb\n\u0000${"x".repeat(1000)}` });
  expect(explanation).toMatch(/^Rule "it" blocks it: customer is "a\\"⟦U\+202E⟧b ⟦U\+0000⟧x+…", not "al"\.$/);
  expect(explanation.length).toBeLessThan(140);
});

test("many rules are counted, not listed", () => {
  const rules = Array.from({ length: 100 }, (_, i) => ({ id: `r${i}`, route: i < 50 ? "flag" : "review" }) as const);
  const { explanation } = policy({ rules, default: { route: "execute" } }).evaluate({
    action: "pay",
    agent: "bot",
    facts: {},
  });
  expect(explanation).toBe(
    'Rules "r50", "r51", "r52", "r53", "r54" and 45 more send it to review: it applies to everything; rules ' +
      '"r0" (flag), "r1" (flag), "r2" (flag), "r3" (flag), "r4" (flag) and 45 more matched too but are laxer.',
  );
});
