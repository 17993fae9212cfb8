import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { authority, NO_AUTHORITY, type Authority, type LimitSource } from "../../src/authority/authority.js";
import { cumulativeQueries, whyBeyondLimits, whyNotQualified, type LimitQuery } from "../../src/authority/limits.js";
import type { Reviewer } from "../../src/model/reviewer.js";
import { person } from "./people.js";

const DAY = 86_400_000;
const usd = (value: number) => ({ value, currency: "USD" });
const limited = (...limits: LimitSource[]): Authority => authority({ limits });
const nothingBefore = (): number => 0;
const notAsked = (): number => expect.unreachable("the past was asked for");

const manager = person("ana", { roles: ["manager"] });
const clerk = person("bo", { roles: ["clerk"] });
const both = person("cy", { roles: ["clerk", "manager"] });
const nobody = person("dee", { roles: ["visitor"] });

const of = (value: number, action = "refund", currency = "USD") => ({ action, amount: { value, currency } });

/** Whether somebody may let it run, and what is said if not. */
function why(held: Authority, by: typeof manager, subject: Parameters<typeof whyBeyondLimits>[2]): string | null {
  return whyBeyondLimits(held, by, subject, notAsked);
}

describe("limits for one case", () => {
  const held = limited(
    { role: "clerk", upTo: "500 USD" },
    { role: "manager", upTo: ["10000 USD", "9000 EUR"] },
    { person: "bo", action: "refund", upTo: "750.5 USD" },
    { role: "manager", action: ["credit", "refund"], upTo: "400 JPY" },
  );

  const people = { ana: manager, bo: clerk, cy: both, dee: nobody };

  test.each([
    ["ana", "refund", 0, "USD"],
    ["ana", "refund", 9_999.99, "USD"],
    ["ana", "refund", 10_000, "USD"],
    ["ana", "refund", 9_000, "EUR"],
    ["ana", "credit", 400, "JPY"],
    ["cy", "refund", 10_000, "USD"],
    ["bo", "pay", 500, "USD"],
    ["bo", "refund", 750.5, "USD"],
  ] as const)("let %s run a %s of %d %s", (by, action, value, currency) => {
    expect(why(held, people[by], of(value, action, currency))).toBeNull();
  });

  test.each([
    ["ana", "refund", 12_000, "USD", "Ana may approve up to 10,000 USD; this is 12,000 USD"],
    ["ana", "refund", 10_000.01, "USD", "Ana may approve up to 10,000 USD; this is 10,000.01 USD"],
    ["ana", "refund", 9_500, "EUR", "Ana may approve up to 9,000 EUR; this is 9,500 EUR"],
    ["bo", "refund", 750.51, "USD", "Bo may approve up to 750.5 USD; this is 750.51 USD"],
    ["bo", "pay", 501, "USD", "Bo may approve up to 500 USD; this is 501 USD"],
    ["cy", "refund", 10_001, "USD", "Cy may approve up to 10,000 USD; this is 10,001 USD"],
    ["bo", "refund", 1, "EUR", "Bo has no limit in EUR up to which refund may be approved"],
    ["ana", "pay", 1, "JPY", "Ana has no limit in JPY up to which pay may be approved"],
    ["ana", "refund", 1, "CHF", "Ana has no limit in CHF up to which refund may be approved"],
    ["dee", "refund", 0, "USD", "Dee has no limit in USD up to which refund may be approved"],
  ] as const)("do not let %s run a %s of %d %s", (by, action, value, currency, expected) => {
    expect(why(held, people[by], of(value, action, currency))).toBe(expected);
  });

  test("those of other actions do not apply", () => {
    const onRefunds = limited({ role: "manager", action: "refund", upTo: "100 USD" });
    expect(why(onRefunds, nobody, of(1_000_000, "pay"))).toBeNull();
    expect(why(onRefunds, nobody, { action: "pay", amount: undefined })).toBeNull();
    expect(why(onRefunds, nobody, of(1))).not.toBeNull();
  });

  test("that name no action do not apply where there is no amount", () => {
    expect(why(limited({ role: "manager", upTo: "5 USD" }), nobody, { action: "mail", amount: undefined })).toBeNull();
  });

  test("that name the action need an amount", () => {
    const subject = { action: "refund", amount: undefined };
    expect(why(held, manager, subject)).toBe("Ana may let refund run only up to a limit, and its amount is not known");
    expect(why(limited({ role: "x", action: "refund", upTo: "5 USD", over: "P1D" }), manager, subject)).toMatch(
      /amount is not known/,
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -1, 2 ** 53])("an amount of %s is not known", (value) => {
    expect(why(held, manager, of(value))).toMatch(/its amount is not known/);
  });

  test("without any, amounts do not matter", () => {
    expect(why(NO_AUTHORITY, nobody, of(1e12))).toBeNull();
    expect(why(NO_AUTHORITY, nobody, { action: "refund", amount: undefined })).toBeNull();
  });

  test("an amount is compared as people mean it", () => {
    const small = limited({ role: "manager", upTo: "0.3 USD" });
    expect(why(small, manager, of(0.1 + 0.2))).toBeNull();
    expect(why(small, manager, of(0.300001))).toBe("Ana may approve up to 0.3 USD; this is 0.300001 USD");
  });
});

describe("limits within a time", () => {
  const held = limited(
    { role: "clerk", upTo: "500 USD" },
    { role: "manager", upTo: "10000 USD" },
    { role: "manager", upTo: "40000 USD", over: "P1D" },
    { person: "ana", upTo: "60000 USD", over: "P7D" },
  );

  test("are kept with what was approved before", () => {
    const before = (query: LimitQuery): number => (query.overMs === DAY ? 39_000 : 0);
    expect(whyBeyondLimits(held, manager, of(1_000), before)).toBeNull();
    expect(whyBeyondLimits(held, manager, of(5_000), before)).toBe(
      "Ana has approved 39,000 USD within a day; with this 5,000 USD it would be 44,000 USD, and the limit is 40,000 USD",
    );
    expect(whyBeyondLimits(held, manager, of(5_000), nothingBefore)).toBeNull();
  });

  test("of several times all have to be kept", () => {
    const inAWeek = (query: LimitQuery): number => (query.overMs === DAY ? 0 : 59_000);
    expect(whyBeyondLimits(held, manager, of(1_000), inAWeek)).toBeNull();
    expect(whyBeyondLimits(held, manager, of(1_001), inAWeek)).toMatch(/within 7 days; .* the limit is 60,000 USD$/);
  });

  test("of those with the same time the most generous one counts", () => {
    const several = limited(
      { role: "clerk", upTo: "1000 USD", over: "P1D" },
      { role: "manager", upTo: "40000 USD", over: "PT24H" },
      { person: "cy", upTo: "2000 USD", over: "P1D" },
    );
    expect(cumulativeQueries(several, both, of(1))).toHaveLength(1);
    expect(whyBeyondLimits(several, both, of(1_000), () => 39_000)).toBeNull();
    expect(whyBeyondLimits(several, both, of(1_001), () => 39_000)).toMatch(/limit is 40,000 USD/);
    expect(whyBeyondLimits(several, clerk, of(1), () => 1_000)).toMatch(/limit is 1,000 USD/);
  });

  test("that sum other actions are limits of their own", () => {
    const several = limited(
      { role: "manager", upTo: "40000 USD", over: "P1D" },
      { role: "manager", action: "refund", upTo: "2000 USD", over: "P1D" },
    );
    const before = ({ actions }: LimitQuery): number => (actions === null ? 30_000 : 1_500);
    expect(whyBeyondLimits(several, manager, of(500), before)).toBeNull();
    expect(whyBeyondLimits(several, manager, of(501), before)).toMatch(/limit is 2,000 USD/);
    expect(whyBeyondLimits(several, manager, of(501, "pay"), before)).toBeNull();
  });

  test("do not bind whoever has none, but a limit for one case", () => {
    expect(why(held, clerk, of(500))).toBeNull();
    expect(why(held, clerk, of(501))).toMatch(/up to 500 USD/);
  });

  test("alone let nobody run anything who has none", () => {
    const alone = limited({ role: "manager", upTo: "40000 USD", over: "P1D" });
    expect(why(alone, clerk, of(1))).toBe("Bo has no limit in USD up to which refund may be approved");
    expect(why(alone, manager, of(1, "refund", "EUR"))).toMatch(/no limit in EUR/);
    expect(whyBeyondLimits(alone, manager, of(40_000), nothingBefore)).toBeNull();
  });

  test("do not stand in for a limit for one case", () => {
    const clerksOnly = limited({ role: "clerk", upTo: "500 USD" }, { role: "manager", upTo: "40000 USD", over: "P1D" });
    expect(why(clerksOnly, manager, of(1))).toMatch(/Ana has no limit in USD/);
  });

  test("say nothing about other currencies, where a limit for one case does", () => {
    const euros = limited(
      { role: "manager", upTo: ["10000 USD", "10000 EUR"] },
      { role: "manager", upTo: "40000 USD", over: "P1D" },
    );
    expect(why(euros, manager, of(10_000, "refund", "EUR"))).toBeNull();
  });

  test("are not asked about once the case alone is too much", () => {
    expect(why(held, manager, of(10_001))).toMatch(/up to 10,000 USD/);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -1, 2 ** 53])("a past of %s is not known", (before) => {
    expect(whyBeyondLimits(held, manager, of(1), () => before)).toBe(
      "what Ana has approved in USD within a day is not known",
    );
  });

  test("sums leave no dust behind", () => {
    const small = limited({ role: "manager", upTo: "0.3 USD", over: "P1D" });
    expect(whyBeyondLimits(small, manager, of(0.2), () => 0.1)).toBeNull();
    expect(whyBeyondLimits(small, manager, of(0.21), () => 0.1)).toMatch(/it would be 0.31 USD/);
    const cents = limited({ role: "manager", upTo: "1 USD", over: "P1D" });
    const before = Array.from({ length: 9 }, () => 0.1).reduce((sum, each) => sum + each, 0);
    expect(whyBeyondLimits(cents, manager, of(0.1), () => before)).toBeNull();
  });
});

describe("what has to be known of the past", () => {
  const held = limited(
    { role: "manager", upTo: "10000 USD" },
    { role: "manager", upTo: ["40000 USD", "30000 EUR"], over: "P1D" },
    { role: "manager", action: ["refund", "credit"], upTo: "2000 USD", over: "PT1H" },
    { role: "clerk", upTo: "1 USD", over: "P30D" },
  );

  test("is what the person's own limits within a time sum up", () => {
    expect(cumulativeQueries(held, manager, of(5))).toEqual([
      { currency: "USD", actions: null, overMs: DAY },
      { currency: "USD", actions: ["credit", "refund"], overMs: DAY / 24 },
    ]);
    expect(cumulativeQueries(held, manager, of(5, "pay", "EUR"))).toEqual([
      { currency: "EUR", actions: null, overMs: DAY },
    ]);
  });

  test("is nothing where no limit within a time applies", () => {
    expect(cumulativeQueries(held, nobody, of(5))).toEqual([]);
    expect(cumulativeQueries(held, manager, of(5, "pay", "CHF"))).toEqual([]);
    expect(cumulativeQueries(held, manager, { action: "refund", amount: undefined })).toEqual([]);
    expect(cumulativeQueries(NO_AUTHORITY, manager, of(5))).toEqual([]);
  });

  const arbitraryLimit: fc.Arbitrary<LimitSource> = fc
    .record({
      whose: fc.constantFrom("clerk", "manager", "ana"),
      action: fc.constantFrom(undefined, "refund", "pay", ["refund", "pay"]),
      upTo: fc.tuple(fc.integer({ min: 0, max: 99 }), fc.constantFrom("USD", "EUR")),
      over: fc.constantFrom(undefined, "P1D" as const, "P7D" as const),
    })
    .map(({ whose, action, upTo: [value, currency], over }): LimitSource => ({
      ...(whose === "ana" ? { person: whose } : { role: whose }),
      action,
      upTo: { value, currency },
      over,
    }));
  const arbitraryCase = fc.record({
    held: fc.array(arbitraryLimit, { maxLength: 6 }).map((limits) => authority({ limits })),
    by: fc.constantFrom(manager, clerk, both, nobody),
    subject: fc
      .tuple(fc.integer({ min: 0, max: 99 }), fc.constantFrom("refund", "pay", "mail"))
      .map(([v, a]) => of(v, a)),
  });

  test("is all that is ever asked for", () => {
    fc.assert(
      fc.property(arbitraryCase, fc.nat({ max: 99 }), ({ held, by, subject }, before) => {
        const known = cumulativeQueries(held, by, subject);
        whyBeyondLimits(held, by, subject, (query) => {
          expect(known).toContainEqual(query);
          return before;
        });
        expect(new Set(known.map((query) => JSON.stringify(query))).size).toBe(known.length);
      }),
      { numRuns: 1_000 },
    );
  });

  test("and the more there is of it, or of the amount, the less may run", () => {
    fc.assert(
      fc.property(arbitraryCase, fc.nat({ max: 99 }), fc.nat({ max: 9 }), ({ held, by, subject }, before, more) => {
        fc.pre(whyBeyondLimits(held, by, subject, () => before) !== null);
        const larger = { ...subject, amount: usd(subject.amount.value + more) };
        expect(whyBeyondLimits(held, by, larger, () => before)).not.toBeNull();
        expect(whyBeyondLimits(held, by, subject, () => before + more)).not.toBeNull();
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("what somebody has to hold", () => {
  const NOW = "2026-03-30T10:30:00.000Z";
  const held = authority({
    needs: [
      { action: "close", licence: "series-7" },
      { action: ["close", "pay"], licence: "series-7", training: "aml" },
    ],
  });
  const ana: Reviewer = {
    id: "ana",
    name: "Ana",
    roles: [],
    groups: [],
    licences: [{ name: "series-7", until: null }],
    training: [{ name: "aml", until: "2026-04-01T00:00:00Z" }],
    away: null,
    active: true,
  };

  test("is all that any rule for the action asks for", () => {
    expect(whyNotQualified(held, "close", ana, NOW)).toBeNull();
    expect(whyNotQualified(held, "pay", ana, NOW)).toBeNull();
    expect(whyNotQualified(held, "close", { ...ana, training: [] }, NOW)).toBe(
      "Ana may not let close run without training aml",
    );
    expect(whyNotQualified(held, "pay", { ...ana, licences: [], training: [] }, NOW)).toBe(
      "Ana may not let pay run without licence series-7 and training aml",
    );
  });

  test("is nothing for an action that no rule names", () => {
    expect(whyNotQualified(held, "refund", { ...ana, licences: [], training: [] }, NOW)).toBeNull();
    expect(whyNotQualified(held, "refund", null, NOW)).toBeNull();
    expect(whyNotQualified(NO_AUTHORITY, "close", null, NOW)).toBeNull();
  });

  test("counts until it runs out, and it is said when that was", () => {
    const why = whyNotQualified(held, "close", ana, "2026-04-01T00:00:00Z");
    expect(why).toBe("Ana may not let close run without training aml (ran out at 2026-04-01T00:00:00Z)");
    const twice = { ...ana, training: [...ana.training, { name: "aml", until: "2025-04-01T00:00:00Z" }] };
    expect(whyNotQualified(held, "close", twice, "2026-04-02T00:00:00Z")).toMatch(/ran out at 2026-04-01T/);
  });

  test("is held by nobody who is not registered", () => {
    expect(whyNotQualified(held, "close", null, NOW)).toBe(
      "to let close run needs licence series-7 and training aml, and who is not registered holds none",
    );
  });

  test("a licence is no training of that name", () => {
    const swapped = { ...ana, licences: ana.training, training: ana.licences };
    expect(whyNotQualified(held, "close", swapped, NOW)).toMatch(/licence series-7 and training aml/);
  });
});
