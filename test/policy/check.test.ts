import { checkPolicy, parsePolicy, type PolicyCheck } from "assent";
import { describe, expect, test } from "vitest";
import { checkWithin } from "../../src/policy/check.js";
import { policy } from "../../src/policy/policy.js";
import type { PolicySource } from "../../src/policy/source.js";

const check = (text: string): PolicyCheck => checkPolicy(parsePolicy(text));
const said = (text: string, kind: string): string[] =>
  check(text)
    .findings.filter((finding) => finding.kind === kind)
    .map(({ what }) => what);

describe("a policy that leaves nothing open", () => {
  test("has no findings", () => {
    const { ok, findings, unfinished, opaque } = check(`
      rules:
        - { id: sure, when: { confidence: { gt: 0.9 } }, route: execute }
        - { id: middle, when: { confidence: { gte: 0.7, lte: 0.9 } }, route: flag }
        - { id: unsure, when: { confidence: { lt: 0.7 } }, route: review }
      default: { route: review }`);
    expect({ ok, findings, unfinished, opaque }).toEqual({ ok: true, findings: [], unfinished: [], opaque: [] });
  });

  test("neither has one that compares no numbers, though its default does most of the work", () => {
    expect(
      check(`
        facts: { vip: { type: boolean } }
        rules: [{ id: vip, when: { vip: { eq: true }, tags: { has: new } }, route: block }]
        default: { route: review }`).ok,
    ).toBe(true);
    expect(check("default: { route: block }").ok).toBe(true);
  });
});

describe("gaps", () => {
  test("lie between the bands of rules, are told as bands, and come with a proposal", () => {
    const { ok, findings } = check(`
      rules:
        - { id: sure, action: refund, when: { confidence: { gt: 0.9 } }, route: execute }
        - { id: unsure, when: { confidence: { lt: 0.7 } }, route: review }
      default: { route: flag }`);
    expect(ok).toBe(false);
    expect(findings).toEqual([
      {
        kind: "gap",
        rules: ["sure", "unsure"],
        what: 'No rule matches confidence at least 0.7 and at most 0.9, so the default applies: flag; beside it: "sure" and "unsure".',
        example: { action: "refund", agent: "any", facts: { confidence: 0.9 } },
      },
      {
        kind: "gap",
        rules: ["unsure"],
        what: 'No rule matches confidence at least 0.7, action other than "refund", so the default applies: flag; beside it: "unsure".',
        example: { action: "other", agent: "any", facts: { confidence: 1 } },
      },
    ]);
  });

  test.each([
    ["confidence: { eq: 0.5 }", "No rule matches confidence below 0.5 or above 0.5, so"],
    ["risk: { in: [0.2, 0.4] }", "No rule matches risk below 0.2 or above 0.2 and below 0.4 or above 0.4, so"],
    ["not: { novelty: { eq: 0.5 } }", "No rule matches novelty exactly 0.5, so"],
    ["not: { novelty: { eq: 0 } }", "No rule matches novelty exactly 0, so"],
    ["amount: { gt: 50 USD }", "No rule matches amount at most 50 USD, so"],
    ["not: { amount: { gt: 50 USD, lte: 70 USD } }", "No rule matches amount above 50 and at most 70 USD, so"],
    ["count: { lt: 3 }", "No rule matches count at least 3, so"],
    ["vip: { eq: true }, risk: { gte: 0.5 }", "No rule matches risk below 0.5, so"],
  ])("where a rule matches on %s only", (when, words) => {
    const text = `
      facts: { count: { type: number }, vip: { type: boolean } }
      rules: [{ id: it, when: { ${when} }, route: block }]
      default: { route: block }`;
    const [gap, ...more] = said(text, "gap");
    expect(gap).toContain(words);
    expect(more).toEqual([]);
  });

  test("may be open for some of the other facts only", () => {
    expect(
      said(
        `
        facts: { vip: { type: boolean }, customer: { type: string } }
        rules:
          - { id: vip, when: { vip: { eq: true } }, route: flag }
          - { id: known, when: { customer: { in: [al, bo] } }, route: block }
          - { id: sick, when: { tags: { has: sick } }, route: block }
          - { id: risky, when: { risk: { gte: 0.5 } }, route: block }
        default: { route: execute }`,
        "gap",
      ),
    ).toEqual([
      'No rule matches risk below 0.5, customer other than "al" or "bo", "sick" not among tags, vip false, ' +
        'so the default applies: execute; beside it: "risky".',
    ]);
  });

  test("are looked for in each currency", () => {
    expect(
      said(
        `
        rules:
          - { id: dollars, action: wire, when: { amount: { lte: 50 USD } }, route: execute }
          - { id: euros, action: sepa, when: { amount: { lt: 40 EUR } }, route: execute }
        default: { route: review }`,
        "gap",
      ),
    ).toEqual([
      'No rule matches amount at least 40 EUR, action other than "wire", so the default applies: review; beside it: "euros".',
      'No rule matches amount above 50 USD, action other than "sepa", so the default applies: review; beside it: "dollars".',
    ]);
  });
});

