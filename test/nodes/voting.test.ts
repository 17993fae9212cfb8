import { describe, expect, test } from "vitest";
import { authority } from "assent";
import { renderCase } from "../../src/audit/render-case.js";
import { showCase } from "../../src/audit/show-case.js";
import { refusals } from "./signed-gate.js";
import { ana, bo, clerk, cy, dee, eve, people, reviewed, waiting } from "./voting-gate.js";

describe("two people, in verified trust", () => {
  test("it takes both: a resume in between asks again at the same review, and says so", async () => {
    const { thread, decide, made } = await waiting();
    const first = await thread.asked();
    expect((await decide(ana)).case).toMatchObject({ permit: null, review: { status: "open" } });
    await thread.answer("go on");
    expect(made).toEqual([]);
    const again = await thread.asked();
    expect(again).toMatchObject({ review: first.review, round: 1, digest: first.digest });
    expect(again.reason).toContain("No decision is recorded yet");
    await decide(bo);
    await thread.answer("go on");
    expect(made).toHaveLength(1);
    expect(await thread.outcome()).toMatchObject({ status: "executed", decidedBy: "Bo Lind" });
  });

  test("the same person twice is one", async () => {
    const { thread, decide, made } = await waiting();
    await decide(ana);
    expect(await decide(ana)).toMatchObject({ repeated: true, case: { permit: null } });
    await expect(decide(ana, { decision: "abstain" })).rejects.toMatchObject({
      code: "not_allowed",
      message: expect.stringContaining("Ana Ruiz has voted on this"),
    });
    await thread.answer("go on");
    expect(made).toEqual([]);
  });

  test("one who refuses ends it, whoever has approved", async () => {
    const { thread, decide, made } = await waiting();
    await decide(ana);
    await decide(bo, { decision: "reject", note: "too much" });
    await thread.answer("go on");
    expect(made).toEqual([]);
    expect(await thread.outcome()).toMatchObject({ status: "rejected", reason: "too much", decidedBy: "Bo Lind" });
  });

  test("a change voids the votes before it and counts as its author's; it runs once, as changed", async () => {
    const { thread, decide, made } = await waiting();
    await decide(ana);
    await decide(bo, { decision: "modify", args: { to: "cy", cents: 300 } });
    await thread.answer("go on");
    expect(made).toEqual([]);
    expect(await thread.asked()).toMatchObject({ round: 2, args: { to: "cy", cents: 300 } });
    // Bo made it, so it is Bo's already.
    expect((await decide(bo)).case.permit).toBeNull();
    await decide(ana);
    await thread.answer("go on");
    expect(made).toMatchObject([{ args: { to: "cy", cents: 300 } }]);
  });
});

