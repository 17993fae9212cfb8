import { policy, type Case } from "assent";
import { checkAudit, showCase } from "assent/audit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ana, bo, followUpDesk, now, type FollowUpDeskOptions } from "../service/follow-up-desk.js";
import { STORAGES, type Storage } from "../service/storages.js";
import { decideOn, following, found, people } from "./after-gate.js";

const zoe = await people.authenticate({ id: "zoe" });
const why = "It was the wrong account";

describe.each(STORAGES)("taking back, $name", ({ open }) => {
  let storage: Storage;
  beforeAll(async () => {
    storage = await open();
  });
  afterAll(async () => {
    expect((await checkAudit(storage.ledger)).problems).toEqual([]);
    await storage.close();
  });

  const desk = (options?: FollowUpDeskOptions) => followUpDesk(storage, options);
  const threadOf = (held: Case): string => held.proposal.threadId;

  test("is asked for, approved by somebody else, and done once", async () => {
    const { assent, act, delivery, done } = desk();
    const old = await act();
    const undo = await assent.followUps.undo(old.proposal.id, { by: ana, why });
    expect(undo).toMatchObject({
      proposal: { action: "undo-suspend", requestedBy: "ana", agent: old.proposal.agent },
      round: {
        routing: { route: "review" },
        facts: { amount: { value: 20, currency: "USD" } },
        display: { summary: "Take back: Suspend kim", context: { askedBy: "ana", why, old: { status: "executed" } } },
      },
      review: { kind: "approval", status: "open" },
    });
    await expect(decideOn(assent, undo, ana, { decision: "approve" })).rejects.toMatchObject({ code: "not_allowed" });
    await decideOn(assent, undo, bo, { decision: "approve" });
    expect(done).toHaveLength(1);
    expect(await delivery.undelivered()).toContain(threadOf(undo));
    expect(await delivery.deliver(threadOf(undo))).toBe("finished");
    expect(done.at(-1)).toEqual({ what: "restore kim", key: `undo:${old.permit?.id}` });
    expect((await now(assent, undo)).outcome).toMatchObject({ status: "executed", decidedBy: "bo" });
    await delivery.deliver(threadOf(undo));
    expect(done).toHaveLength(2);
  });

  test("asked for twice is one case, also at once", async () => {
    const { assent, act } = desk();
    const old = await act();
    const ask = (by: typeof ana) => assent.followUps.undo(old.proposal.id, { by, why });
    const [first, second] = await Promise.all([ask(ana), ask(bo)]);
    expect(second.proposal.id).toBe(first.proposal.id);
    expect((await ask(bo)).proposal).toEqual(first.proposal);
    expect(await assent.reviews.list({ threadId: threadOf(first) })).toHaveProperty("items.length", 1);
  });

  test("that is rejected does nothing", async () => {
    const { assent, act, delivery, whats } = desk();
    const undo = await assent.followUps.undo((await act()).proposal.id, { by: ana, why });
    await decideOn(assent, undo, bo, { decision: "reject" });
    expect(await delivery.deliver(threadOf(undo))).toBe("finished");
    expect(whats()).toEqual(["suspend kim"]);
  });

  test("that ended without taking anything back is asked for again, and what it takes back it takes back once", async () => {
    const { assent, act, delivery, done } = desk();
    const old = await act();
    const ask = (): Promise<Case> => assent.followUps.undo(old.proposal.id, { by: ana, why });
    const first = await ask();
    await decideOn(assent, first, bo, { decision: "reject" });
    await delivery.deliver(threadOf(first));
    const [second, same] = await Promise.all([ask(), ask()]);
    expect(second.proposal.id).not.toBe(first.proposal.id);
    expect(same.proposal.id).toBe(second.proposal.id);
    expect(second.review).toMatchObject({ status: "open" });
    await decideOn(assent, second, bo, { decision: "approve" });
    await delivery.deliver(threadOf(second));
    expect(done.slice(1)).toEqual([{ what: "restore kim", key: `undo:${old.permit?.id}` }]);
    expect((await ask()).proposal.id).toBe(second.proposal.id);
    const { followUps } = await showCase(assent.ledger, old.proposal.id);
    expect(followUps.map(({ kind, status }) => [kind, status])).toEqual([
      ["undo", "rejected"],
      ["undo", "executed"],
    ]);
  });

  test("goes by the policy for that action, where it is stricter, and by the set-up's terms", async () => {
    const rules = [{ id: "board", action: "undo-suspend", route: "review", review: { by: [{ role: "auditor" }] } }];
    const { assent, act } = desk({ policy: policy({ rules: rules as never, default: { route: "execute" } }) });
    const undo = await assent.followUps.undo((await act()).proposal.id, { by: ana, why });
    expect(undo.round.routing).toMatchObject({
      rules: ["board"],
      requires: { panels: [{ by: [{ role: "auditor" }] }] },
    });
    const termed = desk({ followUps: { undo: { by: [{ person: "zoe" }], within: "PT1H", otherwise: "reject" } } });
    const other = await termed.assent.followUps.undo((await termed.act()).proposal.id, { by: ana, why });
    expect(other.review).toMatchObject({ otherwise: "reject", deadlineAt: expect.any(String) });
    await expect(decideOn(termed.assent, other, bo, { decision: "approve" })).rejects.toMatchObject({
      code: "not_allowed",
    });
  });

  test("that dies in the middle is in doubt, and asked about in its turn", async () => {
    const { assent, act, delivery, whats } = desk({
      inUndo: () => {
        throw new Error("the connection broke");
      },
    });
    const undo = await assent.followUps.undo((await act()).proposal.id, { by: ana, why });
    await decideOn(assent, undo, bo, { decision: "approve" });
    await delivery.deliver(threadOf(undo));
    expect((await now(assent, undo)).outcome?.status).toBe("in-doubt");
    const asked = await following(assent, undo.proposal.id, "reconciliation");
    expect(asked?.review).toMatchObject({ kind: "reconciliation", status: "open" });
    expect(whats()).toEqual(["suspend kim"]);
  });

  test("is done by a granted appeal or by this, never by both", async () => {
    for (const first of ["appeal", "undo"] as const) {
      const at = desk();
      const old = await at.act();
      const appealed = await at.appealOn(old);
      const undo = await at.assent.followUps.undo(old.proposal.id, { by: ana, why });
      for (const each of [appealed, undo]) await decideOn(at.assent, each, bo, { decision: "approve" });
      const order = first === "appeal" ? [appealed, undo] : [undo, appealed];
      for (const each of order) await at.delivery.deliver(threadOf(each));
      const [one, other] = await Promise.all(order.map((each) => now(at.assent, each)));
      expect([one?.outcome?.status, other?.outcome?.status]).toEqual(["executed", "failed"]);
      expect(other?.outcome).toHaveProperty("reason", expect.stringContaining("taken back by"));
      expect(at.whats()).toEqual(["suspend kim", "restore kim"]);
    }
  });

  test("is of the case that it was opened for, whatever arguments somebody approves", async () => {
    const at = desk();
    const [old, other] = [await at.act(), await at.act()];
    const undo = await at.assent.followUps.undo(old.proposal.id, { by: ana, why });
    const foreign = await at.assent.followUps.undo(other.proposal.id, { by: ana, why });
    const { case: changed } = await decideOn(at.assent, undo, bo, { decision: "modify", args: foreign.round.args });
    await at.delivery.deliver(threadOf(changed));
    expect((await now(at.assent, changed)).outcome).toMatchObject({
      status: "failed",
      reason: expect.stringContaining("another case"),
    });
    expect(at.whats()).toEqual(["suspend kim", "suspend kim"]);
  });

  test("at the same moment as a granted appeal has at most one effect", async () => {
    const at = desk();
    const old = await at.act();
    const both = [await at.appealOn(old), await at.assent.followUps.undo(old.proposal.id, { by: ana, why })];
    for (const each of both) await decideOn(at.assent, each, bo, { decision: "approve" });
    await Promise.all(both.map((each) => at.delivery.deliver(threadOf(each))));
    expect(at.whats().filter((what) => what === "restore kim").length).toBeLessThanOrEqual(1);
    const statuses = await Promise.all(both.map(async (each) => (await now(at.assent, each)).outcome?.status));
    expect(statuses.every((status) => status === "executed" || status === "failed")).toBe(true);
  });

  test("waits where nobody has its action, and goes on where somebody has", async () => {
    const { assent, act, whats } = desk();
    const undo = await assent.followUps.undo((await act()).proposal.id, { by: ana, why });
    await decideOn(assent, undo, bo, { decision: "approve" });
    const elsewhere = desk({ carries: false });
    expect(await elsewhere.delivery.deliver(threadOf(undo))).toBe("waiting");
    expect(await elsewhere.delivery.undelivered()).not.toContain(threadOf(undo));
    expect(whats()).toHaveLength(1);
  });

  test.each([
    ["proposal_unknown", "pr_nothing", { by: ana, why }],
    ["decision_invalid", null, { by: ana, why: " " }],
    ["principal_unverified", null, { by: { id: "ana" } as never, why }],
  ] as const)("is refused with %s", async (code, id, options) => {
    const { assent, act } = desk();
    const proposal = id ?? (await act()).proposal.id;
    await expect(assent.followUps.undo(proposal, options)).rejects.toMatchObject({ code });
  });

  test("is refused of what did not happen, and of what has no undo", async () => {
    const { assent, act, delivery } = desk({ breaks: 1 });
    const old = await act();
    await expect(assent.followUps.undo(old.proposal.id, { by: ana, why })).rejects.toMatchObject({
      code: "args_invalid",
    });
    const fine = await act();
    const undo = await assent.followUps.undo(fine.proposal.id, { by: ana, why });
    await decideOn(assent, undo, bo, { decision: "approve" });
    await delivery.deliver(threadOf(undo));
    await expect(assent.followUps.undo(undo.proposal.id, { by: ana, why })).rejects.toMatchObject({
      code: "args_invalid",
      message: /says nowhere how it is taken back/,
    });
  });

  test("is held back while its agent is halted, and done afterwards", async () => {
    const { assent, act, delivery, whats } = desk();
    const undo = await assent.followUps.undo((await act()).proposal.id, { by: ana, why });
    await decideOn(assent, undo, bo, { decision: "approve" });
    const halt = { agent: "agent", by: ana, reason: "Look first." };
    await assent.agents.pause(halt);
    await expect(delivery.deliver(threadOf(undo))).rejects.toMatchObject({ code: "agent_halted" });
    await assent.agents.resume(halt);
    await delivery.deliver(threadOf(undo));
    expect(whats()).toEqual(["suspend kim", "restore kim"]);
  });

  describe("in doubt", () => {
    /** A desk where the first attempt to take something back dies before its effect. */
    function breaking(options: FollowUpDeskOptions = {}) {
      let left = 1;
      return desk({
        ...options,
        inUndo() {
          left -= 1;
          if (left >= 0) throw new Error("the connection broke");
        },
      });
    }

    type Desk = ReturnType<typeof desk>;

    /** What people let happen, brought as far as it goes. */
    async function carriedOut({ assent, delivery }: Desk, held: Case, by = bo): Promise<Case> {
      await decideOn(assent, held, by, { decision: "approve" });
      await delivery.deliver(threadOf(held));
      return now(assent, held);
    }

    /** What somebody finds of it, and the case that runs it again, if one opens. */
    async function answered({ assent, delivery }: Desk, { proposal }: Case, happened: "executed" | "failed" | "again") {
      const asked = (await following(assent, proposal.id, "reconciliation")) as Case;
      await decideOn(assent, asked, bo, found(happened));
      await delivery.deliver(threadOf(asked));
      return following(assent, proposal.id, "again");
    }

    const undoOf = ({ assent }: Desk, { proposal }: Case): Promise<Case> =>
      assent.followUps.undo(proposal.id, { by: ana, why });

    test("and found not to have happened is run again, by the same key, once", async () => {
      const at = breaking();
      const old = await at.act();
      const undo = await carriedOut(at, await undoOf(at, old));
      expect(undo.outcome?.status).toBe("in-doubt");
      const again = (await answered(at, undo, "again")) as Case;
      expect((await undoOf(at, old)).proposal.id).toBe(again.proposal.id);
      await expect(decideOn(at.assent, again, ana, { decision: "approve" })).rejects.toMatchObject({
        code: "not_allowed",
      });
      expect((await carriedOut(at, again)).outcome).toMatchObject({ status: "executed", decidedBy: "bo" });
      expect(at.done.slice(1)).toEqual([{ what: "restore kim", key: `undo:${old.permit?.id}` }]);
      expect((await undoOf(at, old)).proposal.id).toBe(again.proposal.id);
      expect(at.whats()).toEqual(["suspend kim", "restore kim"]);
    });

    test("to be run again is the one there is until that has opened", async () => {
      const at = breaking();
      const old = await at.act();
      const undo = await carriedOut(at, await undoOf(at, old));
      const asked = (await following(at.assent, undo.proposal.id, "reconciliation")) as Case;
      await decideOn(at.assent, asked, bo, found("again"));
      expect((await undoOf(at, old)).proposal.id).toBe(undo.proposal.id);
    });

    test.each([
      ["executed", "in-doubt"],
      ["failed", "open"],
    ] as const)("and found %s: whoever asks again gets one that is %s", async (happened, status) => {
      const at = breaking();
      const old = await at.act();
      const undo = await carriedOut(at, await undoOf(at, old));
      expect(await answered(at, undo, happened)).toBeNull();
      const next = await undoOf(at, old);
      expect(next.outcome?.status ?? "open").toBe(status);
      const restored = status === "open" ? ["restore kim"] : [];
      if (status === "open") await carriedOut(at, next);
      expect(at.whats()).toEqual(["suspend kim", ...restored]);
    });

    test("and not let run again is asked for anew", async () => {
      const at = breaking();
      const old = await at.act();
      const again = (await answered(at, await carriedOut(at, await undoOf(at, old)), "again")) as Case;
      await decideOn(at.assent, again, bo, { decision: "reject" });
      const next = await undoOf(at, old);
      expect(next).toMatchObject({ proposal: { state: "open" }, review: { status: "open" } });
      expect((await carriedOut(at, next)).outcome?.status).toBe("executed");
      expect(at.whats()).toEqual(["suspend kim", "restore kim"]);
    });

    test("while nobody has said what happened, nothing else takes it back", async () => {
      const at = breaking();
      const old = await at.act();
      const appealed = await at.appealOn(old);
      await carriedOut(at, await undoOf(at, old));
      expect((await carriedOut(at, appealed)).outcome).toMatchObject({
        status: "failed",
        reason: expect.stringContaining("taken back by"),
      });
      expect(at.whats()).toEqual(["suspend kim"]);
    });

    test("is run again, or done by a granted appeal, never both", async () => {
      for (const first of ["appeal", "again"] as const) {
        const at = breaking();
        const old = await at.act();
        const appealed = await at.appealOn(old);
        const again = (await answered(at, await carriedOut(at, await undoOf(at, old)), "again")) as Case;
        const order = first === "appeal" ? [appealed, again] : [again, appealed];
        const statuses: unknown[] = [];
        for (const each of order) statuses.push((await carriedOut(at, each)).outcome?.status);
        expect(statuses).toEqual(["executed", "failed"]);
        expect(at.whats()).toEqual(["suspend kim", "restore kim"]);
      }
    });

    test("at the same moment as a granted appeal has at most one effect when it is run again", async () => {
      const at = breaking();
      const old = await at.act();
      const appealed = await at.appealOn(old);
      const again = (await answered(at, await carriedOut(at, await undoOf(at, old)), "again")) as Case;
      for (const each of [appealed, again]) await decideOn(at.assent, each, bo, { decision: "approve" });
      await Promise.all([appealed, again].map((each) => at.delivery.deliver(threadOf(each))));
      expect(at.whats().filter((what) => what === "restore kim").length).toBeLessThanOrEqual(1);
    });

    test("as an appeal is run again, never by who decided on the old case, and beside no undo", async () => {
      const at = breaking({ policy: policy({ default: { route: "review" } }) });
      const old = await carriedOut(at, await at.act(), zoe);
      const appealed = await carriedOut(at, await at.appealOn(old));
      expect(appealed.outcome?.status).toBe("in-doubt");
      const undo = await undoOf(at, old);
      const again = (await answered(at, appealed, "again")) as Case;
      await expect(decideOn(at.assent, again, zoe, { decision: "approve" })).rejects.toMatchObject({
        code: "not_allowed",
      });
      expect((await carriedOut(at, again)).outcome?.status).toBe("executed");
      expect((await carriedOut(at, undo)).outcome?.status).toBe("failed");
      expect(at.done.slice(1)).toEqual([{ what: "restore kim", key: `undo:${old.permit?.id}` }]);
    });

    test("is of the case that it was opened for, whatever arguments somebody approves when it is run again", async () => {
      const at = breaking();
      const [old, other] = [await at.act(), await at.act()];
      const again = (await answered(at, await carriedOut(at, await undoOf(at, old)), "again")) as Case;
      const foreign = await undoOf(at, other);
      const { case: changed } = await decideOn(at.assent, again, bo, { decision: "modify", args: foreign.round.args });
      await at.delivery.deliver(threadOf(changed));
      expect((await now(at.assent, changed)).outcome).toHaveProperty("reason", expect.stringContaining("another case"));
      expect(at.whats()).toEqual(["suspend kim", "suspend kim"]);
    });
  });
});
