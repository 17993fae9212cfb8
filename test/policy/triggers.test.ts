import { describe, expect, test } from "vitest";
import type { PolicyInput } from "../../src/model/facts.js";
import { AssentError } from "../../src/model/error.js";
import { parsePolicy } from "../../src/policy/parse.js";
import type { Policy } from "../../src/policy/policy.js";

/** A policy that reviews where `when` holds and executes where it does not. */
const reviewing = (when: string, more = ""): Policy =>
  parsePolicy(`
facts: { customer: { type: string }, vip: { type: boolean } }
rules: [ { id: it, when: ${when}, route: review } ]
default: { route: execute }
${more}`);

/** The lines that are told about such a policy, without file and place. */
function told(when: string, route = "review", fallback = "execute"): string[] {
  try {
    parsePolicy(`
facts: { customer: { type: string }, vip: { type: boolean } }
rules:
  - { id: it, when: ${when}, route: ${route} }
default: { route: ${fallback} }`);
    return [];
  } catch (error) {
    if (!AssentError.isInstance(error, "policy_invalid")) throw error;
    return error.message.split("\n  ").slice(1);
  }
}

const pay = (value: number, more: Partial<PolicyInput> = {}): PolicyInput => ({
  action: "pay",
  agent: "bot",
  facts: { amount: { value, currency: "USD" }, customer: "c-1", vip: false },
  ...more,
});