describe("nobody sees how others voted before it is settled", () => {
  const traces = [/Ana Ruiz/, /ana-7/, /fine by me/];

  test("not by get, list, decide, or in what the thread shows; and everybody sees it afterwards", async () => {
    const { thread, decide, assent } = await waiting({ policy: reviewed({ quorum: "3-of-5" }) });
    const { review } = await thread.asked();
    const own = await decide(ana, { note: "fine by me" });
    expect(own.decision).toMatchObject({ note: "fine by me" });
    expect(own.case.decisions).toEqual([]);
    const others = await decide(bo);
    await thread.answer("go on");
    const seen = {
      get: await assent.reviews.get(review),
      list: await assent.reviews.list(),
      decided: others,
      repeated: (await decide(bo)).case,
      payload: await thread.pending(),
    };
    for (const [what, shown] of Object.entries(seen)) {
      for (const trace of traces) expect(JSON.stringify(shown), what).not.toMatch(trace);
    }
    await decide(cy);
    const settled = JSON.stringify(await assent.reviews.get(review));
    for (const trace of traces) expect(settled).toMatch(trace);
  });

  test("nor while the review is withdrawn, for it may be asked again", async () => {
    const { thread, decide, assent } = await waiting({ policy: reviewed({ quorum: "3-of-5" }) });
    const { review } = await thread.asked();
    await decide(ana, { note: "fine by me" });
    const { address } = (await assent.reviews.get(review)).review;
    const withdrawal = { reviewId: review, interruptId: address.interruptId, ageMinMs: 0, reason: "gone" };
    await assent.ledger.withdraw({ ...withdrawal, at: new Date().toISOString() });
    const seen = {
      get: await assent.reviews.get(review),
      list: await assent.reviews.list({ status: "withdrawn" }),
      log: await showCase(assent.ledger, review),
    };
    expect(seen.list.items).toHaveLength(1);
    for (const [what, shown] of Object.entries(seen)) {
      for (const trace of traces) expect(JSON.stringify(shown), what).not.toMatch(trace);
    }
  });

  test("nor whoever made what is voted on by changing it, which is their vote", async () => {
    const { thread, decide, assent } = await waiting();
    await decide(ana, { decision: "modify", args: { to: "cy", cents: 300 }, note: "fine by me" });
    await thread.answer("go on");
    const { review } = await thread.asked();
    const seen = {
      get: await assent.reviews.get(review),
      list: await assent.reviews.list(),
      log: await showCase(assent.ledger, review),
    };
    for (const [what, shown] of Object.entries(seen)) {
      for (const trace of traces) expect(JSON.stringify(shown), what).not.toMatch(trace);
    }
  });

  test("nor in the log of its case, which says that it leaves something out, until it is settled", async () => {
    const { thread, decide, assent } = await waiting();
    const { review } = await thread.asked();
    await decide(ana, { note: "fine by me" });
    const open = await showCase(assent.ledger, review);
    expect(open.rows.map(({ kind }) => kind)).toEqual(["proposed", "routed", "asked"]);
    expect(open.withheld).toBe(1);
    const shown = JSON.stringify(open) + renderCase(open);
    for (const trace of traces) expect(shown).not.toMatch(trace);
    expect(renderCase(open)).toContain("not shown while others may still vote");
    await decide(bo);
    const settled = await showCase(assent.ledger, review);
    expect(settled.withheld).toBe(0);
    for (const trace of traces) expect(JSON.stringify(settled)).toMatch(trace);
  });

  test("nor by the error that refuses a vote", async () => {
    const { decide } = await waiting({ policy: reviewed({ quorum: "3-of-5" }) });
    await decide(ana, { note: "fine by me" });
    const error: unknown = await decide(clerk).catch((refused: unknown) => refused);
    for (const trace of traces) expect(String(error) + JSON.stringify(error)).not.toMatch(trace);
  });
});

describe("two people, in open trust", () => {
  test("each answer is a vote: the first is said to count, and asks for others", async () => {
    const { thread, made } = await waiting({ trust: "open" });
    const first = await thread.asked();
    await thread.answer({ type: "approve", as: "ana", roles: ["manager"] });
    expect(made).toEqual([]);
    const again = await thread.asked();
    expect(again.review).toBe(first.review);
    expect(again.reason).toMatch(/vote counts\. It takes more than one/);
    await thread.answer({ type: "approve", as: "ana", roles: ["manager"], review: first.review });
    expect(made).toEqual([]);
    expect((await thread.asked()).reason).toMatch(/has voted on this/);
    await thread.answer({ type: "approve", as: "bo", roles: ["manager"], review: first.review });
    expect(made).toHaveLength(1);
    expect(await thread.outcome()).toMatchObject({ status: "executed", unverified: true });
  });

  test("one who refuses ends it", async () => {
    const { thread, made } = await waiting({ trust: "open" });
    const { review } = await thread.asked();
    await thread.answer({ type: "approve", as: "ana", roles: ["manager"] });
    await thread.answer({ type: "reject", as: "bo", roles: ["manager"], review });
    expect(made).toEqual([]);
    expect(await thread.outcome()).toMatchObject({ status: "rejected" });
  });
});

