import { vetoWindow, type Assent } from "assent";
import { manualClock, testAuthenticator } from "assent/testing";
import { describe, expect, test } from "vitest";
import { auditKinds, executeAlways, gated, type GatedOptions } from "../support/payments.js";

const HALF_AN_HOUR_MS = 30 * 60_000;
const people = testAuthenticator();

async function waiting(options: GatedOptions = {}) {
  const clock = manualClock("2026-03-30T10:00:00Z");
  const pattern = (assent: Assent) => vetoWindow(assent, { window: "PT30M", by: [{ role: "risk" }] });
  const trial = gated({ policy: executeAlways, clock, pattern, authenticators: [people], ...options });
  await trial.thread.start();
  return { ...trial, clock };
}

describe("a window in which somebody may object", () => {
  test("pauses what the policy would let run, and says until when", async () => {
    const { thread, made } = await waiting();
    expect(await thread.asked()).toMatchObject({ kind: "objection", by: ["role risk"] });
    expect(made).toHaveLength(0);
  });

  test("ends with the effect if nobody objected, however often the thread was resumed before", async () => {
    const { thread, made, assent, clock } = await waiting();
    await thread.answer("carry on");
    await clock.advance(HALF_AN_HOUR_MS - 1);
    expect(await assent.tick()).toEqual([]);
    await thread.answer("carry on");
    expect(made).toHaveLength(0);

    await clock.advance(1);
    expect(await assent.tick()).toEqual([expect.objectContaining({ threadId: thread.id, otherwise: "execute" })]);
    expect(await assent.tick()).toEqual([]);
    await thread.answer("carry on");
    expect(made).toHaveLength(1);
    expect(await thread.outcome()).toMatchObject({ status: "executed", decidedBy: null });
    const log = (await auditKinds(assent)).filter((kind) => kind !== "asked").join(" ");
    expect(log).toBe("proposed routed expired permitted claimed executed");
  });

  test("an objection within it ends the case", async () => {
    const { thread, made, assent, clock } = await waiting();
    await thread.answer({ type: "reject", as: "rae", roles: ["risk"], note: "wrong account" });
    await clock.advance(HALF_AN_HOUR_MS);
    expect(await assent.tick()).toEqual([]);
    expect(made).toHaveLength(0);
    expect(await thread.outcome()).toMatchObject({ status: "rejected", reason: "wrong account" });
  });

  test("an objection after it is too late, and is told so", async () => {
    const { thread, assent, clock, made } = await waiting();
    await clock.advance(HALF_AN_HOUR_MS);
    await thread.answer({ type: "reject", as: "rae", roles: ["risk"] });
    expect((await thread.asked()).reason).toMatch(/time to decide is over/);
    await assent.tick();
    await thread.answer("carry on");
    expect(made).toHaveLength(1);
  });

  test("somebody who may object may also let it run at once; anybody else may do neither", async () => {
    const { thread, made } = await waiting();
    await thread.answer({ type: "approve", as: "bo" });
    expect((await thread.asked()).reason).toMatch(/role risk/);
    expect(made).toHaveLength(0);
    await thread.answer({ type: "approve", as: "rae", roles: ["risk"] });
    expect(made).toHaveLength(1);
  });

  test("in verified trust an objection is a signed decision, and the window's end needs nobody", async () => {
    for (const objects of [true, false]) {
      const { thread, made, assent, clock } = await waiting({ trust: "verified" });
      const { review, digest } = await thread.asked();
      const by = await people.authenticate({ id: "rae", roles: ["risk"] });
      if (objects) await assent.reviews.decide(review, { by, decision: "reject", digest });
      await clock.advance(HALF_AN_HOUR_MS);
      await assent.tick();
      await thread.answer("nudge");
      expect(made).toHaveLength(objects ? 0 : 1);
    }
  });

  test("what the policy sends to a person goes there, and stays there when the window would be over", async () => {
    const { askAlways } = await import("../support/payments.js");
    const { thread, made, assent, clock } = await waiting({ policy: askAlways });
    expect((await thread.asked()).kind).toBe("approval");
    await clock.advance(10 * HALF_AN_HOUR_MS);
    expect(await assent.tick()).toEqual([]);
    await thread.answer("hm");
    expect(made).toHaveLength(0);
  });

  test("a window that is no duration is refused when the gate is built", () => {
    expect(() => gated({ pattern: (assent) => vetoWindow(assent, { window: "P1M" }) })).toThrow(/duration/);
  });
});
