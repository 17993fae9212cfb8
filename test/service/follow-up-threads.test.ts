import { policy, type Case } from "assent";
import { checkAudit } from "assent/audit";
import { postgresLedger } from "assent/postgres";
import { createDelivery, createWorker, type Threads, type WorkerEvent } from "assent/service";
import { checkHistory } from "assent/testing";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { decideOn, following, found } from "../nodes/after-gate.js";
import { failingLedger } from "../support/failing-ledger.js";
import { freshSchema, type FreshSchema } from "../support/postgres.js";
import { ana, bo, followUpDesk, now, type FollowUpDeskOptions } from "./follow-up-desk.js";
import { STORAGES, type Storage } from "./storages.js";

const why = "It was the wrong account";

describe.each(STORAGES)("follow-ups that run, $name", ({ open }) => {
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

  /** An effect in doubt of which somebody said something. */
  async function reconciled(happened: "executed" | "failed" | "again", options: FollowUpDeskOptions = {}) {
    const at = desk({ breaks: 1, ...options });
    const old = await at.act();
    const asked = (await following(at.assent, old.proposal.id, "reconciliation")) as Case;
    const { case: answered } = await decideOn(at.assent, asked, ana, found(happened));
    return { ...at, old, answered };
  }

  describe("what was in doubt", () => {
    test("is run again once somebody found that it did not happen, and somebody approves", async () => {
      const { assent, old, answered, delivery, whats, done } = await reconciled("again");
      expect(await delivery.undelivered()).toContain(threadOf(answered));
      expect(await delivery.deliver(threadOf(answered))).toBe("finished");
      const again = (await following(assent, old.proposal.id, "again")) as Case;
      expect(again).toMatchObject({
        proposal: { action: "suspend", state: "open" },
        round: { args: old.round.args, routing: { route: "review" } },
        review: { kind: "approval", status: "open" },
      });
      expect(again.round.display.context).toMatchObject({ found: { by: "ana" }, old: { status: "in-doubt" } });
      expect(await delivery.undelivered()).not.toContain(threadOf(again));
      expect(await delivery.deliver(threadOf(again))).toBe("waiting");
      expect(whats()).toEqual(["suspend kim"]);
      await decideOn(assent, again, bo, { decision: "approve" });
      expect(await delivery.deliver(threadOf(again))).toBe("finished");
      const ended = await now(assent, again);
      expect(ended.outcome).toMatchObject({ status: "executed", decidedBy: "bo" });
      expect(done.map(({ key }) => key)).toEqual([old.permit?.id, ended.permit?.id]);
      expect(await delivery.deliver(threadOf(again))).toBe("finished");
      expect(done).toHaveLength(2);
      expect(await delivery.undelivered()).not.toContain(threadOf(again));
    });

    test.each(["executed", "failed"] as const)("is left alone where it %s", async (happened) => {
      const { assent, old, answered, delivery, whats } = await reconciled(happened);
      expect(await delivery.undelivered()).not.toContain(threadOf(answered));
      expect(await delivery.deliver(threadOf(answered))).toBe("finished");
      expect(await following(assent, old.proposal.id, "again")).toBeNull();
      expect(whats()).toHaveLength(1);
    });

    test("that ends in doubt once more asks once more", async () => {
      const { assent, old, answered, delivery } = await reconciled("again", { breaks: 2 });
      await delivery.deliver(threadOf(answered));
      const again = (await following(assent, old.proposal.id, "again")) as Case;
      await decideOn(assent, again, bo, { decision: "approve" });
      await delivery.deliver(threadOf(again));
      expect((await now(assent, again)).outcome?.status).toBe("in-doubt");
      const second = (await following(assent, again.proposal.id, "reconciliation")) as Case;
      expect(second.round.display.context).toMatchObject({ after: { proposal: again.proposal.id }, says: null });
      expect((await decideOn(assent, second, bo, found("executed"))).case.proposal.state).toBe("closed");
    });

    test("goes through the policy as it is now: what it blocks is not run again", async () => {
      const blocks = policy({
        rules: [{ id: "never", action: "suspend", route: "block" }],
        default: { route: "review" },
      });
      const { old, answered, whats } = await reconciled("again");
      const stricter = desk({ policy: blocks });
      await stricter.delivery.deliver(threadOf(answered));
      const again = await following(stricter.assent, old.proposal.id, "again");
      expect(again).toMatchObject({ outcome: { status: "blocked" }, review: null, permit: null });
      expect(whats()).toHaveLength(1);
    });

    test("is opened once, by however many", async () => {
      const { assent, old, answered } = await reconciled("again");
      const others = Array.from({ length: 4 }, () => desk({ breaks: 1 }));
      const brought = await Promise.all(others.map(({ delivery }) => delivery.deliver(threadOf(answered))));
      expect(new Set(brought)).toEqual(new Set(["finished"]));
      const again = (await following(assent, old.proposal.id, "again")) as Case;
      const rows = await assent.ledger.auditRows({ afterSeq: 0, limit: 10, proposalId: again.proposal.id });
      expect(rows.map(({ kind }) => kind)).toEqual(["proposed", "routed", "asked"]);
    });

    test.each(["nothing persisted", "answer lost"] as const)(
      "is opened by the next one where the first one fails (%s)",
      async (loss) => {
        const { assent, old, answered } = await reconciled("again");
        for (let failAt = 1; failAt <= 12; failAt += 1) {
          const failing = failingLedger(storage.ledger, failAt, loss);
          const broken = followUpDesk({ ...storage, ledger: failing });
          await broken.delivery.deliver(threadOf(answered)).catch(() => undefined);
        }
        expect(await desk().delivery.deliver(threadOf(answered))).toBe("finished");
        const again = (await following(assent, old.proposal.id, "again")) as Case;
        const rows = await assent.ledger.auditRows({ afterSeq: 0, limit: 10, proposalId: again.proposal.id });
        expect(rows.map(({ kind }) => kind)).toEqual(["proposed", "routed", "asked"]);
      },
    );
  });

  describe("an incident", () => {
    test("about a case is a second look at it, urgent, for nobody who had a part in it", async () => {
      const { assent, act } = desk();
      const old = await act();
      const report = { by: ana, what: "Kim called", proposal: old.proposal.id };
      const opened = await assent.followUps.report(report);
      expect(opened).toMatchObject({
        review: { kind: "second-look", status: "open" },
        round: { facts: { risk: 1, tags: ["incident"] }, routing: { route: "suggest" } },
      });
      expect(opened.round.display.context).toMatchObject({
        because: "incident",
        reportedBy: "ana",
        what: "Kim called",
      });
      expect((await assent.followUps.report(report)).proposal.id).toBe(opened.proposal.id);
      const other = await assent.followUps.report({ ...report, what: "Kim wrote" });
      expect(other.proposal.id).not.toBe(opened.proposal.id);
      await expect(decideOn(assent, opened, ana, { decision: "reject" })).rejects.toMatchObject({
        code: "not_allowed",
      });
      const { case: looked } = await decideOn(assent, opened, bo, { decision: "reject", note: "It was wrong" });
      expect(looked.outcome).toMatchObject({ status: "rejected", reason: "It was wrong" });
    });

    test("is not for whoever decided on the case", async () => {
      const at = desk({ policy: policy({ default: { route: "review" } }) });
      const old = await at.act();
      await decideOn(at.assent, old, bo, { decision: "approve" });
      await at.delivery.deliver(threadOf(old));
      const opened = await at.assent.followUps.report({ by: ana, what: "Kim called", proposal: old.proposal.id });
      for (const decision of ["approve", "reject"] as const) {
        await expect(decideOn(at.assent, opened, bo, { decision })).rejects.toMatchObject({ code: "not_allowed" });
      }
    });

    test("without a case is one that people deal with", async () => {
      const { assent, delivery } = desk();
      const opened = await assent.followUps.report({ by: ana, what: "It writes to the wrong people", agent: "mailer" });
      expect(opened.round.display).toMatchObject({ action: "incident", agent: "mailer" });
      const { case: ended } = await decideOn(assent, opened, bo, { decision: "approve", note: "Stopped it" });
      expect(ended.outcome).toMatchObject({ status: "suggested", reason: "Stopped it" });
      expect(await delivery.deliver(threadOf(opened))).toBe("finished");
    });

    test.each([
      ["proposal_unknown", { by: ana, what: "x", proposal: "pr_nothing" }],
      ["decision_invalid", { by: ana, what: "" }],
      ["principal_unverified", { by: "ana" as never, what: "x" }],
    ] as const)("is refused with %s", async (code, report) => {
      await expect(desk().assent.followUps.report(report)).rejects.toMatchObject({ code });
    });

    test("about a case that is still open is refused", async () => {
      const at = desk({ policy: policy({ default: { route: "review" } }) });
      const { proposal } = await at.act();
      await expect(at.assent.followUps.report({ by: ana, what: "x", proposal: proposal.id })).rejects.toMatchObject({
        code: "args_invalid",
      });
    });
  });
});

