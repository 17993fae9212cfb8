import * as fc from "fast-check";
import type { PolicyInput } from "../../src/model/facts.js";
import type { PolicySource } from "../../src/policy/source.js";
import { arbitraryTrigger, HISTORY_NAMES, MOMENTS } from "./arbitrary-trigger.js";
import { arbitraryRouted } from "./arbitrary-terms.js";

// Few values each, so that thresholds are met exactly and strings are found.
const share = fc.constantFrom(0, 0.3, 0.7, 0.9, 1);
const whole = fc.constantFrom(-1, 0, 1, 2);
const word = fc.constantFrom("al", "bo", "constructor", "__proto__", "");
const words = fc.array(word, { minLength: 1, maxLength: 3 });
const currency = fc.constantFrom("USD", "EUR");
const sum = fc.constantFrom(0, 49.99, 50, 10_000);

const operator = fc.constantFrom("gt", "gte", "lt", "lte", "eq");
const orderings = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<object> =>
  fc.array(fc.tuple(operator, value), { minLength: 1, maxLength: 2 }).map((tests): object => Object.fromEntries(tests));
const numbers = (value: fc.Arbitrary<number>): fc.Arbitrary<object> =>
  fc.oneof(
    orderings(value),
    fc.array(value, { minLength: 1, maxLength: 3 }).map((list) => ({ in: list })),
  );
const strings = fc.oneof(
  word.map((eq) => ({ eq })),
  words.map((list) => ({ in: list })),
);
const lists = fc.oneof(word, words).map((has) => ({ has }));
const amounts = currency.chain((unit) =>
  orderings(
    fc.oneof(
      sum.map((value) => `${value} ${unit}`),
      sum.map((value) => ({ value, currency: unit })),
    ),
  ),
);

const test = fc.oneof(
  amounts.map((amount) => ({ amount })),
  numbers(share).map((confidence) => ({ confidence })),
  numbers(share).map((risk) => ({ risk })),
  lists.map((tags) => ({ tags })),
  strings.map((action) => ({ action })),
  strings.map((customer) => ({ customer })),
  numbers(share).map((fraudScore) => ({ fraudScore })),
  numbers(whole).map((count) => ({ count })),
  fc.boolean().map((eq) => ({ vip: { eq } })),
  lists.map((labels) => ({ labels })),
  words.map((hasAny) => ({ labels: { hasAny } })),
  arbitraryTrigger,
);
const side = fc.tuple(test, test).map(([one, other]): object => ({ ...one, ...other }));

function condition(depth: number): fc.Arbitrary<object> {
  if (depth === 0) return fc.oneof(test, test, side);
  const inner = condition(depth - 1);
  const parts = fc.array(inner, { minLength: 1, maxLength: 3 });
  return fc.oneof(
    inner,
    parts.map((all) => ({ all })),
    parts.map((any) => ({ any })),
    inner.map((not) => ({ not })),
    fc.tuple(parts, test).map(([any, one]) => ({ any, ...one })),
  );
}

const scoped = fc.record(
  {
    id: fc.uuid(),
    action: fc.constantFrom("pay", ["pay"], ["mail", "pay"]),
    agent: fc.constantFrom("bot", ["bot", "other"]),
    when: condition(3),
    explain: fc.constantFrom("As agreed.", "Finance asks for it"),
  },
  { requiredKeys: ["id"], noNullPrototype: true },
);
const rule = fc.tuple(scoped, arbitraryRouted).map(([what, where]) => ({ ...what, ...where }));

