import { describe, expect, test } from "vitest";
import { policy, type PolicySource } from "assent";
import { auditKinds, gated } from "../support/payments.js";

type Route = PolicySource["default"]["route"];

async function routed(route: Route) {
  const trial = gated({ policy: policy({ default: { route } }) });
  await trial.thread.start();
  return trial;
}

describe("where the policy sends a proposal", () => {
  test("execute: the action runs at once, nobody is asked, and the outcome says what it returned", async () => {
    const { thread, made, assent } = await routed("execute");
    expect(made.map(({ args }) => args)).toEqual([{ to: "bo", cents: 500 }]);
    expect(await thread.outcome()).toMatchObject({
      status: "executed",
      result: { receipt: "bo:500" },
      flagged: false,
      decidedBy: null,
      unverified: false,
      replayed: false,
      action: "pay",
    });
    expect(await thread.finished()).toBe(true);
    expect(await auditKinds(assent)).toEqual(["proposed", "routed", "permitted", "claimed", "executed"]);
  });

  test("flag: the action runs at once and the outcome asks for a later look", async () => {
    const { thread, made } = await routed("flag");
    expect(made).toHaveLength(1);
    expect(await thread.outcome()).toMatchObject({ status: "executed", flagged: true });
  });

  test("review: the thread pauses and nothing runs until a person approves", async () => {
    const { thread, made, assent } = await routed("review");
    expect(made).toHaveLength(0);
    expect(await thread.asked()).toMatchObject({ gate: "gate", round: 1, reason: null });
    await thread.answer({ type: "approve", as: "ana" });
    expect(made).toHaveLength(1);
    expect(await thread.outcome()).toMatchObject({ status: "executed", decidedBy: "ana", unverified: true });
    const log = (await auditKinds(assent)).join(" ");
    expect(log).toBe("proposed routed asked decided permitted claimed executed");
  });

  test.each([
    ["suggest", "suggested"],
    ["block", "blocked"],
  ] as const)("%s: the case ends as %s, without a pause and without an effect", async (route, status) => {
    const { thread, made, assent } = await routed(route);
    expect(made).toHaveLength(0);
    const outcome = await thread.outcome();
    expect(outcome).toMatchObject({ status, decidedBy: null, replayed: false });
    expect(outcome).toHaveProperty("reason", expect.stringMatching(/.+/));
    expect(await thread.finished()).toBe(true);
    expect(await auditKinds(assent)).toEqual(["proposed", "routed", "closed"]);
  });

  test("a fact that the policy needs and nobody gave: a person is asked, whatever the default says", async () => {
    const unclear = policy({
      rules: [{ id: "unsure", when: { confidence: { lt: 0.7 } }, route: "review" }],
      default: { route: "execute" },
    });
    const { thread, made, assent } = gated({ policy: unclear });
    await thread.start();
    expect(made).toHaveLength(0);
    const { proposal } = await thread.asked();
    expect((await assent.ledger.read(proposal))?.round.routing).toMatchObject({ route: "review", failedClosed: true });
  });

  test("the strictest rule that matches wins over a laxer one", async () => {
    const both = policy({
      rules: [
        { id: "small", when: { amount: { lte: "10 USD" } }, route: "execute" },
        { id: "to-bo", when: { action: { eq: "pay" } }, route: "block" },
      ],
      default: { route: "execute" },
    });
    const { thread, made } = gated({ policy: both });
    await thread.start();
    expect(made).toHaveLength(0);
    expect(await thread.outcome()).toMatchObject({ status: "blocked" });
  });

  test("nothing proposed: the gate passes through and leaves no outcome", async () => {
    const { thread, made, assent } = gated({ proposals: [] });
    await thread.start();
    expect(await thread.finished()).toBe(true);
    expect(await thread.outcomes()).toEqual([]);
    expect(made).toHaveLength(0);
    expect(await auditKinds(assent)).toEqual([]);
  });
});
