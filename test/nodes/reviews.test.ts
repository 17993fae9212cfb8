import { describe, expect, test } from "vitest";
import { createAssent, createAuthenticator, memoryLedger, type DecideOptions } from "assent";
import { testAuthenticator } from "assent/testing";
import { askAlways, auditKinds, byAmount, gated, payments } from "../support/payments.js";

const people = testAuthenticator();
const ana = await people.authenticate({ id: "ana", name: "Ana Ruiz" });
const bo = await people.authenticate({ id: "bo", name: "Bo Lind" });

async function waiting(options: Parameters<typeof gated>[0] = {}) {
  const trial = gated({ trust: "verified", authenticators: [people], ...options });
  await trial.thread.start();
  const { review: id } = await trial.thread.asked();
  const { review } = await trial.assent.reviews.get(id);
  const decide = (over: Partial<DecideOptions> = {}) =>
    trial.assent.reviews.decide(id, { by: ana, decision: "approve", digest: review.digest, ...over });
  return { ...trial, id, review, decide };
}

describe("deciding in verified trust", () => {
  test("approve, then any nudge: it runs once, and the outcome names who decided", async () => {
    const { decide, thread, made } = await waiting();
    expect(await decide({ note: "checked" })).toMatchObject({ repeated: false, case: { permit: { state: "issued" } } });
    expect(made).toEqual([]);
    await thread.answer("anything");
    expect(made).toHaveLength(1);
    expect(await thread.outcome()).toMatchObject({ status: "executed", decidedBy: "Ana Ruiz", unverified: false });
    await thread.answer("anything");
    expect(made).toHaveLength(1);
  });

  test("approve, then the thread merely goes on: it runs once", async () => {
    const { decide, thread, made } = await waiting();
    await decide();
    await thread.goOn();
    expect(made).toHaveLength(1);
    expect(await thread.finished()).toBe(true);
  });

  test("reject: nothing runs, and the reason is the note, else the code, else who did it", async () => {
    for (const [over, reason] of [
      [{ note: "too much", reasonCode: "limit" }, "too much"],
      [{ reasonCode: "limit" }, "limit"],
      [{}, "Ana Ruiz rejected it"],
    ] as const) {
      const { decide, thread, made } = await waiting();
      await decide({ decision: "reject", ...over });
      await thread.answer("go on");
      expect(made).toEqual([]);
      expect(await thread.outcome()).toMatchObject({ status: "rejected", reason, unverified: false });
    }
  });

  test("modify: the new arguments run; what the policy blocks is blocked", async () => {
    const middle = [[{ to: "bo", cents: 5_000 }]] as const;
    const good = await waiting({ policy: byAmount, proposals: middle });
    await good.decide({ decision: "modify", args: { to: "cy", cents: 6_000 } });
    await good.thread.answer("go on");
    expect(good.made.map(({ args }) => args)).toEqual([{ to: "cy", cents: 6_000 }]);
    const bad = await waiting({ policy: byAmount, proposals: middle });
    expect(await bad.decide({ decision: "modify", args: { to: "cy", cents: 60_000 } })).toMatchObject({
      case: { outcome: { status: "blocked" }, permit: null },
    });
    await bad.thread.answer("go on");
    expect(bad.made).toEqual([]);
    expect(await bad.thread.outcome()).toMatchObject({ status: "blocked", decidedBy: "Ana Ruiz" });
  });

  test("an effect needs no more than the decision: a nudge that says reject does not undo it", async () => {
    const { decide, thread, made } = await waiting();
    await decide();
    await thread.answer({ type: "reject" });
    expect(made).toHaveLength(1);
  });
});

describe("a decision that does not count", () => {
  const refusals: Record<string, readonly [over: Record<string, unknown>, code: string]> = {
    "another digest": [{ digest: `sha256:${"0".repeat(64)}` }, "digest_mismatch"],
    "no digest": [{ digest: undefined }, "digest_mismatch"],
    "another version": [{ version: 2 }, "review_changed"],
    "an unknown verdict": [{ decision: "agree" }, "decision_invalid"],
    "a verdict of another kind of review": [{ decision: "answer" }, "decision_invalid"],
    "new arguments that do not fit": [{ decision: "modify", args: { to: "cy" } }, "args_invalid"],
    "no new arguments": [{ decision: "modify" }, "args_invalid"],
    "a note that is no text": [{ note: { text: "fine" } }, "decision_invalid"],
    "a code that is no text": [{ reasonCode: 7 }, "decision_invalid"],
    "a note that cannot be kept": [{ note: "half \ud800" }, "json_invalid"],
    "a note beyond all measure": [{ note: "x".repeat(100_000) }, "json_too_large"],
    "a person by name": [{ by: "ana" }, "principal_unverified"],
  };

  test.each(Object.entries(refusals))("%s", async (_, [over, code]) => {
    const { decide, thread, made, assent, id } = await waiting();
    await expect(decide(over as Partial<DecideOptions>)).rejects.toMatchObject({ code });
    expect(await assent.reviews.get(id)).toMatchObject({
      review: { status: "open", version: 1 },
      case: { decisions: [] },
    });
    await thread.answer("go on");
    expect(made).toEqual([]);
    await decide();
    await thread.answer("go on");
    expect(made).toHaveLength(1);
  });

  test("new arguments that fit, quoting the digest of other ones: refused before anything is made of them", async () => {
    const { decide, assent, id } = await waiting();
    const other = await waiting({ proposals: [[{ to: "bo", cents: 501 }]] });
    await expect(
      decide({ decision: "modify", args: { to: "cy", cents: 1 }, digest: other.review.digest }),
    ).rejects.toMatchObject({ code: "digest_mismatch" });
    expect((await assent.reviews.get(id)).case.proposal.round).toBe(1);
  });

  test("a review that does not exist", async () => {
    const { assent } = await waiting();
    const options: DecideOptions = { by: ana, decision: "approve", digest: "x" };
    await expect(assent.reviews.decide("rv_none", options)).rejects.toMatchObject({ code: "review_unknown" });
    await expect(assent.reviews.get("rv_none")).rejects.toMatchObject({ code: "review_unknown" });
  });

  test("a principal whose authenticator this host does not list", async () => {
    const stranger = await createAuthenticator("elsewhere", () => ({
      kind: "person",
      id: "x",
      name: "X",
    })).authenticate();
    const { decide } = await waiting();
    await expect(decide({ by: stranger })).rejects.toMatchObject({ code: "principal_unverified" });
  });

  test("every refusal that reached the ledger is in the log, with who tried", async () => {
    const { decide, assent } = await waiting();
    await expect(decide({ digest: "sha256:0" })).rejects.toThrow(/digest/);
    const rows = await assent.ledger.auditRows({ afterSeq: 0, limit: 100 });
    const refused = rows.filter(({ kind }) => kind === "refused").map(({ entry }) => JSON.parse(entry) as object);
    expect(refused).toMatchObject([{ data: { what: "decision", reason: "digest_mismatch", by: "Ana Ruiz" } }]);
  });
});

