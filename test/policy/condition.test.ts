import { describe, expect, test } from "vitest";
import { holds, routingOf } from "./one-rule.js";

const usd = (value: number): object => ({ amount: { value, currency: "USD" } });

describe("ordering a number", () => {
  test.each([
    ["gt", 0.69, false],
    ["gt", 0.7, false],
    ["gt", 0.71, true],
    ["gte", 0.69, false],
    ["gte", 0.7, true],
    ["gte", 0.71, true],
    ["lt", 0.69, true],
    ["lt", 0.7, false],
    ["lt", 0.71, false],
    ["lte", 0.69, true],
    ["lte", 0.7, true],
    ["lte", 0.71, false],
    ["eq", 0.69, false],
    ["eq", 0.7, true],
  ] as const)("%s 0.7 of %d is %s", (operator, confidence, expected) => {
    expect(holds({ confidence: { [operator]: 0.7 } }, { confidence })).toBe(expected);
  });

  test("a declared number without a range takes negative values", () => {
    expect(holds({ count: { lt: -1 } }, { count: -2 })).toBe(true);
    expect(holds({ count: { eq: 0 } }, { count: -0 })).toBe(true);
  });
});

describe("ordering an amount", () => {
  test.each([
    ["gt", 50, false],
    ["gt", 50.01, true],
    ["gte", 50, true],
    ["lt", 50, false],
    ["lt", 49.99, true],
    ["lte", 50, true],
    ["lte", 50.01, false],
    ["eq", 50, true],
    ["eq", 51, false],
  ] as const)("%s 50 USD of %d USD is %s", (operator, value, expected) => {
    expect(holds({ amount: { [operator]: "50 USD" } }, usd(value))).toBe(expected);
    expect(holds({ amount: { [operator]: { value: 50, currency: "USD" } } }, usd(value))).toBe(expected);
  });

  test("an amount in another currency is never compared, not even for equality", () => {
    const euro = { amount: { value: 1, currency: "EUR" } };
    expect(holds({ amount: { gt: "50 USD" } }, euro)).toBe("unknown");
    expect(holds({ amount: { eq: "1 USD" } }, euro)).toBe("unknown");
    expect(holds({ not: { amount: { gt: "50 USD" } } }, euro)).toBe("unknown");
  });

  test("`any` over two currencies serves both where the amount's own currency settles it", () => {
    const when = { any: [{ amount: { gt: "50 USD" } }, { amount: { gt: "40 EUR" } }] } as const;
    expect(holds(when, { amount: { value: 60, currency: "EUR" } })).toBe(true);
    expect(holds(when, { amount: { value: 60, currency: "USD" } })).toBe(true);
    expect(holds(when, { amount: { value: 1, currency: "USD" } })).toBe("unknown");
  });
});

describe("equality and membership", () => {
  test.each([
    ["al", true],
    ["Al", false],
    ["al ", false],
    ["", false],
  ])("customer eq al of %j is %s", (customer, expected) => {
    expect(holds({ customer: { eq: "al" } }, { customer })).toBe(expected);
  });

  test("a boolean equals true or false", () => {
    expect(holds({ vip: { eq: false } }, { vip: false })).toBe(true);
    expect(holds({ vip: { eq: false } }, { vip: true })).toBe(false);
    expect(holds({ vip: { eq: false } }, { vip: 0 })).toBe("unknown");
  });

  test("in looks a string or a number up in a list", () => {
    expect(holds({ customer: { in: ["al", "bo"] } }, { customer: "bo" })).toBe(true);
    expect(holds({ customer: { in: ["al", "bo"] } }, { customer: "cy" })).toBe(false);
    expect(holds({ count: { in: [1, 2] } }, { count: 2 })).toBe(true);
    expect(holds({ count: { in: [1, 2] } }, { count: 3 })).toBe(false);
    expect(holds({ count: { in: [1, 2] } }, { count: "2" })).toBe("unknown");
  });

  test("the proposal's own action and agent are facts, whatever its facts say", () => {
    const facts = { action: "other", agent: "other" };
    expect(holds({ action: { eq: "pay" }, agent: { in: ["bot"] } }, facts)).toBe(true);
    expect(holds({ action: { eq: "other" } }, facts)).toBe(false);
  });
});

