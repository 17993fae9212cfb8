import * as fc from "fast-check";
import type { PolicyInput } from "../../src/model/facts.js";
import { type Route, ROUTES } from "../../src/model/routing.js";
import type { PolicyDocument } from "../../src/policy/document.js";
import type { PolicySource } from "../../src/policy/source.js";
import { expectedRouting } from "./reference-interpreter.js";

/** What the small policies may declare. */
const SMALL_FACTS = {
  rating: { type: "number", risk: "down", min: -1 },
  count: { type: "number" },
  vip: { type: "boolean" },
} as const;

// Every value that matters for the thresholds below: each of them, and something in each gap; the least risky first.
const SCALES = {
  confidence: [1, 0.9, 0.8, 0.7, 0.5, 0.2, 0],
  rating: [9, 3, 2, -1],
  amount: [0, 7, 10, 30, 50, 99],
  total: [0, 7, 10, 30, 50, 99],
  cases: [1, 2, 3],
} as const;
const TOTAL = "sum of USD per agent within P1D";
const CASES = "cases within PT1H";
// Each of the two hours that rules tell apart, on both kinds of days.
const MOMENTS = [
  "2025-01-13T03:00:00.000Z",
  "2025-01-13T12:00:00.000Z",
  "2025-01-18T03:00:00.000Z",
  "2025-01-18T12:00:00.000Z",
];

const operator = fc.constantFrom("gt", "gte", "lt", "lte", "eq");
const ordering = (...values: (number | string)[]): fc.Arbitrary<object> =>
  fc
    .array(fc.tuple(operator, fc.constantFrom(...values)), { minLength: 1, maxLength: 2 })
    .map((tests): object => Object.fromEntries(tests));
const test = fc.oneof(
  ordering(0.5, 0.8).map((confidence) => ({ confidence })),
  ordering("10 USD", "50 USD").map((amount) => ({ amount })),
  ordering("10 EUR", "50 EUR").map((amount) => ({ amount })),
  ordering(3).map((rating) => ({ rating })),
  fc.constantFrom([3, -1], [3]).map((list) => ({ rating: { in: list } })),
  fc.constantFrom([0.5, 0.8, 1], [0, 0.8]).map((list) => ({ confidence: { in: list } })),
  ordering(1).map((count) => ({ count })),
  fc.boolean().map((eq) => ({ vip: { eq } })),
  fc.constantFrom("x", ["x", "y"]).map((has) => ({ tags: { has } })),
  fc.constantFrom(["x"], ["x", "y"]).map((hasAny) => ({ tags: { hasAny } })),
  ordering("10 USD", "50 USD").map((limits) =>
    limited({ of: "amount", per: "agent", over: "P1D" }, limits, "cumulative"),
  ),
  ordering(2).map((limits) => limited({ over: "PT1H" }, limits, "rate")),
  fc.constantFrom({ hour: { lt: 6 } }, { weekday: { eq: "sat" } }).map((time) => ({ time })),
  fc.constantFrom({ eq: "pay" }, { in: ["pay", "refund"] }).map((action) => ({ action })),
);

// Sums and counts take no `eq`.
function limited(scope: object, { eq, ...limits }: { eq?: unknown }, word: string): object {
  return { [word]: { ...scope, ...limits, ...(eq === undefined ? {} : { gte: eq, lte: eq }) } };
}

const routed = fc.oneof(
  fc.constantFrom<Route>("execute", "flag", "clarify", "review", "suggest", "block").map((route) => ({ route })),
  fc.constant({ route: "veto", review: { window: "PT1H" } }),
  fc.constant({ route: "review", review: { within: "PT1H", otherwise: "execute" } }),
);

const conditions = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 2, depthSize: "small" },
    test,
    fc.tuple(test, test).map(([one, other]) => ({ ...one, ...other })),
    fc.array(tie("any"), { minLength: 1, maxLength: 3 }).map((all) => ({ all })),
    fc.array(tie("any"), { minLength: 1, maxLength: 3 }).map((any) => ({ any })),
    tie("any").map((not) => ({ not })),
  ),
})).any;

/** Small policies whose every distinction is on one grid of proposals; about a third keep the promise about more risk. */
export const smallPolicy = fc.record(
  {
    facts: fc.constant(SMALL_FACTS),
    rules: fc
      .array(
        fc.record(
          {
            action: fc.constantFrom("pay", ["pay", "refund"]),
            when: conditions,
            routed,
          },
          { requiredKeys: ["routed"], noNullPrototype: true },
        ),
        { maxLength: 4 },
      )
      .map((rules) => rules.map(({ routed: where, ...rule }, i) => ({ ...rule, ...where, id: `r${i}` }))),
    default: routed,
  },
  { noNullPrototype: true },
) as fc.Arbitrary<PolicySource & { rules: NonNullable<PolicySource["rules"]> }>;

