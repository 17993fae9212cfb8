import { createAssent, exceptionEscalation, policy, type Case, type Ledger } from "assent";
import { checkAudit } from "assent/audit";
import { checkHistory, testKeys } from "assent/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { askAlways, executeAlways, gated, payments, type GatedOptions } from "../support/payments.js";
import { STORAGES, type Storage } from "../service/storages.js";
import { afterGate, ana, bo, decideOn, flagAlways, following, found, people } from "./after-gate.js";

describe.each(STORAGES)("what follows on a case $name", ({ open }) => {
  let storage: Storage;
  beforeAll(async () => {
    storage = await open();
  });
  afterAll(async () => {
    const { ledger } = storage;
    expect((await checkAudit(ledger)).problems).toEqual([]);
    expect((await checkHistory({ ledger, effects: [], acknowledged: [] })).problems).not.toContainEqual(
      expect.objectContaining({ kind: "stuck-thread" }),
    );
    await storage.close();
  });

  const breaks: GatedOptions = {
    idempotent: false,
    run: (_args, _context, paid) => {
      paid();
      throw new Error("the connection broke");
    },
  };

  async function inDoubt(options: GatedOptions = {}) {
    const trial = afterGate(storage.ledger, { policy: executeAlways, ...breaks, ...options });
    await trial.thread.start();
    const outcome = await trial.thread.outcome();
    const opened = await following(trial.assent, outcome.proposalId, "reconciliation");
    if (opened === null) throw new Error("nobody is asked");
    return { ...trial, outcome, opened };
  }

  async function looked(options: GatedOptions = {}) {
    const trial = afterGate(storage.ledger, { policy: flagAlways, ...options });
    await trial.thread.start();
    const outcome = await trial.thread.outcome();
    return { ...trial, outcome, opened: await following(trial.assent, outcome.proposalId, "second-look") };
  }

  describe("an effect in doubt", () => {
    test("is asked about at once, with everything that is known of it", async () => {
      const { assent, opened, outcome } = await inDoubt();
      expect(outcome).toMatchObject({ status: "in-doubt" });
      expect(opened.review).toMatchObject({ kind: "reconciliation", status: "open", deadlineAt: null });
      expect(opened.proposal).toMatchObject({ action: "pay", agent: "agent", trust: "verified" });
      expect(opened.round.display).toMatchObject({
        summary: "Pay 500 cents to bo",
        context: {
          after: { kind: "reconciliation", proposal: outcome.proposalId },
          old: { case: outcome.auditId, status: "in-doubt", decidedBy: [] },
        },
      });
      expect(opened.round.routing).toMatchObject({ route: "suggest" });
      expect(opened.round.routing?.explanation).toContain("the connection broke");
      const { items } = await assent.reviews.list({ threadId: opened.proposal.threadId });
      expect(items).toHaveLength(1);
    });

    test.each(["executed", "failed"] as const)(
      "ends as suggested where somebody found that it %s",
      async (happened) => {
        const { assent, opened, made } = await inDoubt();
        const { case: now } = await decideOn(assent, opened, ana, found(happened));
        const evidence = "the bank's statement of today";
        expect(now.outcome).toMatchObject({ status: "suggested", decidedBy: "ana" });
        expect(now.outcome).toHaveProperty("reason", expect.stringContaining(evidence));
        expect(now.decisions[0]).toMatchObject({ verdict: "answer", reasonCode: happened, note: evidence });
        expect(JSON.parse(now.decisions[0]!.statement)).toMatchObject({ reasonCode: happened, note: evidence });
        expect(now.decisions[0]!.signatures).toHaveLength(1);
        expect(now.permit).toBeNull();
        expect(made).toHaveLength(1);
      },
    );

    test.each([
      ["nothing", undefined],
      ["a word", "executed"],
      ["no evidence", { happened: "executed" }],
      ["blank evidence", { happened: "executed", evidence: "  " }],
      ["something else that happened", { happened: "perhaps", evidence: "x" }],
      ["more than is asked", { happened: "executed", evidence: "x", and: 1 }],
    ])("%s is no answer to it, and it says what is", async (_, answer) => {
      const { assent, opened } = await inDoubt();
      const tried = decideOn(assent, opened, ana, { decision: "answer", answer });
      await expect(tried).rejects.toMatchObject({ code: "decision_invalid", message: /happened.*evidence/s });
      expect((await assent.ledger.read(opened.proposal.id))?.decisions).toEqual([]);
    });

    test("words beside the evidence are refused, for only one of them could be signed", async () => {
      const { assent, opened } = await inDoubt();
      const tried = decideOn(assent, opened, ana, { ...found("executed"), note: "besides" });
      await expect(tried).rejects.toMatchObject({ code: "decision_invalid" });
    });

    test("nobody approves it", async () => {
      const { assent, opened } = await inDoubt();
      await expect(decideOn(assent, opened, ana, { decision: "approve" })).rejects.toMatchObject({
        code: "decision_invalid",
      });
    });

    test("who answers again in the same words is told so, who answers otherwise is refused", async () => {
      const { assent, opened } = await inDoubt();
      await decideOn(assent, opened, ana, found("executed"));
      expect(await decideOn(assent, opened, ana, found("executed"))).toMatchObject({ repeated: true });
      await expect(decideOn(assent, opened, ana, found("failed"))).rejects.toMatchObject({ code: "review_closed" });
    });

    test("is for those whom the old case asked, unless the set-up says for whom", async () => {
      const reviewed = policy({ default: { route: "review", review: { by: [{ role: "auditor" }] } } });
      const trial = afterGate(storage.ledger, { policy: reviewed, ...breaks });
      await trial.thread.start();
      const { review } = await trial.thread.asked();
      const held = await trial.assent.reviews.get(review);
      await decideOn(trial.assent, held.case, bo, { decision: "approve" });
      await trial.thread.answer("go on");
      const opened = (await following(trial.assent, held.case.proposal.id, "reconciliation")) as Case;
      await expect(decideOn(trial.assent, opened, ana, found("executed"))).rejects.toMatchObject({
        code: "not_allowed",
      });
      // Whoever decided on it may find out what became of it.
      expect((await decideOn(trial.assent, opened, bo, found("executed"))).case.outcome?.status).toBe("suggested");
    });

    test("has the terms that the set-up says", async () => {
      const reconciliation = { by: [{ person: "bo" }], within: "PT1H", otherwise: "reject" } as const;
      const { assent, opened } = await inDoubt({ followUps: { reconciliation } });
      expect(opened.review).toMatchObject({ otherwise: "reject", deadlineAt: expect.any(String) });
      await expect(decideOn(assent, opened, ana, found("failed"))).rejects.toMatchObject({ code: "not_allowed" });
    });
  });

  describe("a second look", () => {
    test("opens on what was flagged, and judges the agent", async () => {
      const { assent, opened, outcome } = await looked();
      expect(outcome).toMatchObject({ status: "executed", flagged: true });
      expect(opened?.review).toMatchObject({ kind: "second-look", status: "open" });
      expect(opened?.round.display.context).toMatchObject({ because: "flagged", old: { status: "executed" } });
      const of = { agent: "agent", action: "pay", trust: "verified" } as const;
      const { judged } = await assent.ledger.stage(of);
      const { case: now } = await decideOn(assent, opened!, ana, { decision: "approve" });
      expect(now).toMatchObject({ outcome: { status: "suggested" }, permit: null });
      expect((await assent.ledger.stage(of)).judged).toBe(judged + 1);
    });

    test("that finds it wrong is rejected, and takes nothing back", async () => {
      const { assent, opened, made } = await looked();
      const { case: now } = await decideOn(assent, opened!, ana, { decision: "reject", note: "too much" });
      expect(now.outcome).toMatchObject({ status: "rejected", reason: "too much" });
      expect(made).toHaveLength(1);
      await expect(decideOn(assent, opened!, bo, { decision: "reject" })).rejects.toMatchObject({
        code: "review_closed",
      });
    });

    test("is not for who asked for it", async () => {
      const { assent, opened } = await looked({ proposals: [[{ to: "bo", cents: 5 }, { requestedBy: "ana" }]] });
      for (const decision of ["approve", "reject"] as const) {
        await expect(decideOn(assent, opened!, ana, { decision })).rejects.toMatchObject({ code: "not_allowed" });
      }
      expect((await decideOn(assent, opened!, bo, { decision: "approve" })).case.proposal.state).toBe("closed");
    });

    test("does not open where a person has decided", async () => {
      const { assent, thread } = afterGate(storage.ledger, { policy: askAlways });
      await thread.start();
      const { review } = await thread.asked();
      const held = (await assent.reviews.get(review)).case;
      await decideOn(assent, held, ana, { decision: "approve" });
      await thread.answer("go on");
      expect(await thread.outcome()).toMatchObject({ status: "executed" });
      expect(await following(assent, held.proposal.id, "second-look")).toBeNull();
    });

    test.each([
      [1, 12],
      [0.5, [1, 11]],
      [0, 0],
    ] as const)("of a share of %d opens for as many, and every time for the same", async (executed, expected) => {
      const sampled = policy({ sample: { executed, for: "second-look" }, default: { route: "execute" } });
      const proposals = Array.from({ length: 12 }, (_, cents) => [{ to: "bo", cents }] as const);
      const { assent, thread } = afterGate(storage.ledger, { policy: sampled, proposals });
      const { outcomes } = await thread.start();
      const looks = await Promise.all(
        Object.keys(outcomes as object).map((id) => following(assent, id, "second-look")),
      );
      const opened = looks.filter((look) => look !== null);
      const [least, most] = Array.isArray(expected) ? expected : [expected, expected];
      expect(opened.length).toBeGreaterThanOrEqual(least);
      expect(opened.length).toBeLessThanOrEqual(most);
      for (const look of opened) expect(look.round.display.context).toMatchObject({ because: "sampled" });
    });

    test("shows what the agent said, and less of it where there is no room", async () => {
      const small = await looked({ proposals: [[{ to: "bo", cents: 5 }, { context: { why: "an invoice" } }]] });
      expect(small.opened?.round.display.context).toMatchObject({ says: { why: "an invoice" } });
      const deep = JSON.parse(`${"[".repeat(63)}1${"]".repeat(63)}`) as unknown;
      const { assent, opened } = await looked({ proposals: [[{ to: "bo", cents: 6 }, { context: deep }]] });
      expect(opened?.round.display.context).toHaveProperty("says", expect.stringMatching(/^see case au_/));
      const large = await looked({ proposals: [[{ to: "x".repeat(32_500), cents: 6 }]] });
      expect(await decideOn(assent, opened!, ana, { decision: "approve" })).toMatchObject({ repeated: false });
      expect(await decideOn(large.assent, large.opened!, ana, { decision: "approve" })).toMatchObject({
        repeated: false,
      });
    });
  });

  test("in open trust both open too, and stay unverified", async () => {
    const trial = gated({ policy: flagAlways, ledger: storage.ledger, authenticators: [people] });
    await trial.thread.start();
    const { proposalId } = await trial.thread.outcome();
    expect((await following(trial.assent, proposalId, "second-look"))?.proposal.trust).toBe("open");
  });

  test("an exception that was fairly sure is looked at again", async () => {
    const trial = afterGate(storage.ledger, {
      policy: executeAlways,
      pattern: (assent) => exceptionEscalation(assent),
      proposals: [[{ to: "bo", cents: 5 }, { confidence: 0.8 }]],
    });
    await trial.thread.start();
    const { proposalId } = await trial.thread.outcome();
    expect(await following(trial.assent, proposalId, "second-look")).not.toBeNull();
  });
});

describe("an agent", () => {
  test("proposes nothing on a thread that stands for a follow-up", async () => {
    const { graph } = gated();
    const config = { configurable: { thread_id: "after/anything" } };
    await expect(graph.invoke({}, config)).rejects.toMatchObject({ code: "thread_missing", message: /"after\/"/ });
  });
});

describe("the set-up", () => {
  const make = (followUps: Parameters<typeof createAssent>[0]["followUps"]) =>
    createAssent({
      actions: [payments().pay],
      ledger: {} as Ledger,
      policy: askAlways,
      keys: testKeys(),
      ...(followUps && { followUps }),
    });

  test.each([
    { undo: { otherwise: "execute" } },
    { secondLook: { otherwise: "execute" } },
    { reconciliation: { otherwise: "execute" } },
    { reconciliation: { within: "PT" } },
    { secondLook: { within: "PT1H", otherwise: "escalate" } },
    { reconciliation: { reasonCodes: ["a"] } },
  ] as const)("refuses %o", (followUps) => {
    expect(() => make(followUps as Parameters<typeof make>[0])).toThrow(
      expect.objectContaining({ code: "gate_invalid" }),
    );
  });
});
