import { describe, expect, test } from "vitest";
import { gated, type GatedOptions } from "../support/payments.js";

/** Many answers to one review, sent at the same moment. */
async function crowd(answers: readonly unknown[], options: GatedOptions = {}) {
  const trial = gated(options);
  await trial.thread.start();
  const { proposal } = await trial.thread.asked();
  await Promise.allSettled(answers.map((answer) => trial.thread.answer(answer)));
  const held = (await trial.assent.ledger.read(proposal))!;
  return { ...trial, held };
}

describe("answers at the same moment, in open trust", () => {
  test("ten approvals: one decision, one effect", async () => {
    const { made, held } = await crowd(Array.from({ length: 10 }, () => "approve"));
    expect(held.decisions).toHaveLength(1);
    expect(made).toHaveLength(1);
    expect(held.outcome).toMatchObject({ status: "executed" });
  });

  test("approvals, rejections and changes: one of them counts, and what ran is what it says", async () => {
    const change = { type: "modify", args: { to: "cy", cents: 700 } };
    const { made, held } = await crowd(["approve", "reject", change, "perhaps", "reject", "approve", change]);
    expect(held.decisions).toHaveLength(1);
    const ran = { approve: [{ to: "bo", cents: 500 }], modify: [change.args], reject: [] };
    expect(made.map(({ args }) => args)).toEqual(ran[held.decisions[0]!.verdict as keyof typeof ran]);
  });

  test("an action that may not run twice does not, while it is running", async () => {
    let running = 0;
    let most = 0;
    const { made } = await crowd(["approve", "approve", "approve", "approve"], {
      idempotent: false,
      run: async (_, __, paid) => {
        most = Math.max(most, (running += 1));
        await new Promise((resolve) => setImmediate(resolve));
        paid();
        running -= 1;
      },
    });
    expect(made).toHaveLength(1);
    expect(most).toBe(1);
  });
});
