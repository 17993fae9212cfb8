import { AssentError, diffPolicies, parsePolicy, type Policy, type PolicyInput } from "assent";
import { describe, expect, test } from "vitest";
import { ONE_PERSON, type Requirement } from "../../src/model/requirement.js";
import { parseProposals } from "../../src/policy/proposals.js";

const before = parsePolicy(`
rules:
  - { id: sure, when: { confidence: { gt: 0.9 } }, route: flag }
  - { id: unsure, when: { confidence: { lt: 0.7 } }, route: block }
default: { route: review }
`);
const after = parsePolicy(`
rules:
  - { id: sure, when: { confidence: { gt: 0.8 } }, route: flag }
  - { id: surest, when: { confidence: { eq: 1 } }, route: execute }
  - { id: unsure, when: { confidence: { lt: 0.5 } }, route: block }
  - { id: odd, when: { risk: { gt: 0.5 } }, route: suggest }
default: { route: review }
`);
const asked = (confidence: number, risk = 0): PolicyInput => ({
  action: "pay",
  agent: "bot",
  facts: { confidence, risk },
});

describe("the difference of two policies", () => {
  test("is counted by move, what became laxer first and the furthest of it before the rest", () => {
    const proposals = [asked(0.95), asked(0.95, 0.9), asked(0.85), asked(0.86), asked(0.6), asked(0.4), asked(0.75)];
    const { proposals: count, counts, moves } = diffPolicies(before, after, proposals);
    expect({ count, counts }).toEqual({ count: 7, counts: { laxer: 3, "asks-less": 0, stricter: 1, same: 3 } });
    expect(moves.map(({ change, from, to, count: n }) => [change, from, to, n])).toEqual([
      ["laxer", "review", "flag", 2],
      ["laxer", "block", "review", 1],
      ["stricter", "flag", "suggest", 1],
      ["same", "flag", "flag", 1],
      ["same", "block", "block", 1],
      ["same", "review", "review", 1],
    ]);
    expect(moves.map(({ examples }) => examples.map(({ index }) => index))).toMatchObject([
      [2, 3],
      [4],
      [1],
      [],
      [],
      [],
    ]);
    expect(moves[0]?.examples[0]?.after.explanation).toBe(
      'Rule "sure" lets it execute and flags it: confidence 0.85 is above 0.8.',
    );
  });

  test("of a policy and itself is none, and of no proposals neither", () => {
    const { counts } = diffPolicies(before, before, [asked(0.1), asked(0.8), { action: "", agent: "", facts: {} }]);
    expect(counts).toEqual({ laxer: 0, "asks-less": 0, stricter: 0, same: 3 });
    expect(diffPolicies(before, after, [])).toMatchObject({ proposals: 0, moves: [] });
  });

  test("keeps a few examples of each move", () => {
    const { moves } = diffPolicies(
      before,
      after,
      Array.from({ length: 100 }, () => asked(0.85)),
    );
    expect(moves).toMatchObject([{ count: 100 }]);
    expect(moves[0]?.examples).toHaveLength(5);
  });
});

describe("a review that asks for less on the same route", () => {
  const panel = ONE_PERSON.panels[0]!;
  const full: Requirement = {
    panels: [{ ...panel, rule: "a", by: [{ role: "lead" }, { role: "boss" }], quorum: "two-person" }],
    withinMs: 1000,
    otherwise: "hold",
    escalateTo: [{ by: [{ role: "boss" }], withinMs: 5, otherwise: "hold" }],
    windowMs: 500,
    stepUp: "passkey",
    reasonCodes: ["a", "b"],
    answer: null,
    show: ["evidence"],
  };
  const asking = (requires?: Requirement): Policy => ({
    ...before,
    evaluate: (input) => ({ ...before.evaluate(input), ...(requires && { requires }) }),
  });
  const changed = (from: Requirement | undefined, to: Requirement | undefined): [string | undefined, unknown] => {
    const [move] = diffPolicies(asking(from), asking(to), [asked(0.8)]).moves;
    return [move?.change, move?.examples[0]?.weaker];
  };

  test.each<[Partial<Requirement>, string]>([
    [{ panels: ONE_PERSON.panels }, "no longer role lead or role boss (quorum two-person, tie-break reject)"],
    [
      { panels: [{ ...full.panels[0]!, quorum: "any" }] },
      "no longer role lead or role boss (quorum two-person, tie-break reject)",
    ],
    [{ otherwise: "execute" }, "if nobody decides, execute instead of hold"],
    [{ withinMs: null }, "a later deadline"],
    [{ windowMs: 100 }, "a shorter window for objections"],
    [{ stepUp: null }, "no longer a step-up by passkey"],
    [{ reasonCodes: ["a", "c"] }, "other reason codes, or none"],
    [{ reasonCodes: null }, "other reason codes, or none"],
    [{ show: [] }, 'no longer shows "evidence"'],
    [{ escalateTo: [] }, "another escalation"],
  ])("%o", (part, phrase) => {
    expect(changed(full, { ...full, ...part })).toEqual(["asks-less", [phrase]]);
  });

  test.each<[Requirement | undefined, Requirement | undefined]>([
    [full, full],
    [undefined, full],
    [undefined, undefined],
    [full, { ...full, panels: [...full.panels, { ...panel, by: [{ role: "auditor" }] }] }],
    [full, { ...full, panels: [{ ...full.panels[0]!, rule: "other", by: full.panels[0]!.by.toReversed() }] }],
    [full, { ...full, withinMs: 10, windowMs: 900, reasonCodes: ["a"], show: ["evidence", "more"] }],
  ])("is none where it asks for as much or more (%#)", (from, to) => {
    const [change] = changed(from, to);
    expect(change).toBe("same");
  });
});

describe("proposals, one a line", () => {
  test("are read with their lines; what no policy reads is passed over", () => {
    const text = `{"id":"pr_1","action":"pay","agent":"bot","facts":{"risk":0.5,"tags":["a"]},"at":"2026-03-30T10:30:00Z"}\r\n\n{"action":"pay","facts":{},"history":{"n":1}}`;
    expect(parseProposals(text, "p.ndjson")).toEqual([
      {
        line: 1,
        input: { action: "pay", agent: "bot", facts: { risk: 0.5, tags: ["a"] }, at: "2026-03-30T10:30:00.000Z" },
      },
      { line: 3, input: { action: "pay", agent: "any", facts: {}, history: { n: 1 } } },
    ]);
    expect(parseProposals("", "p.ndjson")).toEqual([]);
  });

  test("are refused with the lines that are wrong, up to twenty of them", () => {
    let message = "";
    try {
      parseProposals(`{"action":"pay","facts":{}}\n{"action":5}\n{\n[]\n${"7\n".repeat(100)}`, "p.ndjson");
    } catch (error) {
      expect(AssentError.isInstance(error, "policy_cases_invalid")).toBe(true);
      message = (error as Error).message;
    }
    expect(message.split("\n").slice(0, 5)).toEqual([
      "p.ndjson cannot be loaded, 20 problems:",
      "  p.ndjson:2:1 $.action: expected a string; seen 5",
      "  p.ndjson:2:1 $: expected `facts`; they are missing",
      expect.stringMatching(/^ {2}p\.ndjson:3:1 \$: expected one JSON object a line; /),
      expect.stringMatching(/^ {2}p\.ndjson:4:1 \$: expected a proposal such as .*; seen \[\]$/),
    ]);
  });
});