describe("two people, or one person twice", () => {
  test("the second is told who decided, what and when, whatever they say", async () => {
    const { decide } = await waiting();
    await decide({ decision: "reject", note: "no" });
    for (const decision of ["approve", "reject"] as const) {
      await expect(decide({ by: bo, decision })).rejects.toMatchObject({
        code: "review_closed",
        message: expect.stringMatching(/Ana Ruiz already decided: reject, at \d{4}-/),
      });
    }
  });

  test("the same words again change nothing and say so, also after it ran", async () => {
    const { decide, thread, made, assent } = await waiting();
    await decide({ note: "first" });
    expect(await decide({ note: "second" })).toMatchObject({
      repeated: true,
      case: { decisions: [{ note: "first" }] },
    });
    await thread.answer("go on");
    expect(await decide()).toMatchObject({ repeated: true, case: { outcome: { status: "executed" } } });
    expect(made).toHaveLength(1);
    expect((await auditKinds(assent)).filter((kind) => kind === "decided")).toHaveLength(1);
  });

  test("the same change again is the same decision, another change is not", async () => {
    const { decide } = await waiting();
    const change = { decision: "modify", args: { to: "cy", cents: 700 } } as const;
    await decide(change);
    expect(await decide(change)).toMatchObject({ repeated: true });
    await expect(decide({ ...change, args: { to: "cy", cents: 701 } })).rejects.toMatchObject({
      code: "review_closed",
    });
  });

  test("the same person may not change their mind afterwards", async () => {
    const { decide, thread, made } = await waiting();
    await decide({ decision: "reject" });
    await expect(decide({ decision: "approve" })).rejects.toMatchObject({ code: "review_closed" });
    await thread.answer("go on");
    expect(made).toEqual([]);
  });

  test("twenty at the same moment: one decides", async () => {
    const { decide, thread, made } = await waiting();
    const crowd = await Promise.all(Array.from({ length: 20 }, (_, i) => people.authenticate({ id: `p${i}` })));
    const said = await Promise.allSettled(
      crowd.map((by, i) => decide({ by, decision: i % 2 === 0 ? "approve" : "reject" })),
    );
    expect(said.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await thread.answer("go on");
    const { status } = await thread.outcome();
    expect(made).toHaveLength(status === "executed" ? 1 : 0);
  });

  test("who says the same through another authenticator has not said it again", async () => {
    const others = createAuthenticator("other", () => ({ kind: "person", id: "ana", name: "Ana Ruiz" }));
    const { pay } = payments();
    const trial = await waiting();
    const both = createAssent({
      actions: [pay],
      ledger: trial.assent.ledger,
      policy: askAlways,
      authenticators: [people, others],
    });
    const { digest } = trial.review;
    await trial.decide();
    const by = await others.authenticate();
    await expect(both.reviews.decide(trial.id, { by, decision: "approve", digest })).rejects.toMatchObject({
      code: "review_closed",
    });
  });
});

describe("listing reviews", () => {
  test("open ones unless said, oldest first, of one thread if asked, and no more than asked", async () => {
    const ledger = memoryLedger();
    const trials = [];
    for (let i = 0; i < 3; i += 1) trials.push(await waiting({ ledger }));
    const [first, second] = trials;
    const { reviews } = first!.assent;
    expect((await reviews.list()).items.map(({ review }) => review.id).toSorted()).toEqual(
      trials.map(({ id }) => id).toSorted(),
    );
    expect((await reviews.list({ limit: 2 })).items).toHaveLength(2);
    expect((await reviews.list({ threadId: second!.thread.id })).items).toMatchObject([{ review: { id: second!.id } }]);
    await first!.decide();
    expect((await reviews.list()).items).toHaveLength(2);
    expect((await reviews.list({ status: "decided" })).items).toMatchObject([{ review: { id: first!.id } }]);
  });

  test("a review is shown with all that its digest binds", async () => {
    const { assent, id, thread } = await waiting({ proposals: [[{ to: "bo", cents: 5 }, { context: "why" }]] });
    const { review, case: held } = await assent.reviews.get(id);
    expect(held.round.display).toMatchObject({
      summary: "Pay 5 cents to bo",
      args: { to: "bo", cents: 5 },
      context: "why",
    });
    expect((await thread.asked()).digest).toBe(review.digest);
  });
});
