import {
  exceptionEscalation,
  policy,
  type ConfidenceBand,
  type ExceptionEscalationOptions,
  type ProposeOptions,
} from "assent";
import { describe, expect, test } from "vitest";
import { askAlways, executeAlways, gated } from "../support/payments.js";

async function exceptional(about: ProposeOptions, options: ExceptionEscalationOptions = {}, laxest = executeAlways) {
  const trial = gated({
    policy: laxest,
    proposals: [[{ to: "bo", cents: 500 }, about]],
    pattern: (assent) => exceptionEscalation(assent, options),
  });
  await trial.thread.start();
  return trial;
}

describe("bands of confidence", () => {
  test.each([
    [0.95, "executed", false],
    [0.900_01, "executed", false],
    [0.9, "executed", true],
    [0.7, "executed", true],
  ] as const)("%d acts, and is looked at afterwards: %s", async (confidence, status, flagged) => {
    const { thread, made } = await exceptional({ confidence });
    expect(made).toHaveLength(1);
    expect(await thread.outcome()).toMatchObject({ status, flagged });
  });

  test.each([0.699_99, 0, undefined])("%s waits for a person", async (confidence) => {
    const { thread, made } = await exceptional(confidence === undefined ? {} : { confidence });
    expect(made).toHaveLength(0);
    expect((await thread.asked()).kind).toBe("approval");
    await thread.answer("approve");
    expect(made).toHaveLength(1);
  });

  test("are data", async () => {
    const bands: ConfidenceBand[] = [
      { from: 0.5, route: "execute" },
      { from: 0, route: "block" },
    ];
    expect((await exceptional({ confidence: 0.6 }, { bands })).made).toHaveLength(1);
    const { thread } = await exceptional({ confidence: 0.4 }, { bands });
    expect(await thread.outcome()).toMatchObject({ status: "blocked" });
  });

  test.each([
    ["a gap at the bottom", [{ from: 0.5, route: "execute" }]],
    [
      "the wrong order",
      [
        { from: 0, route: "review" },
        { from: 0.9, route: "execute" },
      ],
    ],
    [
      "less sure, yet laxer",
      [
        { from: 0.5, route: "review" },
        { from: 0, route: "execute" },
      ],
    ],
    ["none at all", []],
  ] as [string, ConfidenceBand[]][])("with %s are refused when the gate is built", (_, bands) => {
    expect(() => gated({ pattern: (assent) => exceptionEscalation(assent, { bands }) })).toThrow(/never become laxer/);
  });

  test("never loosen the policy", async () => {
    expect((await exceptional({ confidence: 1 }, {}, askAlways)).made).toHaveLength(0);
  });
});

describe("where it is unclear what is wanted", () => {
  const ambiguous = { confidence: 0.95, tags: ["ambiguous"] };

  test("a person is asked, and it is routed again with the answer", async () => {
    const { thread, made } = await exceptional(ambiguous);
    expect((await thread.asked()).kind).toBe("clarification");
    await thread.answer({ type: "answer", answer: { cents: 7 }, as: "ana" });
    expect(made.map(({ args }) => args)).toEqual([{ to: "bo", cents: 7 }]);
    expect(await thread.outcome()).toMatchObject({ status: "executed", unverified: true });
  });

  test("the answer does not lift what the policy says of it", async () => {
    const large = policy({
      rules: [{ id: "large", when: { amount: { gt: "10 USD" } }, route: "review" }],
      default: { route: "execute" },
    });
    const { thread, made } = await exceptional(ambiguous, {}, large);
    await thread.answer({ type: "answer", answer: { cents: 5_000 } });
    expect(made).toHaveLength(0);
    expect(await thread.asked()).toMatchObject({ kind: "approval", round: 2, args: { cents: 5_000 } });
  });

  test("an answer that makes no sense is asked again", async () => {
    const { thread } = await exceptional(ambiguous);
    await thread.answer({ type: "answer", answer: { cents: "seven" } });
    expect((await thread.asked()).reason).toMatch(/cents/);
  });
});