describe("unreachable rules", () => {
  test("contradict themselves", () => {
    const { findings } = check(`
      rules:
        - { id: both, when: { confidence: { lt: 0.3, gt: 0.4 } }, route: review }
        - { id: outside, when: { not: { risk: { lte: 1 } } }, route: block }
        - { id: never, action: pay, when: { action: { eq: refund } }, route: block }
        - { id: apart, when: { all: [{ amount: { lt: 1 USD } }, { amount: { gt: 2 USD } }] }, route: block }
      default: { route: review }`);
    const dead = findings.filter(({ kind }) => kind === "unreachable");
    expect(dead.map(({ rules, example }) => [rules, example])).toEqual([
      [["both"], null],
      [["outside"], null],
      [["never"], null],
      [["apart"], null],
    ]);
    expect(dead[0]?.what).toBe(
      'Rule "both" (review) never decides: its condition contradicts itself, so that no proposal meets it.',
    );
  });

  test("are overruled wherever they match, by one rule or by several", () => {
    const { findings } = check(`
      rules:
        - { id: low, when: { confidence: { lt: 0.4 } }, route: flag }
        - { id: lower, when: { confidence: { lt: 0.5 } }, route: review }
        - { id: mixed, action: pay, when: { tags: { has: x } }, route: execute }
        - { id: here, when: { risk: { lt: 0.5 } }, route: suggest }
        - { id: there, when: { risk: { gte: 0.5 } }, route: suggest }
      default: { route: review }`);
    const dead = findings.filter(({ kind }) => kind === "unreachable");
    expect(dead.map(({ rules }) => rules)).toEqual([
      ["low", "lower"],
      ["mixed", "here", "there"],
    ]);
    expect(dead[1]?.what).toBe(
      'Rule "mixed" (execute) never decides: wherever it matches, rules "here" and "there" are stricter.',
    );
    expect(dead[0]?.example?.facts.confidence).toBe(0.39);
    // Told once: that the stricter rules match there too goes without saying.
    expect(findings.filter(({ kind, rules }) => kind === "overlap" && rules.includes("low"))).toEqual([]);
  });

  test("are not those that decide where a fact is missing", () => {
    const source = {
      rules: [
        { id: "new", when: { tags: { has: "new" } }, route: "review" },
        { id: "here", when: { risk: { lt: 0.5 } }, route: "block" },
        { id: "there", when: { risk: { gte: 0.5 } }, route: "block" },
      ],
      default: { route: "review" },
    } as const satisfies PolicySource;
    const loaded = policy(source);
    expect(loaded.evaluate({ action: "pay", agent: "bot", facts: { tags: ["new"] } }).rules).toEqual(["new"]);
    expect(checkPolicy(loaded).findings.filter(({ kind }) => kind === "unreachable")).toEqual([]);
  });

  test("are those that can be evaluated only where another rule cannot", () => {
    const [dead] = said(
      `
      rules:
        - { id: dollars, when: { amount: { lte: 50 USD } }, route: execute }
        - { id: euros, when: { amount: { lte: 40 EUR } }, route: execute }
      default: { route: review }`,
      "unreachable",
    );
    expect(dead).toBe('Rule "dollars" (execute) never decides: wherever it matches, rule "euros" cannot be evaluated.');
  });
});

