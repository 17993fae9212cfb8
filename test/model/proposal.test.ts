import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digest } from "../../src/model/digest.js";
import { Round, fixRound, reviewDigest, type RoundDraft } from "../../src/model/proposal.js";

const draft: RoundDraft = {
  round: 1,
  action: "pay",
  args: { to: "bo", cents: 500 },
  agent: "clerk",
  requestedBy: null,
  facts: { confidence: 0.9 },
  summary: "Pay 500 cents to bo",
  context: { words: ["why"] },
};

describe("fixing a round", () => {
  test("digests the arguments and what is displayed, and leaves the routing open", () => {
    const round = fixRound(draft);
    expect(round).toMatchObject({ round: 1, args: draft.args, facts: draft.facts, routing: null });
    expect(round.argsDigest).toBe(digest(draft.args));
    expect(round.displayDigest).toBe(digest(round.display));
    expect(Round.parse(round)).toEqual(round);
  });

  test("takes a copy: what the caller changes afterwards changes nothing", () => {
    const args = { to: "bo", list: [1, 2] };
    const context = { words: ["why"] };
    const round = fixRound({ ...draft, args, context });
    args.list.push(3);
    context.words.push("because");
    expect(round.args).toEqual({ to: "bo", list: [1, 2] });
    expect(round.display.context).toEqual({ words: ["why"] });
  });

  test.each([
    ["action", "refund"],
    ["args", { to: "bo", cents: 501 }],
    ["agent", "robot"],
    ["requestedBy", "cleo"],
    ["facts", { confidence: 0.91 }],
    ["summary", "Pay 500 cents to bo "],
    ["context", { words: ["why not"] }],
  ] as const)("another %s is another display", (part, value) => {
    expect(fixRound({ ...draft, [part]: value }).displayDigest).not.toBe(fixRound(draft).displayDigest);
  });

  test("the order of keys is no difference", () => {
    const turned = fixRound({ ...draft, args: { cents: 500, to: "bo" } });
    expect(turned.argsDigest).toBe(fixRound(draft).argsDigest);
    expect(turned.displayDigest).toBe(fixRound(draft).displayDigest);
  });

  test.each([
    ["json_invalid", { context: undefined }],
    ["json_invalid", { context: new Date(0) }],
    ["json_invalid", { args: { n: Number.NaN } }],
    ["json_invalid", { summary: "\ud800" }],
    ["json_too_large", { context: "x".repeat(70_000) }],
  ])("what cannot be kept exactly is refused: %s", (code, over) => {
    expect(() => fixRound({ ...draft, ...over } as RoundDraft)).toThrow(expect.objectContaining({ code }));
  });
});

describe("the digest that a decision quotes", () => {
  const round = fixRound(draft);

  test("is bound to the proposal, the round, the arguments and the display", () => {
    const quoted = reviewDigest("pr_1", round);
    expect(quoted).toMatch(/^sha256:[0-9a-f]{64}$/);
    const others = [
      reviewDigest("pr_2", round),
      reviewDigest("pr_1", { ...round, round: 2 }),
      reviewDigest("pr_1", { ...round, argsDigest: digest({}) }),
      reviewDigest("pr_1", { ...round, displayDigest: digest({}) }),
      reviewDigest("pr_1", { ...round, argsDigest: round.displayDigest, displayDigest: round.argsDigest }),
    ];
    expect(new Set([quoted, ...others]).size).toBe(others.length + 1);
  });

  test("is the same for the same things, always", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (context) => {
        fc.pre(!/\\ud[89a-f]|__proto__/i.test(JSON.stringify(context)) && isSafe(context));
        const parts = { ...draft, context: context as RoundDraft["context"] };
        const again = { ...draft, context: JSON.parse(JSON.stringify(context)) as RoundDraft["context"] };
        expect(reviewDigest("pr_1", fixRound(parts))).toBe(reviewDigest("pr_1", fixRound(again)));
      }),
    );
  });
});

function isSafe(value: unknown): boolean {
  if (typeof value === "number") return !Number.isInteger(value) || Number.isSafeInteger(value);
  return typeof value !== "object" || value === null || Object.values(value).every(isSafe);
}