describe("cumulative", () => {
  const splitting = reviewing("{ cumulative: { of: amount, per: customer, over: P1D, gt: 10000 USD } }");
  const [query] = splitting.history;
  const after = (past: number): PolicyInput => pay(9_999, { history: { [query?.name ?? ""]: past } });

  test("is asked of the ledger as one query, whatever action the rule is about", () => {
    expect(splitting.history).toEqual([
      {
        name: "sum of USD per customer within P1D",
        of: "amount",
        currency: "USD",
        per: ["customer"],
        overMs: 86_400_000,
      },
    ]);
    const two = parsePolicy(`
facts: { customer: { type: string } }
rules:
  - { id: a, action: pay, when: { cumulative: { of: amount, per: [customer, agent], over: PT24H, gte: 5 USD } }, route: review }
  - { id: b, when: { any: [ { not: { cumulative: { of: amount, per: [agent, customer], over: P1D, lt: 9 USD } } } ] }, route: block }
  - { id: c, when: { cumulative: { of: count, action: [pay, mail], over: PT1H, gte: 3 } }, route: review }
default: { route: execute }`);
    expect(two.history).toEqual([
      { name: 'cases of "mail", "pay" within PT1H', of: "count", per: [], actions: ["mail", "pay"], overMs: 3_600_000 },
      {
        name: "sum of USD per agent, customer within P1D",
        of: "amount",
        currency: "USD",
        per: ["agent", "customer"],
        overMs: 86_400_000,
      },
    ]);
    expect(Object.isFrozen(two.history)).toBe(true);
  });

  test("adds this proposal to what came before: three payments of 9,999 in a day are no longer small", () => {
    expect([0, 9_999, 19_998].map((past) => splitting.evaluate(after(past)).route)).toEqual([
      "execute",
      "review",
      "review",
    ]);
    expect(splitting.evaluate(after(1)).route).toBe("execute");
    expect(splitting.evaluate(after(1.01)).route).toBe("review");
    expect(splitting.evaluate(after(19_998)).explanation).toBe(
      'Rule "it" sends it to review: 19998 USD from earlier cases and this one make 29997 USD for customer "c-1" within a day, above 10000 USD.',
    );
  });

  test("is written down with the routing", () => {
    const more = { history: { ...after(9_999).history, other: 7 } };
    expect(splitting.evaluate(pay(1, more)).history).toEqual({ "sum of USD per customer within P1D": 9_999 });
    expect(splitting.evaluate(pay(1))).not.toHaveProperty("history");
  });

  test("adds as people do, without the dust of binary fractions", () => {
    const dimes = reviewing("{ cumulative: { of: amount, over: P1D, gt: 0.3 USD } }");
    const history = (past: number): Partial<PolicyInput> => ({ history: { "sum of USD within P1D": past } });
    expect(dimes.evaluate(pay(0.1, history(0.2))).route).toBe("execute");
    expect(dimes.evaluate(pay(0.1, history(0.21))).route).toBe("review");
  });

  test.each([
    ["nothing is known", pay(1), "sum of USD per customer within P1D is not known"],
    [
      "what is known is no number",
      pay(1, { history: { "sum of USD per customer within P1D": Number.NaN } }),
      "sum of USD per customer within P1D is not known",
    ],
    ["it is less than nothing", after(-1), "sum of USD per customer within P1D is not known"],
    ["it is too much to be exact", after(2 ** 53), "sum of USD per customer within P1D is not known"],
    [
      "the amount is in another currency",
      { ...after(0), facts: { customer: "c-1", amount: { value: 1, currency: "EUR" } } },
      "amount is in EUR, not in USD",
    ],
    ["the amount is missing", { ...after(0), facts: { customer: "c-1" } }, "amount is missing"],
    [
      "whose it is is missing",
      { ...after(0), facts: { amount: { value: 1, currency: "USD" } } },
      "customer is missing",
    ],
  ])("fails closed where %s", (_, input, doubt) => {
    const routing = splitting.evaluate(input);
    expect(routing).toMatchObject({ route: "review", rules: [], failedClosed: true });
    expect(routing.explanation).toContain(doubt);
  });

  test("lets nothing laxer through where it is unknown", () => {
    const lax = parsePolicy(`
rules: [ { id: little, when: { cumulative: { of: amount, over: P1D, lte: 100 USD } }, route: execute } ]
default: { route: block }`);
    expect(lax.evaluate(pay(1)).route).toBe("review");
    expect(lax.evaluate(pay(1, { history: { "sum of USD within P1D": 99 } })).route).toBe("execute");
    expect(lax.evaluate(pay(1, { history: { "sum of USD within P1D": 99.5 } })).route).toBe("block");
  });

  test.each([
    ["{ cumulative: { of: amount, over: P1D, gt: 5 } }", "expected an amount such as `50 USD`"],
    ["{ cumulative: { of: count, over: P1D, gt: 5 USD } }", 'expected a whole number of cases, from 0; seen "5 USD"'],
    ["{ cumulative: { of: count, over: P1D, gt: 1.5 } }", "expected a whole number of cases, from 0; seen 1.5"],
    ["{ cumulative: { of: amont, over: P1D, gt: 5 USD } }", "seen `amont`: did you mean `amount`?"],
    ["{ cumulative: { of: amount, over: P1D, gt: 5 USD, lt: 9 EUR } }", "expected one currency; seen USD, EUR"],
    ["{ cumulative: { of: amount, over: P1D } }", "expected a limit (gt, gte, lt, lte); it is missing"],
    ["{ cumulative: { of: amount, gt: 5 USD } }", "expected `over`, how far back, such as `over: P1D`; it is missing"],
    ["{ cumulative: { over: P1D, gt: 5 } }", "expected `of` (amount, count); it is missing"],
    [
      "{ cumulative: { of: count, per: custmer, over: P1D, gt: 5 } }",
      "expected a declared fact of type string (action, agent, customer); seen `custmer`: did you mean `customer`?",
    ],
    [
      "{ cumulative: { of: count, per: [ vip ], over: P1D, gt: 5 } }",
      "expected a fact of type string (action, agent, customer); `vip` is of type boolean",
    ],
    ["{ rate: { per: agent, over: PT1H, gtt: 5 } }", "did you mean `gt`?"],
  ])("%s is refused", (when, problem) => {
    expect(told(when).join("\n")).toContain(problem);
    expect(told(when)[0]).toMatch(/^4:\d+ \$\.rules\[0\]\.when\./);
  });

  test("more of it is more risk: what gets laxer with it is refused, with two proposals that show it", () => {
    expect(told("{ cumulative: { of: amount, over: P1D, lte: 100 USD } }", "block", "review")).toEqual([
      "4:5 $.rules[0]: expected a higher sum of USD within P1D never to be routed laxer; seen sum of USD within P1D 0 routed to " +
        'block by rule "it" but sum of USD within P1D 100.01 to review by the default, both with amount 0 USD: let rule "it" match there too, or ' +
        "write another rule that routes it no laxer than block",
    ]);
    expect(told("{ rate: { over: PT1H, lt: 3 } }", "block", "review").join()).toContain("a higher cases within PT1H");
    expect(told("{ rate: { over: PT1H, lt: 3 } }", "flag", "review")).toEqual([]);
    // The sum cannot be small where the amount alone is not.
    expect(
      told("{ cumulative: { of: amount, over: P1D, lte: 100 USD }, amount: { gt: 100 USD } }", "block", "review"),
    ).toEqual([]);
  });
});

describe("rate", () => {
  test("counts this case with the earlier ones", () => {
    const busy = reviewing("{ rate: { per: agent, over: PT1H, gt: 20 } }");
    const name = busy.history[0]?.name ?? "";
    expect(busy.history).toEqual([
      { name: "cases per agent within PT1H", of: "count", per: ["agent"], overMs: 3_600_000 },
    ]);
    expect(busy.evaluate(pay(1, { history: { [name]: 19 } })).route).toBe("execute");
    const { route, explanation } = busy.evaluate(pay(1, { history: { [name]: 20 } }));
    expect(route).toBe("review");
    expect(explanation).toBe(
      'Rule "it" sends it to review: 20 earlier cases and this one make 21 for agent "bot" within an hour, above 20.',
    );
  });
});