describe("overlaps", () => {
  test("name the rule that wins, the region and a proposal in it", () => {
    const { findings } = check(`
      facts: { customer: { type: string } }
      rules:
        - { id: unsure, when: { confidence: { lt: 0.7 } }, route: review }
        - { id: rather, when: { confidence: { lt: 0.6 } }, route: review }
        - { id: barred, when: { customer: { eq: c-13 } }, route: block }
        - { id: sure, when: { confidence: { gte: 0.7 } }, route: flag }
      default: { route: review }`);
    const overlaps = findings.filter(({ kind }) => kind === "overlap");
    expect(overlaps.map(({ rules }) => rules)).toEqual([
      ["barred", "unsure"],
      ["barred", "rather"],
      ["barred", "sure"],
    ]);
    expect(overlaps[0]).toMatchObject({
      what: 'Rules "barred" (block) and "unsure" (review) both match confidence below 0.7, customer "c-13": "barred" wins, for it is stricter.',
      example: { facts: { customer: "c-13", confidence: 0.69 } },
    });
  });

  test("may be of everything", () => {
    expect(
      said(
        "rules: [{ id: a, route: flag }, { id: b, when: { risk: { gt: 0.5 } }, route: block }]\ndefault: { route: flag }",
        "overlap",
      ),
    ).toEqual(['Rules "b" (block) and "a" (flag) both match risk above 0.5: "b" wins, for it is stricter.']);
  });
});

describe("rules on the time, on earlier cases, and with expressions", () => {
  const text = `
    facts: { customer: { type: string } }
    rules:
      - { id: small, action: refund, when: { amount: { lte: 50 USD } }, route: execute }
      - { id: splitting, action: refund, when: { cumulative: { of: amount, per: customer, over: P1D, gt: 10000 USD } }, route: review }
      - { id: more, action: refund, when: { cumulative: { of: amount, per: customer, over: P1D, gt: 20000 USD } }, route: execute }
      - { id: night, action: refund, when: { time: { hour: { gte: 22 } } }, route: review }
      - { id: odd, when: { cel: "hour < 6 || hour > 22" }, route: review }
    default: { route: review }`;

  test("are looked at as far as they can be seen through, and the others are named", () => {
    const loaded = parsePolicy(text);
    const { findings, opaque } = checkPolicy(loaded);
    expect(opaque).toEqual(["odd"]);
    expect(findings.filter(({ kind }) => kind === "unreachable").map(({ rules }) => rules)).toEqual([
      ["more", "splitting"],
    ]);
    const [gap] = findings.filter(({ kind }) => kind === "gap");
    expect(gap?.what).toMatch(/^No rule matches amount above 50 USD, .*at most 10000 USD, .*at some times/);
    expect(loaded.evaluate(gap!.example!)).toMatchObject({ route: "review", rules: [] });
    expect(loaded.evaluate(gap!.example!).failedClosed).toBeUndefined();
    const pairs = findings.filter(({ kind }) => kind === "overlap").map(({ rules }) => rules);
    expect(pairs).toEqual([
      ["splitting", "small"],
      ["night", "small"],
    ]);
  });
});