/** Policies that load, over all operators and combinations. */
export const arbitraryPolicy = fc.record(
  {
    version: fc.integer({ min: 1, max: 9 }),
    facts: fc.constant({
      customer: { type: "string" },
      fraudScore: { type: "number", min: 0, max: 1, risk: "up" },
      count: { type: "number" },
      vip: { type: "boolean" },
      labels: { type: "tags" },
    }),
    rules: fc.uniqueArray(rule, { maxLength: 6, selector: ({ id }) => id }),
    default: arbitraryRouted,
    sample: fc.record({ executed: fc.constantFrom(0, 0.02, 1) }, { noNullPrototype: true }),
    timeZone: fc.constantFrom("Europe/Berlin", "UTC"),
  },
  { requiredKeys: ["facts", "rules", "default"], noNullPrototype: true },
) as fc.Arbitrary<PolicySource & { rules: NonNullable<PolicySource["rules"]> }>;

const garbage = fc.oneof(
  fc.anything({ withBigInt: true, withDate: true, withMap: true, withSparseArray: true, withNullPrototype: true }),
  fc.constantFrom(Number.NaN, Infinity, -Infinity, -1, 2, Symbol("x"), () => 1, "50 USD"),
);
const mostly = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 8, arbitrary: value }, { weight: 1, arbitrary: garbage });

/** Proposals with mostly good facts, some missing, some garbage. */
export const arbitraryInput = fc.record(
  {
    action: fc.constantFrom("pay", "mail", "other"),
    agent: fc.constantFrom("bot", "other", "third"),
    facts: fc.record(
      {
        amount: mostly(fc.record({ value: sum, currency })),
        confidence: mostly(share),
        risk: mostly(share),
        tags: mostly(fc.array(word, { maxLength: 3 })),
        customer: mostly(word),
        fraudScore: mostly(share),
        count: mostly(whole),
        vip: mostly(fc.boolean()),
        labels: mostly(fc.array(word, { maxLength: 3 })),
        undeclared: garbage,
      },
      { requiredKeys: [] },
    ),
    at: mostly(fc.constantFrom(...MOMENTS)),
    history: mostly(
      fc.record(Object.fromEntries(HISTORY_NAMES.map((name) => [name, mostly(fc.constantFrom(0, 0.1, 2, 9_950))])), {
        requiredKeys: [],
        noNullPrototype: true,
      }),
    ),
  },
  { requiredKeys: ["action", "agent", "facts"], noNullPrototype: true },
) as fc.Arbitrary<PolicyInput>;

/** Anything at all. */
export const arbitraryGarbage = fc.oneof(
  garbage,
  fc.record({ action: mostly(word), agent: mostly(word), facts: garbage }, { requiredKeys: [] }),
);

/** Inputs that throw when they are touched, or are large. */
export const HOSTILE_INPUTS: readonly unknown[] = [
  hostile(),
  revoked(),
  { action: "pay", agent: "bot", facts: hostile() },
  { action: "pay", agent: "bot", facts: revoked() },
  { action: hostile(), agent: revoked(), facts: {} },
  { action: "pay", agent: "bot", facts: {}, at: hostile(), history: hostile() },
  { action: "pay", agent: "bot", facts: { customer: "al" }, at: "2025-01-01", history: revoked() },
  { action: "pay", agent: "bot", facts: { amount: hostile(), tags: hostile(), customer: hostile(), vip: revoked() } },
  { action: "pay", agent: "bot", facts: { amount: { value: hostile(), currency: revoked() }, tags: [hostile()] } },
  { action: "pay", agent: "bot", facts: { tags: revoked(), labels: [revoked()], customer: "x".repeat(1_000_000) } },
  {
    action: "pay",
    agent: "bot",
    facts: { tags: new Proxy([], { get: refuse }), count: { [Symbol.toPrimitive]: refuse } },
  },
  { action: "\uD800".repeat(1000), agent: "\u0000\u202E", facts: { customer: "\uD800", labels: ["\uDC00"] } },
  { action: "pay", agent: "bot", facts: { labels: Array.from({ length: 1_000_000 }, () => "al") } },
];

function refuse(): never {
  throw new Error("touched");
}

function hostile(): object {
  return new Proxy(
    {},
    { get: refuse, has: refuse, getOwnPropertyDescriptor: refuse, getPrototypeOf: refuse, ownKeys: refuse },
  );
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  return proxy;
}