describe("has", () => {
  test("one string must be among the tags", () => {
    expect(holds({ tags: { has: "gdpr" } }, { tags: ["new", "gdpr"] })).toBe(true);
    expect(holds({ tags: { has: "gdpr" } }, { tags: [] })).toBe(false);
  });

  test("a list means all of them", () => {
    expect(holds({ labels: { has: ["a", "b"] } }, { labels: ["b", "c", "a"] })).toBe(true);
    expect(holds({ labels: { has: ["a", "b"] } }, { labels: ["a"] })).toBe(false);
  });

  test("names of object members are ordinary tags", () => {
    expect(holds({ tags: { has: "constructor" } }, { tags: [] })).toBe(false);
    expect(holds({ tags: { has: "__proto__" } }, { tags: ["__proto__"] })).toBe(true);
  });
});

describe("combining", () => {
  test("several facts and several operators in one object must all hold", () => {
    const when = { confidence: { gte: 0.7, lte: 0.9 }, vip: { eq: true } } as const;
    expect(holds(when, { confidence: 0.8, vip: true })).toBe(true);
    expect(holds(when, { confidence: 0.95, vip: true })).toBe(false);
    expect(holds(when, { confidence: 0.6, vip: true })).toBe(false);
    expect(holds(when, { confidence: 0.8, vip: false })).toBe(false);
  });

  test("all, any and not beside a fact must hold with it", () => {
    const when = {
      vip: { eq: true },
      any: [{ risk: { gt: 0.5 } }, { novelty: { gt: 0.5 } }],
      all: [{ confidence: { gt: 0.1 } }],
      not: { customer: { eq: "al" } },
    } as const;
    const facts = { vip: true, risk: 0.9, novelty: 0, confidence: 0.5, customer: "bo" };
    expect(holds(when, facts)).toBe(true);
    expect(holds(when, { ...facts, vip: false })).toBe(false);
    expect(holds(when, { ...facts, risk: 0.1 })).toBe(false);
    expect(holds(when, { ...facts, novelty: 0.9, risk: 0.1 })).toBe(true);
    expect(holds(when, { ...facts, confidence: 0 })).toBe(false);
    expect(holds(when, { ...facts, customer: "al" })).toBe(false);
  });
});

describe("what cannot be told", () => {
  const known = { vip: { eq: true } } as const;
  const missing = { customer: { eq: "al" } } as const;
  test.each([
    ["all with a part that fails", { all: [missing, { vip: { eq: false } }] }, false],
    ["all with a part that fails first", { all: [{ vip: { eq: false } }, missing] }, false],
    ["all with the rest holding", { all: [known, missing] }, "unknown"],
    ["any with a part that holds", { any: [missing, known] }, true],
    ["any with the rest failing", { any: [{ vip: { eq: false } }, missing] }, "unknown"],
    ["not", { not: missing }, "unknown"],
    ["not over a settled any", { not: { any: [missing, known] } }, false],
    ["not over a settled all", { not: { all: [missing, { not: known }] } }, true],
    ["facts side by side, one failing", { ...missing, vip: { eq: false } }, false],
  ] as const)("%s: %o is %s", (_, when, expected) => {
    expect(holds(when, { vip: true })).toBe(expected);
  });
});