describe("rules on an amount and on a sum that it is part of", () => {
  const sum = "of: amount, per: customer, over: P1D";
  const rules = (...lines: string[]): string => `
    facts: { customer: { type: string }, vip: { type: boolean } }
    rules:
${lines.map((line) => `      - ${line}`).join("\n")}
    default: { route: review }`;

  test("contradict themselves where the sum leaves no room for the amount", () => {
    const text = (limit: string): string =>
      rules(
        `{ id: never, when: { amount: { gte: 100 EUR }, cumulative: { ${sum}, ${limit} EUR } }, route: execute }`,
        "{ id: all, route: clarify }",
      );
    const [never] = check(text("lt: 100")).findings;
    expect(never).toMatchObject({ kind: "unreachable", rules: ["never"], example: null });
    expect(never?.what).toContain("contradicts itself");
    const [overruled] = check(text("lte: 100")).findings;
    expect(overruled).toMatchObject({ kind: "unreachable", rules: ["never", "all"] });
    expect(overruled?.example).toMatchObject({ facts: { amount: { value: 100, currency: "EUR" } } });
  });

  test("contradict themselves also where a sum is rounded: it is no less than its parts", () => {
    const text = rules(
      `{ id: never, when: { amount: { gt: 100 EUR }, cumulative: { ${sum}, lte: 100 EUR } }, route: execute }`,
    );
    expect(check(text).findings[0]).toMatchObject({ kind: "unreachable", example: null });
    const { name } = parsePolicy(text).history[0]!;
    const facts = { amount: { value: 100.000_000_4, currency: "EUR" }, customer: "al" };
    const routing = parsePolicy(text).evaluate({ action: "pay", agent: "bot", facts, history: { [name]: 0 } });
    expect(routing).toMatchObject({ route: "review", rules: [] });
    expect(routing.failedClosed).toBeUndefined();
  });

  test("are shown by a proposal that there can be", () => {
    const text = rules(
      `{ id: either, when: { any: [{ amount: { gte: 100 EUR } }, { vip: { eq: true } }], cumulative: { ${sum}, lt: 10 EUR } }, route: execute }`,
      "{ id: all, route: clarify }",
    );
    const [overruled, ...others] = check(text).findings;
    expect(overruled).toMatchObject({ kind: "unreachable", rules: ["either", "all"] });
    expect(overruled?.example).toMatchObject({ facts: { vip: true } });
    expect(parsePolicy(text).evaluate(overruled!.example!).rules.toSorted()).toEqual(["all", "either"]);
    expect(others).toEqual([]);
  });

  test("never decide where only what cannot be is left to them", () => {
    const text = rules(
      `{ id: few, when: { amount: { gte: 0 EUR }, cumulative: { ${sum}, lt: 100 EUR } }, route: execute }`,
      "{ id: small, when: { amount: { lt: 100 EUR } }, route: clarify }",
    );
    expect(said(text, "unreachable")).toEqual([
      'Rule "few" (execute) never decides: wherever it matches, rule "small" is stricter.',
    ]);
    const reachable = text
      .replace("amount: { gte: 0 EUR }", "amount: { gte: 0 EUR }, vip: { eq: true }")
      .replace("lt: 100 EUR } }, route: clarify", "lt: 100 EUR }, vip: { eq: false } }, route: clarify");
    expect(said(reachable, "unreachable")).toEqual([]);
  });

  test("leave no gap where there can be no proposal, and the one beside it is told", () => {
    const text = (low: string): string =>
      rules(
        "{ id: small, when: { amount: { lt: 60 EUR } }, route: execute }",
        `{ id: some, when: { cumulative: { ${sum}, gte: 50 EUR, lt: ${low} EUR } }, route: execute }`,
        `{ id: much, when: { cumulative: { ${sum}, gte: 200 EUR } }, route: block }`,
      );
    expect(said(text("200"), "gap")).toEqual([]);
    const [gap, ...others] = check(text("100")).findings.filter(({ kind }) => kind === "gap");
    expect(gap?.what).toContain("amount at least 60 EUR");
    expect(others).toEqual([]);
  });

  test("overlap where both can match", () => {
    const text = rules(
      `{ id: few, when: { cumulative: { ${sum}, lt: 100 EUR } }, route: execute }`,
      "{ id: either, when: { any: [{ amount: { gte: 100 EUR } }, { vip: { eq: true } }] }, route: block }",
    );
    const [overlap] = check(text).findings.filter(({ kind }) => kind === "overlap");
    expect(overlap).toMatchObject({ rules: ["either", "few"], example: { facts: { vip: true } } });
  });
});

describe("a policy with very much in it", () => {
  const bands = Array.from({ length: 60 }, (_, i) => (i + 1) / 100);
  const source = {
    rules: bands.map((low) => ({
      id: `r${low}`,
      when: { novelty: { gte: low } },
      route: low < 0.3 ? "review" : "block",
    })),
    default: { route: "review" },
  } as PolicySource;

  test("is looked at as far as the limits go, and what is left out is said", () => {
    const loaded = policy(source);
    const whole = checkPolicy(loaded);
    expect(whole.unfinished).toEqual(["overlap"]);
    expect(whole.findings.filter(({ kind }) => kind === "overlap")).toHaveLength(200);
    const few = checkWithin(loaded, { steps: 5, findings: 200 });
    expect(few).toMatchObject({ ok: false, unfinished: ["unreachable", "gap", "overlap"] });
    expect(checkWithin(loaded, { steps: 1_000_000, findings: 2000 }).unfinished).toEqual([]);
  });

  test("of a thousand rules takes a moment", () => {
    const rules = Array.from({ length: 1000 }, (_, i) => ({
      id: `r${i}`,
      action: `action-${i % 100}`,
      when: { amount: { gt: `${i} USD` }, confidence: { lt: (i % 10) / 10 } },
      route: i % 2 === 0 ? "review" : "block",
    }));
    const loaded = policy({ rules, default: { route: "review" } } as PolicySource);
    const started = performance.now();
    checkPolicy(loaded);
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});
