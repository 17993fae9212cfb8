import { describe, expect, test } from "vitest";
import { auditKinds, executeAlways, gated } from "../support/payments.js";

describe("going back in a thread", () => {
  test("from after the proposal: the recorded outcome, marked replayed, and no second effect", async () => {
    for (const options of [{ policy: executeAlways }, {}]) {
      const { thread, made, assent } = gated(options);
      await thread.start();
      if (made.length === 0) await thread.answer("approve");
      const first = await thread.outcome();
      const [before] = (await thread.history()).filter(({ next }) => next.includes("gate"));
      const forked = await thread.goOn(before!.config);
      expect(made).toHaveLength(1);
      expect(forked["outcomes"]).toEqual({ [first.proposalId]: { ...first, replayed: true } });
      expect((await auditKinds(assent)).filter((kind) => kind === "claimed")).toHaveLength(1);
    }
  });

  test("from after the proposal, while it still waits: the same review, asked again, decided once", async () => {
    const { thread, made, assent } = gated();
    await thread.start();
    const asked = await thread.asked();
    const [before] = (await thread.history()).filter(({ next }) => next.includes("gate"));
    await thread.goOn(before!.config);
    expect(await thread.asked()).toMatchObject({ review: asked.review, round: 1 });
    await thread.answer("approve");
    expect(made).toHaveLength(1);
    expect((await assent.reviews.list({ status: "decided" })).items).toHaveLength(1);
  });

  test("from after a rejection: it stays rejected", async () => {
    const { thread, made } = gated();
    await thread.start();
    await thread.answer("reject");
    const [before] = (await thread.history()).filter(({ next }) => next.includes("gate"));
    await thread.goOn(before!.config);
    expect(made).toEqual([]);
    expect(await thread.outcome()).toMatchObject({ status: "rejected", replayed: true });
  });

  test("from before the agent: it proposes again, which is a new proposal with a decision of its own", async () => {
    const { thread, made } = gated();
    await thread.start();
    const first = await thread.asked();
    await thread.answer("approve");
    const [before] = (await thread.history()).filter(({ next }) => next.includes("agent"));
    await thread.goOn(before!.config);
    const second = await thread.asked();
    expect(second.proposal).not.toBe(first.proposal);
    expect(made).toHaveLength(1);
    await thread.answer("approve");
    expect(made).toHaveLength(2);
    expect(new Set(made.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(2);
  });

  test("from before the agent, with a key: it is the same proposal, so the recorded outcome", async () => {
    const { thread, made } = gated({ proposals: [[{ to: "bo", cents: 5 }, { key: "order-1" }]] });
    await thread.start();
    await thread.answer("approve");
    const [before] = (await thread.history()).filter(({ next }) => next.includes("agent"));
    await thread.goOn(before!.config);
    expect(made).toHaveLength(1);
    expect(await thread.outcome()).toMatchObject({ status: "executed", replayed: true });
  });

  test("an abandoned question of another branch does not take an unnamed answer, and does not swallow a named one", async () => {
    const { thread, made } = gated();
    await thread.start();
    const abandoned = await thread.asked();
    const [before] = (await thread.history()).filter(({ next }) => next.includes("agent"));
    await thread.goOn(before!.config);
    const second = await thread.asked();
    expect(second.proposal).not.toBe(abandoned.proposal);
    await thread.answer("approve");
    expect(made).toEqual([]);
    const { review, reason } = await thread.asked();
    expect(reason).toContain(`"review":"${review}"`);
    await thread.answer({ type: "approve", review });
    expect(made).toHaveLength(1);
    expect(await thread.finished()).toBe(true);
  });
});

describe("other ways to move a thread", () => {
  test("new input while a review waits: the same review is asked again beside the new proposal's", async () => {
    const { thread, made } = gated();
    await thread.start();
    const first = await thread.asked();
    await thread.start();
    expect(await thread.asked()).toMatchObject({ review: first.review });
    await thread.answer("approve");
    const second = await thread.asked();
    expect(second.review).not.toBe(first.review);
    await thread.answer({ type: "approve", review: second.review });
    expect(made).toHaveLength(2);
    expect(await thread.finished()).toBe(true);
  });

  test("an answer after the end, and once more going on: nothing happens", async () => {
    const { thread, made } = gated();
    await thread.start();
    await thread.answer("approve");
    const before = await thread.outcome();
    await thread.answer("approve");
    await thread.answer({ type: "modify", args: { to: "cy", cents: 1 } });
    await thread.goOn();
    expect(made).toHaveLength(1);
    expect(await thread.outcome()).toEqual(before);
  });

  test("going on without an answer while a review waits: still waiting, nothing lost", async () => {
    const { thread, made, assent } = gated();
    await thread.start();
    const first = await thread.asked();
    for (let i = 0; i < 3; i += 1) await thread.goOn();
    expect(await thread.asked()).toEqual(first);
    expect((await auditKinds(assent)).filter((kind) => kind === "asked")).toHaveLength(1);
    await thread.answer("approve");
    expect(made).toHaveLength(1);
  });

  test("an answer by the id of a question that was asked again: refused or inert, never a decision on the new one", async () => {
    const { thread, made } = gated();
    await thread.start();
    const [stale] = await thread.pending();
    await thread.answer("perhaps");
    await thread.answer({ [stale!.id]: "approve" }).catch(() => null);
    expect(made).toEqual([]);
    await thread.answer("approve");
    expect(made).toHaveLength(1);
  });
});
