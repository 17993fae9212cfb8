import { describe, expect, expectTypeOf, test } from "vitest";
import { digest } from "../../src/model/digest.js";
import { parsePolicy } from "../../src/policy/parse.js";
import { isPolicy, type Policy, policy } from "../../src/policy/policy.js";
import type { PolicySource } from "../../src/policy/source.js";

const YAML = `
# Refunds, as agreed with finance.
version: 4
facts: { fraudScore: { type: number, min: 0, max: 1, risk: up }, customer: { type: string } }
rules:
  - { id: small, action: refund, when: { all: [ { amount: { lte: 50.00 USD } }, { confidence: { gt: 0.9 } } ] }, route: execute }
  - id: unsure
    when: { tags: { has: new }, confidence: { lte: 1, gte: 0.7 } }
    route: flag
    explain: >
      The agent is
      unsure.
  - { id: listed, agent: [bot], when: { not: { customer: { in: [al, bo] } } }, route: block }
default: { route: review }
`;

const JSON_TEXT = `{
\t"default": { "route": "review" },
\t"rules": [
\t\t{ "route": "execute", "id": "small", "action": ["refund"],
\t\t  "when": { "all": [ { "amount": { "lte": { "currency": "USD", "value": 50 } } }, { "confidence": { "gt": 9e-1 } } ] } },
\t\t{ "explain": "The agent is unsure.", "id": "unsure", "route": "flag",
\t\t  "when": { "confidence": { "gte": 0.7, "lte": 1 }, "tags": { "has": ["new"] } } },
\t\t{ "id": "listed", "agent": "bot", "when": { "not": { "customer": { "in": ["al", "bo"] } } }, "route": "block" }
\t],
\t"version": 4,
\t"facts": { "customer": { "type": "string" }, "fraudScore": { "risk": "up", "max": 1, "min": 0, "type": "number" } }
}`;

const typed = (): Policy =>
  policy({
    version: 4,
    facts: { customer: { type: "string" }, fraudScore: { type: "number", min: 0, max: 1, risk: "up" } },
    rules: [
      {
        id: "small",
        action: "refund",
        when: { all: [{ amount: { lte: "50 USD" } }, { confidence: { gt: 0.9 } }] },
        route: "execute",
        agent: undefined,
      },
      {
        id: "unsure",
        when: { confidence: { gte: 0.7, lte: 1 }, tags: { has: "new" } },
        route: "flag",
        explain: " The agent is unsure.",
      },
      { id: "listed", agent: "bot", when: { not: { customer: { in: ["al", "bo"] } } }, route: "block" },
    ],
    default: { route: "review" },
  });