describe("escalation by a person", () => {
  const handing = reviewed({
    quorum: "two-person",
    otherwise: "escalate",
    within: "PT1H",
    escalateTo: [{ by: [{ role: "director" }] }],
  });

  test("those of the next step decide, and what was voted before neither counts nor stands in the way", async () => {
    const { thread, decide, made, assent } = await waiting({ policy: handing });
    const { review } = await thread.asked();
    await decide(ana);
    await decide(bo, { decision: "escalate" });
    expect((await assent.reviews.get(review)).review).toMatchObject({ status: "open", step: 1 });
    await expect(decide(cy)).rejects.toMatchObject({ code: "not_allowed" });
    expect((await decide(dee)).case.permit).toBeNull();
    await thread.answer("go on");
    expect(made).toEqual([]);
    await decide(eve);
    await thread.answer("go on");
    expect(made).toHaveLength(1);
    expect(await refusals(assent)).toEqual([expect.stringContaining("not_allowed")]);
  });

  test("of two who escalate at once one does, and nobody is passed over", async () => {
    const both = await people.authenticate({ id: "gil", name: "Gil", roles: ["manager", "director"] });
    const steps = [{ by: [{ role: "director" }], within: "PT1H" }, { by: [{ role: "board" }] }] as const;
    const { thread, decide, assent } = await waiting({
      policy: reviewed({ otherwise: "escalate", within: "PT1H", escalateTo: steps }),
    });
    const { review } = await thread.asked();
    const said = await Promise.allSettled([ana, both].map((by) => decide(by, { decision: "escalate" })));
    expect(said.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    expect((await assent.reviews.get(review)).review.step).toBe(1);
  });

  test("who is asked at two steps may hand it on at each; who is asked no more repeats what they said", async () => {
    const gil = await people.authenticate({ id: "gil", name: "Gil", roles: ["manager", "director"] });
    const steps = [
      { by: [{ role: "director" }], within: "PT1H", otherwise: "escalate" },
      { by: [{ role: "board" }], within: "PT1H", otherwise: "escalate" },
      { by: [{ role: "owner" }] },
    ] as const;
    const { thread, decide, assent } = await waiting({
      policy: reviewed({ otherwise: "escalate", within: "PT1H", escalateTo: steps }),
    });
    const { review } = await thread.asked();
    const step = async (): Promise<number> => (await assent.reviews.get(review)).review.step;
    expect(await decide(gil, { decision: "escalate", version: 1 })).toMatchObject({ repeated: false });
    await expect(decide(gil, { decision: "escalate", version: 1 })).rejects.toMatchObject({ code: "review_changed" });
    expect(await step()).toBe(1);
    expect(await decide(gil, { decision: "escalate" })).toMatchObject({ repeated: false });
    expect(await decide(gil, { decision: "escalate" })).toMatchObject({ repeated: true });
    await expect(decide(ana, { decision: "escalate" })).rejects.toMatchObject({ code: "not_allowed" });
    expect(await step()).toBe(2);
  });
});

describe("who may not let it run is told why, and what they may", () => {
  const bank = authority({
    limits: [{ role: "manager", upTo: "10 USD" }],
    needs: [{ action: "pay", licence: "series-7" }],
  });
  const licences = [{ name: "series-7", until: null }];

  test("a limit: approval and change beyond it are refused with a sentence that names it", async () => {
    const { decide, register, thread, made } = await waiting({
      policy: reviewed({}),
      authority: bank,
      proposals: [[{ to: "bo", cents: 1_001 }]],
    });
    await register("ana-7", { licences });
    for (const over of [{}, { decision: "modify", args: { to: "bo", cents: 2_000 } }] as const) {
      await expect(decide(ana, over)).rejects.toMatchObject({
        code: "not_allowed",
        message: expect.stringMatching(/Ana Ruiz may approve up to 10 USD; this is (10\.01|20) USD/),
      });
    }
    await decide(ana, { decision: "modify", args: { to: "bo", cents: 1_000 } });
    await thread.answer("go on");
    expect(made).toMatchObject([{ args: { cents: 1_000 } }]);
  });

  test("a licence: without it refused, with it let through, once", async () => {
    const { decide, register, thread, made } = await waiting({ policy: reviewed({}), authority: bank });
    const lacking = { code: "not_allowed", message: expect.stringContaining("licence series-7") };
    await expect(decide(ana)).rejects.toMatchObject(lacking);
    await register("ana-7");
    await expect(decide(ana)).rejects.toMatchObject(lacking);
    await register("ana-7", { licences });
    await decide(ana);
    await thread.answer("go on");
    expect(made).toHaveLength(1);
  });

  test("whoever asked for it: somebody else has to let it run, and they may refuse it", async () => {
    const { decide, thread, made } = await waiting({
      policy: reviewed({}),
      proposals: [[{ to: "bo", cents: 5 }, { requestedBy: "ana-7" }]],
    });
    await expect(decide(ana)).rejects.toMatchObject({
      code: "not_allowed",
      message: expect.stringContaining("Ana Ruiz asked for this, so somebody else has to let it run"),
    });
    await decide(ana, { decision: "reject" });
    await thread.answer("go on");
    expect(made).toEqual([]);
    expect(await thread.outcome()).toMatchObject({ status: "rejected" });
  });

  test("a majority is one of the registered reviewers, and takes no vote of anybody else", async () => {
    const { decide, register, thread, made } = await waiting({ policy: reviewed({ quorum: "majority" }) });
    await expect(decide(ana)).rejects.toMatchObject({
      code: "not_allowed",
      message: expect.stringContaining("not registered as a reviewer"),
    });
    for (const id of ["ana-7", "bo-8", "cy-9"]) await register(id);
    await decide(ana);
    await thread.answer("go on");
    expect(made).toEqual([]);
    await decide(cy);
    await thread.answer("go on");
    expect(made).toHaveLength(1);
  });
});

describe("seats, while people come and go", () => {
  async function seated(quorum: "majority" | "unanimous") {
    const trial = await waiting({ policy: reviewed({ quorum }) });
    for (const id of ["ana-7", "bo-8", "cy-9"]) await trial.register(id);
    return trial;
  }

  test("all who are left have approved: one of them says so again, and it runs once", async () => {
    const { decide, register, thread, made } = await seated("unanimous");
    await decide(ana);
    await decide(bo);
    await register("cy-9", { active: false });
    await thread.answer("go on");
    expect(made).toEqual([]);
    await expect(decide(ana, { decision: "reject" })).rejects.toMatchObject({ code: "not_allowed" });
    expect(await decide(ana)).toMatchObject({ repeated: false, case: { permit: { state: "issued" } } });
    await thread.answer("go on");
    expect(made).toHaveLength(1);
    expect(await thread.outcome()).toMatchObject({ status: "executed", decidedBy: "Ana Ruiz" });
  });

  test("what was said again is recorded once, however often the call is made", async () => {
    const { decide, register, assent, thread } = await seated("unanimous");
    await decide(ana);
    for (const id of ["dee", "eve"]) {
      await register(id);
      expect(await decide(ana)).toMatchObject({ repeated: false });
      expect(await decide(ana)).toMatchObject({ repeated: true });
    }
    const { review } = await thread.asked();
    expect((await assent.ledger.review(review))?.case.decisions).toHaveLength(3);
  });

  test("a majority of those who are left, of whom nobody has left that voted, runs", async () => {
    const { decide, register, thread, made } = await seated("majority");
    for (const id of ["fay", "gil"]) await register(id);
    await decide(ana);
    for (const id of ["fay", "gil"]) await register(id, { active: false });
    await decide(bo);
    await thread.answer("go on");
    expect(made).toHaveLength(1);
  });
});