describe("a fact that cannot be used", () => {
  test.each([
    [{}, "confidence is missing"],
    [{ confidence: undefined }, "confidence is missing"],
    [Object.create({ confidence: 0.5 }) as object, "confidence is missing"],
    [{ confidence: null }, "confidence is null instead of a number from 0 to 1"],
    [{ confidence: Number.NaN }, "confidence is NaN instead of a number from 0 to 1"],
    [{ confidence: Infinity }, "confidence is Infinity instead of a number from 0 to 1"],
    [{ confidence: "0.9" }, 'confidence is "0.9" instead of a number from 0 to 1'],
    [{ confidence: 90 }, "confidence is 90 instead of a number from 0 to 1"],
    [{ confidence: -0.1 }, "confidence is -0.1 instead of a number from 0 to 1"],
    [{ confidence: 1n }, "confidence is a bigint instead of a number from 0 to 1"],
    [{ confidence: [1] }, "confidence is a list instead of a number from 0 to 1"],
    [{ confidence: { valueOf: () => 1 } }, "confidence is an object instead of a number from 0 to 1"],
  ])("of %o is told as %j", (facts, doubt) => {
    const { explanation, ...routing } = routingOf({ confidence: { lt: 0.5 } }, facts);
    expect(routing).toMatchObject({ route: "review", rules: [], failedClosed: true });
    expect(explanation).toBe(`Rule "it" cannot be evaluated, so it goes to review: ${doubt} (its route is block).`);
  });

  const sum = "a sum of at least 0 in a currency";
  const callable = (members: object): object => Object.assign(() => undefined, members);
  test.each([
    [{ amount: { gt: "1 USD" } }, {}, "amount is missing"],
    [{ amount: { gt: "1 USD" } }, { amount: null }, `amount is null instead of ${sum}`],
    [{ amount: { gt: "1 USD" } }, { amount: true }, `amount is true instead of ${sum}`],
    [{ amount: { gt: "1 USD" } }, { amount: { value: 5, currency: "usd" } }, `amount is an object instead of ${sum}`],
    [{ amount: { gt: "1 USD" } }, { amount: { value: 5, currency: ["USD"] } }, `amount is an object instead of ${sum}`],
    [
      { amount: { gt: "1 USD" } },
      { amount: Object.assign(Object.create({ currency: "USD" }) as object, { value: 5 }) },
      `amount is an object instead of ${sum}`,
    ],
    [
      { amount: { gt: "1 USD" } },
      { amount: callable({ value: 5, currency: "USD" }) },
      `amount is a function instead of ${sum}`,
    ],
    [{ customer: { eq: "al" } }, { customer: 5 }, "customer is 5 instead of a string"],
    [{ customer: { in: ["al", "bo"] } }, {}, "customer is missing"],
    [{ vip: { eq: true } }, { vip: "yes" }, 'vip is "yes" instead of a boolean'],
    [{ count: { gt: 1 } }, { count: Infinity }, "count is Infinity instead of a number"],
    [{ count: { gt: 1 } }, { count: "2" }, 'count is "2" instead of a number'],
    [{ tags: { has: "a" } }, {}, "tags is missing"],
    [{ tags: { has: "a" } }, { tags: "a" }, 'tags is "a" instead of a list of at most 10000 strings'],
    [
      { tags: { has: "a" } },
      { tags: Array<string>(10_001).fill("a") },
      "tags is a list instead of a list of at most 10000 strings",
    ],
  ] as const)("condition %o of such facts is told by what is wrong with them", (when, facts, doubt) => {
    expect(routingOf(when, facts).explanation).toBe(
      `Rule "it" cannot be evaluated, so it goes to review: ${doubt} (its route is block).`,
    );
  });

  test("the least and the most that may be there is there", () => {
    expect(holds({ amount: { lt: "1 USD" } }, usd(0))).toBe(true);
    expect(holds({ tags: { has: "a" } }, { tags: Array<string>(10_000).fill("a") })).toBe(true);
  });

  test("a fact whose getter throws cannot be read", () => {
    const facts = {
      get confidence(): number {
        throw new TypeError("no");
      },
    };
    const { explanation } = routingOf({ confidence: { lt: 0.5 } }, facts);
    expect(explanation).toContain("confidence cannot be read");
  });

  test.each([
    { amount: 50 },
    { amount: "50 USD" },
    { amount: { value: Number.NaN, currency: "USD" } },
    { amount: { value: Infinity, currency: "USD" } },
    { amount: { value: -1, currency: "USD" } },
    { amount: { value: "50", currency: "USD" } },
    { amount: { value: 50, currency: "usd" } },
    { amount: { value: 50 } },
    { amount: [50, "USD"] },
    { amount: Object.create({ value: 50, currency: "USD" }) as object },
  ])("holds for the amount in %o", (facts) => {
    expect(holds({ amount: { gt: "1 USD" } }, facts)).toBe("unknown");
  });

  test.each([{ tags: "gdpr" }, { tags: ["gdpr", 1] }, { tags: Array(1) }, { tags: new Set(["gdpr"]) }])(
    "holds for the tags in %o",
    (facts) => {
      expect(holds({ tags: { has: "gdpr" } }, facts)).toBe("unknown");
    },
  );

  test("is settled by a declared range too", () => {
    expect(holds({ fraudScore: { lt: 0.5 } }, { fraudScore: -1 })).toBe("unknown");
    expect(holds({ fraudScore: { lt: 0.5 } }, { fraudScore: 0 })).toBe(true);
  });
});
