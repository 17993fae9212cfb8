import { describe, expect, test } from "vitest";
import { policy } from "assent";
import { byAmount, gated } from "../support/payments.js";

const middle = [{ to: "bo", cents: 5_000 }] as const;

describe("changing what is proposed", () => {
  test("the new arguments run, under a permit of their own, and the old vote is void", async () => {
    const { thread, made, assent } = gated({ policy: byAmount, proposals: [middle] });
    await thread.start();
    const { proposal, digest, review } = await thread.asked();
    await thread.answer({ type: "modify", args: { to: "cy", cents: 6_000 }, as: "ana" });
    expect(made.map(({ args }) => args)).toEqual([{ to: "cy", cents: 6_000 }]);
    const held = await assent.ledger.read(proposal);
    expect(held).toMatchObject({ round: { round: 2 }, permit: { round: 2, state: "spent", basis: "decisions" } });
    expect(held?.permit?.id).toBe(made[0]?.idempotencyKey);
    const old = (await assent.reviews.get(review)).review;
    expect(old).toMatchObject({ status: "decided", round: 1, digest });
  });

  test("the new arguments are what later reviewers would have seen: facts and summary follow them", async () => {
    const { thread, assent } = gated({ policy: byAmount, proposals: [middle] });
    await thread.start();
    const { proposal } = await thread.asked();
    await thread.answer({ type: "modify", args: { to: "cy", cents: 9_000 } });
    expect((await assent.ledger.read(proposal))?.round).toMatchObject({
      facts: { amount: { value: 90, currency: "USD" } },
      display: { summary: "Pay 9000 cents to cy", args: { to: "cy", cents: 9_000 } },
      routing: { route: "review", rules: ["middle"] },
    });
  });

  test("new arguments that the policy blocks are blocked, whoever made them", async () => {
    const { thread, made } = gated({ policy: byAmount, proposals: [middle] });
    await thread.start();
    await thread.answer({ type: "modify", args: { to: "cy", cents: 50_000 }, as: "ana" });
    expect(made).toEqual([]);
    expect(await thread.outcome()).toMatchObject({ status: "blocked", decidedBy: "ana", unverified: true });
    expect(await thread.finished()).toBe(true);
  });

  test("new arguments that the policy only suggests are never run by the agent", async () => {
    const suggest = policy({
      rules: [{ id: "large", when: { amount: { gt: "100 USD" } }, route: "suggest" }],
      default: { route: "review" },
    });
    const { thread, made } = gated({ policy: suggest, proposals: [middle] });
    await thread.start();
    await thread.answer({ type: "modify", args: { to: "cy", cents: 50_000 } });
    expect(made).toEqual([]);
    expect(await thread.outcome()).toMatchObject({ status: "suggested" });
  });

  test("what the agent claimed besides the arguments stays a fact of the new round", async () => {
    const { thread, assent } = gated({ proposals: [[middle[0], { confidence: 0.4, tags: ["vip"], context: "why" }]] });
    await thread.start();
    const { proposal } = await thread.asked();
    await thread.answer({ type: "modify", args: { to: "cy", cents: 100 } });
    expect((await assent.ledger.read(proposal))?.round).toMatchObject({
      facts: { confidence: 0.4, tags: ["vip"], amount: { value: 1 } },
      display: { context: "why" },
    });
  });

  test("modifying to the very same arguments approves them", async () => {
    const { thread, made } = gated({ proposals: [middle] });
    await thread.start();
    await thread.answer({ type: "modify", args: middle[0] });
    expect(made.map(({ args }) => args)).toEqual([middle[0]]);
    expect(await thread.outcome()).toMatchObject({ status: "executed" });
  });
});