/** One proposal of the grid: how risky each directed fact is, by its place in {@link SCALES}, and all the rest. */
interface Cell {
  readonly risks: readonly number[];
  readonly rest: string;
  readonly input: PolicyInput;
}

/** Every proposal that the policy can tell from another; what it does not read has one value. */
function* grid(policy: PolicyDocument): Generator<Cell> {
  const text = JSON.stringify(policy.rules);
  const among = <T>(word: string, values: readonly T[]): readonly T[] =>
    text.includes(word) ? values : values.slice(0, 1);
  const sums = text.includes('"cumulative":{"') ? SCALES.amount : among('"amount":{"', SCALES.amount);
  for (const action of ["pay", "refund", "mail"])
    for (const currency of ["USD", "EUR"])
      for (const count of among('"count":{"', [0, 1, 2]))
        for (const vip of among('"vip":{"', [false, true]))
          for (const tags of among('"tags":{"', [[], ["x"], ["y"], ["x", "y"]]))
            for (const at of among('"time":{"', MOMENTS))
              for (const [i, confidence] of among('"confidence":{"', SCALES.confidence).entries())
                for (const [j, rating] of among('"rating":{"', SCALES.rating).entries())
                  for (const [k, value] of sums.entries())
                    for (const [l, total] of among('"cumulative":{"', SCALES.total).entries())
                      for (const [m, cases] of among('"rate":{"', SCALES.cases).entries()) {
                        if (total < value && text.includes('"cumulative":{"')) continue;
                        const facts = { count, vip, tags, confidence, rating, amount: { value, currency } };
                        const history = { [TOTAL]: Math.max(0, total - value), [CASES]: cases - 1 };
                        const rest = JSON.stringify([action, currency, count, vip, tags, at]);
                        yield { risks: [i, j, k, l, m], rest, input: { action, agent: "bot", facts, at, history } };
                      }
}

/** Whether there are few enough proposals to go through them all. */
export function isSmall(policy: PolicyDocument, most: number): boolean {
  let size = 0;
  for (const _ of grid(policy)) if (++size > most) return false;
  return true;
}

/** How strict the route is; `undefined` if the proposal cannot be evaluated. */
export function strictness(policy: PolicyDocument, input: PolicyInput): number | undefined {
  const { route, failedClosed, requires } = expectedRouting(policy, input);
  return failedClosed ? undefined : strictnessOf(route, requires?.otherwise);
}

/** How strict a route is: a review that executes when nobody decides lies between `clarify` and every other review. */
export function strictnessOf(route: Route, otherwise: string | undefined): number {
  const executes = route === "review" && otherwise === "execute";
  return executes ? (ROUTES.indexOf("clarify") + ROUTES.indexOf("review")) / 2 : ROUTES.indexOf(route);
}

/** Whether one proposal of the grid is routed stricter than one that is at least as risky in every fact and else the same. */
export function hasDescent(policy: PolicyDocument): boolean {
  const groups = new Map<string, { risks: readonly number[]; strict: number }[]>();
  for (const { risks, rest, input } of grid(policy)) {
    const strict = strictness(policy, input);
    if (strict === undefined) continue;
    const group = groups.get(rest) ?? [];
    group.push({ risks, strict });
    groups.set(rest, group);
  }
  return [...groups.values()].some((group) =>
    group.some((safer) =>
      group.some(
        (riskier) =>
          riskier.strict < safer.strict && riskier.risks.every((risk, axis) => risk >= (safer.risks[axis] ?? 0)),
      ),
    ),
  );
}

const DOWN = new Set(["confidence", "rating"]);
const UP = new Set(["risk", "novelty", "fraudScore"]);

/** Whether the one proposal is the other with some fact moved towards more risk, and none towards less. */
export function isRiskier(than: PolicyInput, input: PolicyInput): boolean {
  const facts = input.facts as Record<string, unknown>;
  const other = than.facts as Record<string, unknown>;
  if (Object.keys(facts).toSorted().join() !== Object.keys(other).toSorted().join()) return false;
  const isOrdered = Object.entries(facts).every(([fact, value]) => {
    const before = other[fact];
    if (DOWN.has(fact)) return (value as number) <= (before as number);
    if (UP.has(fact)) return (value as number) >= (before as number);
    if (fact !== "amount") return JSON.stringify(value) === JSON.stringify(before);
    const [sum, sumBefore] = [value, before] as [
      { value: number; currency: string },
      { value: number; currency: string },
    ];
    return sum.currency === sumBefore.currency && sum.value >= sumBefore.value;
  });
  const totals = (of: PolicyInput): [string, number][] =>
    Object.entries(of.history ?? {}).map(([name, past]) => [
      name,
      past + (name.startsWith("cases") ? 1 : (of.facts.amount?.value ?? 0)),
    ]);
  const before = new Map(totals(than));
  const isGrown = totals(input).every(([name, total]) => total >= (before.get(name) ?? Infinity) - 1e-9);
  return isOrdered && isGrown && input.at === than.at && input.action === than.action && input.agent === than.agent;
}
