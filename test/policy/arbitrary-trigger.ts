import * as fc from "fast-check";

/** Moments whose hours and weekdays differ between the zones, and around the limits that the tests below set. */
export const MOMENTS = [
  "2025-01-13T05:30:00.000Z",
  "2025-01-13T22:59:59.999Z",
  "2025-01-17T23:15:00.000Z",
  "2025-07-20T21:45:00.000Z",
  "2025-07-20T22:00:00.000Z",
] as const;

const zone = fc.constantFrom({}, { timeZone: "UTC" }, { timeZone: "Europe/Berlin" });
const hour = fc.constantFrom({ lt: 6 }, { gte: 6, lte: 22 }, { gt: 22 }, { in: [0, 23] }, { eq: 6 });
const weekday = fc.constantFrom({ in: ["sat", "sun"] }, { eq: "mon" });
const time = fc
  .tuple(
    zone,
    fc.oneof(
      hour.map((it) => ({ hour: it })),
      weekday.map((it) => ({ weekday: it })),
      fc.tuple(hour, weekday).map(([a, b]) => ({ hour: a, weekday: b })),
    ),
  )
  .map(([where, when]) => ({ time: { ...where, ...when } }));

const limit = fc.constantFrom("gt", "gte", "lt", "lte");
const sumLimits = (currency: string): fc.Arbitrary<object> =>
  fc
    .tuple(limit, fc.constantFrom(0.3, 50, 10_000))
    .map(([operator, value]) => ({ [operator]: `${value} ${currency}` }));
const countLimits = fc.tuple(limit, fc.constantFrom(1, 3)).map(([operator, value]) => ({ [operator]: value }));

/** What the triggers below ask of earlier cases. */
export const HISTORY_NAMES = [
  "sum of USD per customer within P1D",
  'sum of EUR of "mail", "pay" within P7D',
  "cases per agent within PT1H",
] as const;

const history = fc.oneof(
  sumLimits("USD").map((test) => ({ cumulative: { of: "amount", per: "customer", over: "P1D", ...test } })),
  sumLimits("EUR").map((test) => ({ cumulative: { of: "amount", action: ["pay", "mail"], over: "P1W", ...test } })),
  countLimits.map((test) => ({ cumulative: { of: "count", per: ["agent"], over: "PT60M", ...test } })),
  countLimits.map((test) => ({ rate: { per: "agent", over: "PT1H", ...test } })),
);

/** Expressions in CEL; the reference interpreter has each of them in JavaScript. */
export const CEL_TEXTS = [
  "risk > 0.5 || confidence < 0.5",
  "vip && customer.startsWith('a')",
  "amount.currency == 'USD' && amount.value >= 50",
  "tags.exists(t, t == 'al')",
] as const;

/** Tests of the time, of earlier cases, and in CEL. */
export const arbitraryTrigger: fc.Arbitrary<object> = fc.oneof(
  time,
  history,
  fc.constantFrom(...CEL_TEXTS).map((cel) => ({ cel })),
);