describe("a worker", () => {
  let fresh: FreshSchema;
  let storage: Pick<Storage, "checkpointer" | "ledger">;
  beforeEach(async () => {
    fresh = await freshSchema({ connectionsMax: 16 });
    const { pool, schema } = fresh;
    const checkpointer = new PostgresSaver(pool, undefined, { schema });
    await checkpointer.setup();
    storage = { checkpointer, ledger: postgresLedger({ pool, schema }) };
  });
  afterEach(() => fresh.close());

  function workerOf({ assent, threads }: Pick<ReturnType<typeof followUpDesk>, "assent" | "threads">) {
    const told: WorkerEvent[] = [];
    const { pool, schema } = fresh;
    const onEvent = (event: WorkerEvent): void => void told.push(event);
    return { told, worker: createWorker({ assent, threads, pool, schema, settleMs: 0, graceMs: 0, onEvent }) };
  }

  test("carries out what follows, withdraws nothing, and leaves nothing stuck", async () => {
    const at = followUpDesk(storage, { breaks: 1 });
    const old = await at.act();
    const fine = await at.act();
    const reconciliation = (await following(at.assent, old.proposal.id, "reconciliation")) as Case;
    const undo = await at.assent.followUps.undo(fine.proposal.id, { by: ana, why });
    const { worker, told } = workerOf(at);
    await worker.drain();
    expect(told.filter(({ kind }) => kind !== "delivered")).toEqual([]);
    await decideOn(at.assent, reconciliation, ana, found("again"));
    await decideOn(at.assent, undo, bo, { decision: "approve" });
    await worker.drain();
    const again = (await following(at.assent, old.proposal.id, "again")) as Case;
    expect((await now(at.assent, undo)).outcome?.status).toBe("executed");
    await decideOn(at.assent, again, bo, { decision: "approve" });
    await worker.drain();
    expect((await now(at.assent, again)).outcome?.status).toBe("executed");
    expect(at.whats()).toEqual(["suspend kim", "suspend kim", "restore kim", "suspend kim"]);
    expect(told.filter(({ kind }) => kind !== "delivered")).toEqual([]);
    const effects = at.done.filter(({ what }) => what !== "restore kim").map(({ key }) => ({ idempotencyKey: key }));
    const report = await checkHistory({ ledger: storage.ledger, effects, acknowledged: [], threads: at.threads });
    expect(report.problems.filter(({ kind }) => kind !== "lost-effect")).toEqual([]);
    await worker.drain();
    expect(await storage.ledger.undelivered({ limit: 10 })).toEqual([]);
  });

  test("that has not the action says so, and one that has it goes on", async () => {
    const at = followUpDesk(storage);
    const undo = await at.assent.followUps.undo((await at.act()).proposal.id, { by: ana, why });
    await decideOn(at.assent, undo, bo, { decision: "approve" });
    const { assent } = at;
    const stranger = workerOf({ assent: { ...assent, actions: [] }, threads: at.threads });
    await stranger.worker.drain();
    const troubles = stranger.told.filter(({ kind }) => kind === "trouble");
    expect(troubles).toContainEqual(expect.objectContaining({ what: expect.stringContaining('"undo-suspend"') }));
    expect(at.whats()).toEqual(["suspend kim"]);
    const threads: Threads = at.threads;
    expect(
      await createDelivery({ ledger: storage.ledger, threads, assents: [assent] }).deliver(undo.proposal.threadId),
    ).toBe("finished");
    expect(at.whats()).toEqual(["suspend kim", "restore kim"]);
  });

  test.each([
    ["forged, without a signature", `'[]'::json`],
    ["signed by a stranger", `'[{"keyid":"key-1","sig":"c2lnbmVk"}]'::json`],
  ])("runs nothing again on an answer that is %s", async (_, signatures) => {
    const at = followUpDesk(storage, { breaks: 1 });
    const old = await at.act();
    const asked = (await following(at.assent, old.proposal.id, "reconciliation")) as Case;
    await decideOn(at.assent, asked, ana, found("again"));
    await fresh.pool.query(`set session_replication_role = replica; update decisions set signatures = ${signatures};
      set session_replication_role = origin`);
    const tried = at.delivery.deliver(asked.proposal.threadId);
    await expect(tried).rejects.toMatchObject({ code: "permit_mismatch" });
    expect(await following(at.assent, old.proposal.id, "again")).toBeNull();
    expect(at.whats()).toHaveLength(1);
  });

  test("asks for no second undo beside one in doubt that only a forged finding clears", async () => {
    const at = followUpDesk(storage, {
      inUndo() {
        throw new Error("the connection broke");
      },
    });
    const old = await at.act();
    const undo = await at.assent.followUps.undo(old.proposal.id, { by: ana, why });
    await decideOn(at.assent, undo, bo, { decision: "approve" });
    await at.delivery.deliver(undo.proposal.threadId);
    const asked = (await following(at.assent, undo.proposal.id, "reconciliation")) as Case;
    await decideOn(at.assent, asked, bo, found("executed"));
    const sql = `update decisions set reason_code = 'failed' where proposal_id = '${asked.proposal.id}'`;
    await fresh.pool.query(`set session_replication_role = replica; ${sql}; set session_replication_role = origin`);
    const next = await at.assent.followUps.undo(old.proposal.id, { by: ana, why });
    expect(next.proposal.id).toBe(undo.proposal.id);
  });

  test("runs nothing again on an answer whose finding was altered, or that nobody is known to have given", async () => {
    for (const change of [`note = 'other'`, `principal = replace(principal::text, '"system"', '"unverified"')::json`]) {
      const at = followUpDesk(storage, { breaks: 1 });
      const old = await at.act();
      const asked = (await following(at.assent, old.proposal.id, "reconciliation")) as Case;
      await decideOn(at.assent, asked, ana, found("again"));
      const sql = `update decisions set ${change} where proposal_id = '${asked.proposal.id}'`;
      await fresh.pool.query(`set session_replication_role = replica; ${sql}; set session_replication_role = origin`);
      await expect(at.delivery.deliver(asked.proposal.threadId)).rejects.toMatchObject({ code: "permit_mismatch" });
      expect(await following(at.assent, old.proposal.id, "again")).toBeNull();
    }
  });
});
