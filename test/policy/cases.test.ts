import { AssentError, parsePolicy, testPolicy, type Policy } from "assent";
import { describe, expect, test } from "vitest";

const desk = parsePolicy(`
rules:
  - { id: small, action: refund, when: { amount: { lte: 50 USD } }, route: execute }
  - { id: unsure, when: { confidence: { lt: 0.7 } }, route: review }
default: { route: flag }
`);

const refused = (cases: string): string => {
  try {
    testPolicy(desk, cases, { file: "cases.yaml" });
  } catch (error) {
    expect(AssentError.isInstance(error, "policy_cases_invalid")).toBe(true);
    return (error as Error).message;
  }
  throw new Error("these cases were taken");
};

describe("a table of cases", () => {
  test("passes or fails case by case, and says what it got", () => {
    const report = testPolicy(
      desk,
      `
      - { name: small, action: refund, facts: { amount: 50 USD, confidence: 0.9 }, expect: { route: execute, rules: [small] } }
      - name: default
        action: pay
        agent: bot
        facts: { confidence: 0.9 }
        expect: { route: flag, rules: [] }
      - { name: wrong, action: refund, facts: { amount: { value: 20, currency: USD }, confidence: 0.1 }, expect: { route: execute, rules: [small] } }
      - { name: missing, action: refund, facts: {}, expect: { route: review, rules: [] } }
      `,
    );
    expect(report).toMatchObject({ ok: false, passed: 3, failed: 1 });
    expect(report.results.map(({ name, passed }) => [name, passed])).toEqual([
      ["small", true],
      ["default", true],
      ["wrong", false],
      ["missing", true],
    ]);
    const [wrong] = report.results.filter(({ passed }) => !passed);
    expect(wrong?.failures).toEqual([
      "expected route execute; got review",
      'expected "small" to match; got "small", "unsure"',
    ]);
    expect(wrong?.routing.explanation).toMatch(/^Rule "unsure" sends it to review/);
  });

  test("says of a case that fails which of its facts the policy knows nothing of", () => {
    const expected = { route: "execute", rules: ["small"] } as const;
    const facts = { amount: { value: 20, currency: "USD" }, confidense: 0.9, order: "o-1" };
    const { results } = testPolicy(desk, [
      { name: "misspelt", action: "refund", facts, expect: expected },
      { name: "shown only", action: "refund", facts: { ...facts, confidence: 0.9 }, expect: expected },
    ]);
    expect(results.map(({ failures }) => failures.slice(-2))).toEqual([
      [
        'the policy declares no fact "confidense", and reads it nowhere: did you mean "confidence"?',
        'the policy declares no fact "order", and reads it nowhere',
      ],
      [],
    ]);
  });

  test("may be a list of objects", () => {
    const report = testPolicy(desk, [
      { name: "a", action: "pay", facts: { confidence: 0.5 }, expect: { route: "review", rules: ["unsure"] } },
    ]);
    expect(report).toMatchObject({ ok: true, passed: 1, failed: 0 });
    expect(() => testPolicy(desk, [])).toThrow("cases $: expected a list of cases, at least one; seen []");
  });

  test("compares the parts of a requirement that it names, and no others", () => {
    const requires = {
      panels: [{ rule: "unsure", by: [{ role: "lead" }, { role: "boss" }], quorum: "any", tieBreak: "reject" }],
      otherwise: "hold",
      withinMs: 1000,
    };
    const asking = {
      ...desk,
      evaluate: (input) => ({ ...desk.evaluate(input), requires: requires as never }),
    } satisfies Policy;
    const failures = (wanted: object): readonly string[] | undefined =>
      testPolicy(asking, [
        { name: "a", action: "pay", facts: { confidence: 0.5 }, expect: { route: "review", requires: { ...wanted } } },
      ]).results[0]?.failures;
    expect(failures({ otherwise: "hold", panels: [{ by: [{ role: "boss" }] }] })).toEqual([]);
    expect(failures({})).toEqual([]);
    expect(failures({ otherwise: "reject", panels: [{ quorum: "unanimous" }], stepUp: null })).toEqual([
      'expected requires.otherwise "reject"; got "hold"',
      expect.stringMatching(/^expected \{"quorum":"unanimous"\} among requires\.panels; got \[/),
      "expected requires.stepUp null; got nothing",
    ]);
    const bare = testPolicy(desk, [
      { name: "a", action: "pay", facts: {}, expect: { route: "review", requires: { otherwise: "hold" } } },
    ]);
    expect(bare.results[0]?.failures).toEqual(['expected requires {"otherwise":"hold"}; got nothing']);
  });

  test("hands the moment and what is known of the past to the policy", () => {
    const seen: unknown[] = [];
    const asking: Policy = { ...desk, evaluate: (input) => (seen.push(input), desk.evaluate(input)) };
    testPolicy(
      asking,
      "- { name: a, action: pay, facts: {}, at: 2026-03-30T12:30:00+02:00, history: { refunds: 2.5 }, expect: { route: review } }",
    );
    expect(seen).toEqual([
      { action: "pay", agent: "any", facts: {}, at: "2026-03-30T10:30:00.000Z", history: { refunds: 2.5 } },
    ]);
  });
});

describe("what is wrong with a table", () => {
  test("is told all at once, with line and column", () => {
    const message = refused(`
- { name: a, action: pay, facts: { risk: 1 }, expect: { route: reveiw } }
- { name: a, acton: pay, facts: [], at: 2026-03-30, expect: { rules: small } }
- { action: 5, facts: {}, history: { n: many }, expect: { route: flag, requires: [] } }
- soon
- { name: "b\\u202e", action: pay, expect: {} }
`);
    expect(message.split("\n")).toEqual([
      "cases.yaml cannot be loaded, 16 problems:",
      expect.stringMatching(
        /^ {2}cases\.yaml:2:\d+ \$\[0\]\.expect\.route: expected a route \(.*did you mean `review`\?$/,
      ),
      expect.stringMatching(/^ {2}cases\.yaml:3:3 \$\[1\]: expected `action`; it is missing$/),
      expect.stringMatching(
        /^ {2}cases\.yaml:3:\d+ \$\[1\]\.name: expected a name of its own; seen "a", as at \$\[0\]\.name in line 2$/,
      ),
      expect.stringMatching(
        /^ {2}cases\.yaml:3:\d+ \$\[1\]\.acton: expected a key of a case .*did you mean `action`\?$/,
      ),
      expect.stringMatching(/^ {2}cases\.yaml:3:\d+ \$\[1\]\.facts: expected facts by name, .*; seen \[\]$/),
      expect.stringMatching(/^ {2}cases\.yaml:3:\d+ \$\[1\]\.at: expected a moment with its zone/),
      expect.stringMatching(/^ {2}cases\.yaml:3:\d+ \$\[1\]\.expect: expected `route`/),
      expect.stringMatching(/^ {2}cases\.yaml:3:\d+ \$\[1\]\.expect\.rules: expected a list of rule ids/),
      expect.stringMatching(/^ {2}cases\.yaml:4:3 \$\[2\]: expected `name`; it is missing$/),
      expect.stringMatching(/^ {2}cases\.yaml:4:\d+ \$\[2\]\.action: expected a string; seen 5$/),
      expect.stringMatching(/^ {2}cases\.yaml:4:\d+ \$\[2\]\.history\.n: expected a finite number/),
      expect.stringMatching(/^ {2}cases\.yaml:4:\d+ \$\[2\]\.expect\.requires: expected parts of a requirement/),
      expect.stringMatching(/^ {2}cases\.yaml:5:3 \$\[3\]: expected a case/),
      expect.stringMatching(/^ {2}cases\.yaml:6:3 \$\[4\]: expected `facts`; they are missing$/),
      expect.stringMatching(/^ {2}cases\.yaml:6:11 \$\[4\]\.name: expected a name .*; seen "b⟦U\+202E⟧"$/),
      expect.stringMatching(/^ {2}cases\.yaml:6:43 \$\[4\]\.expect: expected `route`/),
    ]);
  });

  test.each([
    ["", / 1:1 |cases\.yaml:1:1 \$: expected a list of cases/],
    ["cases: []", /cases\.yaml:1:1 \$: expected a list of cases/],
    ["- { name: a", /cases\.yaml:\d+:\d+ \$: expected YAML or JSON/],
    ["- &a { name: a }", /without an anchor/],
    [`- ${"x".repeat(1_000_001)}`, /expected at most 1000000 characters/],
  ])("as in %.20s", (cases, words) => {
    expect(refused(cases)).toMatch(words);
  });
});