describe("time", () => {
  const at = (policy: Policy, moment: string): string => policy.evaluate(pay(1, { at: moment })).route;

  test("is the hour and the weekday where the policy says, in summer and in winter", () => {
    const night = reviewing("{ time: { hour: { lt: 6 } } }", "timeZone: Europe/Berlin");
    expect(at(night, "2025-01-15T04:59:59.999Z")).toBe("review");
    expect(at(night, "2025-01-15T05:00:00.000Z")).toBe("execute");
    expect(at(night, "2025-07-15T04:00:00.000Z")).toBe("execute");
    expect(at(night, "2025-07-15T22:00:00.000Z")).toBe("review");
    const weekend = reviewing("{ time: { timeZone: Asia/Tokyo, weekday: { in: [ sat, sun ] } } }");
    expect(at(weekend, "2025-01-17T14:59:00.000Z")).toBe("execute");
    expect(at(weekend, "2025-01-17T15:00:00.000Z")).toBe("review");
    expect(at(weekend, "2025-01-19T15:00:00.000Z")).toBe("execute");
  });

  test("is UTC unless said otherwise, and told with its zone", () => {
    const evening = reviewing("{ time: { hour: { gte: 22 }, weekday: { eq: wed } } }");
    expect(evening.evaluate(pay(1, { at: "2025-01-15T22:30:00.000Z" })).explanation).toBe(
      'Rule "it" sends it to review: hour (UTC) 22 is at least 22 and weekday (UTC) is "wed".',
    );
    expect(at(evening, "1969-12-31T23:00:00.000Z")).toBe("review");
  });

  test.each([undefined, "", "now", "2025-01-15", "2025-01-15T22:30:00Z", "2025-02-30T00:00:00.000Z", 0, new Date()])(
    "that is %j is unknown",
    (moment) => {
      const night = reviewing("{ time: { hour: { lt: 6 } } }");
      expect(night.evaluate(pay(1, { at: moment as never }))).toMatchObject({ route: "review", failedClosed: true });
    },
  );

  test("may make a rule laxer, for no time is riskier than another", () => {
    expect(told("{ time: { hour: { gte: 9, lt: 17 } }, amount: { lte: 50 USD } }", "flag", "review")).toEqual([]);
    expect(told("{ time: { hour: { gte: 9, lt: 17 } }, amount: { gt: 50 USD } }", "flag", "review").join()).toMatch(
      /amount 50 USD routed to review by the default but amount 50.01 USD to flag by rule "it", both with the time 2025-01-\d\dT09:00:00.000Z/,
    );
  });

  test("in several zones is judged by what their clocks show at once", () => {
    const offices = (tokyo: string): string =>
      `{ time: { timeZone: Europe/Berlin, hour: { eq: 9 } }, not: { time: { timeZone: Asia/Tokyo, hour: { in: [ ${tokyo} ] } } }, amount: { gt: 50 USD } }`;
    // At nine in Berlin it is four or five in the afternoon in Tokyo, so the second rule never matches.
    expect(told(offices("16"), "flag", "review").join()).toContain("never to be routed laxer");
    expect(told(offices("16, 17"), "flag", "review")).toEqual([]);
  });

  test.each([
    [
      "{ time: {} }",
      "expected a test of the time such as `{ hour: { lt: 6 } }` or `{ weekday: { in: [ sat, sun ] } }`; seen {}",
    ],
    ["{ time: { hour: { lt: 24 } } }", "expected a number from 0 to 23; seen 24"],
    ["{ time: { weekday: { eq: Sunday } } }", "expected a weekday (mon, tue, wed, thu, fri, sat, sun); seen `Sunday`"],
    ["{ time: { weekday: { in: [ sta ] } } }", "seen `sta`: did you mean `sat`?"],
    [
      "{ time: { timeZone: Europe/Berln, hour: { lt: 6 } } }",
      'expected a time zone by its IANA name, such as `Europe/Berlin`; seen "Europe/Berln"',
    ],
    [
      "{ time: { houre: { lt: 6 } } }",
      "expected what of the time is tested (hour, weekday, timeZone); seen `houre`: did you mean `hour`?",
    ],
  ])("%s is refused", (when, problem) => {
    expect(told(when).join("\n")).toContain(problem);
  });
});

describe("hasAny", () => {
  test("is one of them", () => {
    const regulated = reviewing("{ tags: { hasAny: [ gdpr, sox ] } }");
    const tagged = (...tags: string[]): string => regulated.evaluate(pay(1, { facts: { tags } })).explanation;
    expect(tagged("new", "sox")).toBe('Rule "it" sends it to review: "sox" is among tags.');
    expect(tagged("new")).toBe("No rule matches; the default is execute.");
    expect(told("{ tags: { hasAny: [] } }").join()).toContain("expected a list of strings, at least one; seen []");
  });
});