describe("the digest", () => {
  test("is the same for YAML, JSON and TypeScript that say the same", () => {
    const digests = [parsePolicy(YAML), parsePolicy(JSON_TEXT), typed()].map((loaded) => loaded.digest);
    expect(new Set(digests).size).toBe(1);
    expect(digests[0]).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test("belongs to a normal form that is the same to the letter", () => {
    const texts = [parsePolicy(YAML), parsePolicy(JSON_TEXT), typed()].map(({ source }) => JSON.stringify(source));
    expect(new Set(texts).size).toBe(1);
  });

  test("is that of the normal form, which loads as the same policy", () => {
    const { digest: named, source } = typed();
    expect(named).toBe(digest(source));
    expect(policy(source).digest).toBe(named);
    expect(parsePolicy(JSON.stringify(source)).digest).toBe(named);
  });

  test("stays the same for good, since recorded routings name it", () => {
    expect(policy({ default: { route: "review" } }).source).toEqual({
      default: { route: "review" },
      facts: {},
      rules: [],
      version: 1,
    });
    expect(policy({ default: { route: "review" } }).digest).toBe(
      "sha256:b75c56f157fd5ffdc742f09ab2646f5c4b269fcdfec25e5531fa4ad925576966",
    );
  });

  test.each([
    ["the version", (text: string) => text.replace("version: 4", "version: 5")],
    ["a threshold", (text: string) => text.replace("0.7", "0.71")],
    ["a currency", (text: string) => text.replace("USD", "EUR")],
    ["a route", (text: string) => text.replace("route: flag", "route: review")],
    ["the default", (text: string) => text.replace("route: review", "route: block")],
    ["a declaration", (text: string) => text.replace("max: 1", "max: 2")],
    ["an explanation", (text: string) => text.replace("The agent", "An agent")],
    ["the order of a list", (text: string) => text.replace("[al, bo]", "[bo, al]")],
  ])("changes with %s", (_, change) => {
    expect(change(YAML)).not.toBe(YAML);
    expect(parsePolicy(change(YAML)).digest).not.toBe(parsePolicy(YAML).digest);
  });

  test("changes with the order of rules, which routings list and explain in that order", () => {
    const rules = [
      { id: "a", route: "review" },
      { id: "b", route: "flag" },
    ] as const;
    const [one, other] = [rules, rules.toReversed()].map((r) => policy({ rules: r, default: { route: "review" } }));
    expect(one?.digest).not.toBe(other?.digest);
  });
});

describe("a loaded policy", () => {
  test("explains alike whichever form it was loaded from", () => {
    const input = {
      action: "refund",
      agent: "bot",
      facts: { confidence: 0.8, tags: ["new"], amount: { value: 1, currency: "USD" }, customer: "al" },
    };
    const routing = typed().evaluate(input);
    expect(routing.rules).toEqual(["unsure"]);
    expect(parsePolicy(YAML).evaluate(input)).toEqual(routing);
    expect(parsePolicy(JSON_TEXT).evaluate(input)).toEqual(routing);
    expect(policy(typed().source).evaluate(input)).toEqual(routing);
  });

  test("cannot be changed, neither itself nor through the object it was made of", () => {
    const rules = [{ id: "a", when: { tags: { has: ["x"] } }, route: "block" as "block" | "execute" }];
    const loaded = policy({ rules, default: { route: "review" } });
    const before = JSON.stringify(loaded.source);
    rules[0] = { id: "a", when: { tags: { has: ["y"] } }, route: "execute" };
    expect(JSON.stringify(loaded.source)).toBe(before);
    expect(() => Object.assign(loaded, { evaluate: () => undefined })).toThrow(TypeError);
    expect(() => Object.assign(loaded.source.default, { route: "execute" })).toThrow(TypeError);
    expect(() => (loaded.source.rules as object[]).push({})).toThrow(TypeError);
  });

  test("knows its version, 1 unless said otherwise", () => {
    expect(typed().version).toBe(4);
    expect(policy({ default: { route: "review" } }).version).toBe(1);
  });

  test("is told from what merely looks like one", () => {
    const loaded = typed();
    expect(isPolicy(loaded)).toBe(true);
    for (const other of [{ ...loaded }, loaded.source, null, undefined, "policy", () => loaded]) {
      expect(isPolicy(other)).toBe(false);
    }
  });

  test("may be evaluated apart from its object", () => {
    const { evaluate } = typed();
    expect(evaluate({ action: "mail", agent: "x", facts: { confidence: 1, tags: [] } }).route).toBe("review");
  });
});

test("the compiler refuses what the loader refuses", () => {
  const sources = [
    // @ts-expect-error -- a misspelt fact
    () => policy({ rules: [{ id: "a", when: { confidance: { lt: 1 } }, route: "flag" }], default: { route: "flag" } }),
    // @ts-expect-error -- a fact that is not declared
    () => policy({ rules: [{ id: "a", when: { vip: { eq: true } }, route: "flag" }], default: { route: "flag" } }),
    () =>
      policy({
        facts: { vip: { type: "boolean" } },
        // @ts-expect-error -- a boolean has no order
        rules: [{ id: "a", when: { any: [{ vip: { gt: 1 } }] }, route: "flag" }],
        default: { route: "flag" },
      }),
    // @ts-expect-error -- no currency
    () => policy({ rules: [{ id: "a", when: { amount: { lt: "5" } }, route: "flag" }], default: { route: "flag" } }),
    // @ts-expect-error -- no such route
    () => policy({ default: { route: "vetoed" } }),
    // @ts-expect-error -- no such fallback
    () => policy({ default: { route: "review", review: { within: "PT1H", otherwise: "wait" } } }),
    () =>
      policy({
        // @ts-expect-error -- an amount is limited by amounts
        rules: [{ id: "a", when: { cumulative: { of: "amount", over: "P1D", gt: 5 } }, route: "review" }],
        default: { route: "review" },
      }),
    // @ts-expect-error -- no default
    () => policy({ rules: [] }),
    // @ts-expect-error -- no id
    () => policy({ rules: [{ route: "flag" }], default: { route: "flag" } }),
    // @ts-expect-error -- a range is for numbers
    () => policy({ facts: { a: { type: "string", min: 1 } }, default: { route: "flag" } }),
  ];
  for (const source of sources) expect(source).toThrow(/cannot be loaded, 1 problem/);
});

test("a policy may be written down before it is loaded", () => {
  const source = {
    facts: { vip: { type: "boolean" } },
    rules: [{ id: "a", when: { vip: { eq: true }, not: { risk: { lt: 0.5 } } }, route: "flag" }],
    default: { route: "execute" },
  } as const satisfies PolicySource;
  expectTypeOf(policy(source)).toEqualTypeOf<Policy>();
  const wide: PolicySource = source;
  expect(policy(wide).digest).toBe(policy(source).digest);
});
