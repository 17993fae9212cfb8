import { memoryLedger, type Case, type Ledger } from "assent";
import { checkHistory, type HistoryProblemKind, type WorldEffect } from "assent/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { AuditEvent, auditEntry, GENESIS_HASH, linkHash, type AuditRow } from "../../src/model/audit-event.js";
import type { ThreadState } from "../../src/service/threads.js";
import {
  asked,
  askRequest,
  claimed,
  decided,
  executed,
  moment,
  proposed,
  routed,
  routeRequest,
  settleRequest,
} from "../../src/testing/ledger-contract/specimens.js";

let ledger: Ledger;
beforeEach(() => {
  ledger = memoryLedger();
});

/** The effect that a case's permit allows. */
const effectOf = (held: Case, what?: string): WorldEffect => ({
  idempotencyKey: held.permit?.id ?? "",
  ...(what !== undefined && { what }),
});
const decisionOf = (held: Case) => ({
  proposalId: held.proposal.id,
  decisionId: held.decisions.at(-1)?.id ?? "",
});

/** The same ledger with another log, which still fits together: what somebody who rewrites it would leave. */
async function rewritten(change: (events: AuditEvent[]) => AuditEvent[]): Promise<Ledger> {
  const rows = await ledger.auditRows({ afterSeq: 0, limit: 10_000 });
  let hash = GENESIS_HASH;
  const told = change(rows.map(({ entry }) => AuditEvent.parse(JSON.parse(entry)))).map((event, index): AuditRow => {
    const entry = auditEntry(event);
    hash = linkHash(hash, entry);
    return { seq: index + 1, kind: event.kind, proposalId: event.proposal, entry, hash };
  });
  return new Proxy(ledger, {
    get(target, name) {
      if (name === "auditRows") {
        return async ({ afterSeq, limit }: { afterSeq: number; limit: number }) =>
          told.slice(afterSeq, afterSeq + limit);
      }
      if (name === "auditHead") return async () => ({ seq: told.length, hash });
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
}

/** What was found, shortly: which kind of problem, with which proposal. */
async function found(history: Partial<Parameters<typeof checkHistory>[0]>): Promise<[HistoryProblemKind, unknown][]> {
  const { ok, problems } = await checkHistory({ ledger, effects: [], acknowledged: [], ...history });
  expect(ok).toBe(problems.length === 0);
  return problems.map(({ kind, proposalId }) => [kind, proposalId]);
}

describe("a history in which every promise was kept", () => {
  it("passes, whatever became of the proposals", async () => {
    const approved = await executed(ledger, { key: "approved" });
    const byPolicy = await claimed(ledger, await routed(ledger, "execute", { key: "by-policy" }));
    await ledger.settle(settleRequest(byPolicy, "worker-1"));
    const modified = await claimed(
      ledger,
      await decided(ledger, await asked(ledger, { key: "modified" }), "modify", { args: { amount: 1 } }),
    );
    await ledger.settle(settleRequest(modified, "worker-1"));
    const rejected = await decided(ledger, await asked(ledger, { key: "rejected" }), "reject");
    await routed(ledger, "block", { key: "blocked" });
    const waiting = await asked(ledger, { key: "waiting", threadId: "thread-2" });
    const report = await checkHistory({
      ledger,
      effects: [effectOf(approved), effectOf(byPolicy), effectOf(modified)],
      acknowledged: [decisionOf(approved), decisionOf(modified), decisionOf(rejected)],
      threads: {
        state: async (threadId): Promise<ThreadState> =>
          threadId === "thread-2"
            ? { status: "waiting", pending: [waiting.review?.address.interruptId ?? ""], movedAt: null }
            : { status: "finished", pending: [], movedAt: null },
      },
    });
    expect(report).toEqual({
      ok: true,
      cases: 6,
      approvals: 2,
      effects: 3,
      lostDecisions: 0,
      doubleEffects: 0,
      effectsWithoutDecision: 0,
      lostEffects: 0,
      stuckThreads: 0,
      brokenLog: 0,
      problems: [],
    });
  });

  it.each(["in-doubt", "failed"] as const)("passes with and without the effect where it is %s", async (status) => {
    const held = await claimed(ledger, await routed(ledger, "execute"));
    await ledger.settle(settleRequest(held, "worker-1", status));
    expect(await found({})).toEqual([]);
    expect(await found({ effects: [effectOf(held)] })).toEqual([]);
  });

  it("passes where a permit was voided before it was used, and the next one used", async () => {
    const first = await routed(ledger, "execute");
    const { id } = first.proposal;
    const next = await ledger.reroute({ proposalId: id, round: 1, reason: "The policy changed.", at: moment(5) });
    const again = await claimed(ledger, await ledger.route(routeRequest(next, "flag")));
    await ledger.settle(settleRequest(again, "worker-1"));
    expect(await found({ effects: [effectOf(again)] })).toEqual([]);
    expect(await found({ effects: [effectOf(first), effectOf(again)] })).toEqual([
      ["effect-without-decision", id],
      ["double-effect", id],
    ]);
  });
});

describe("a decision that was acknowledged", () => {
  it("is missed if the ledger never had it", async () => {
    const elsewhere = memoryLedger();
    const approved = await decided(elsewhere, await asked(elsewhere), "approve");
    const here = await asked(ledger);
    expect(await found({ acknowledged: [decisionOf(approved)] })).toEqual([["lost-decision", here.proposal.id]]);
    const unknown = { proposalId: "pr_unknown", decisionId: "dc_1" };
    expect(await found({ acknowledged: [unknown] })).toEqual([["lost-decision", "pr_unknown"]]);
  });

  it("is missed if its row was removed", async () => {
    const rejected = await decided(ledger, await asked(ledger), "reject");
    const without = await rewritten((events) => events.filter(({ kind }) => kind !== "decided"));
    const kinds = await found({ ledger: without, acknowledged: [decisionOf(rejected)] });
    expect(kinds).toContainEqual(["lost-decision", rejected.proposal.id]);
    expect(kinds).toContainEqual(["broken-log", rejected.proposal.id]);
  });

  it("is missed if nothing followed", async () => {
    const approved = await decided(ledger, await asked(ledger), "approve");
    expect(await found({ acknowledged: [decisionOf(approved)] })).toEqual([["stuck-thread", approved.proposal.id]]);
  });
});

describe("an effect", () => {
  it("may not happen twice", async () => {
    const held = await executed(ledger);
    const { problems } = await checkHistory({
      ledger,
      effects: [effectOf(held, "Refund o-1"), effectOf(held, "Refund o-1")],
      acknowledged: [],
    });
    expect(problems).toEqual([
      {
        kind: "double-effect",
        proposalId: held.proposal.id,
        what: `Refund o-1 (${held.permit?.id}) happened again`,
      },
    ]);
  });

  it("must happen where the ledger says so", async () => {
    const held = await executed(ledger);
    expect(await found({})).toEqual([["lost-effect", held.proposal.id]]);
  });

  it.each([
    ["nobody has decided", (held: Case) => held, "no permit was issued for it"],
    ["somebody rejected", (held: Case) => decided(ledger, held, "reject"), "no permit was issued for it"],
    ["it was approved but not claimed", (held: Case) => decided(ledger, held, "approve"), "was never claimed"],
  ])("may not happen where %s", async (_why, bring, what) => {
    const now = await bring(await asked(ledger));
    const permit = (await claimedElsewhere()).permit?.id ?? "";
    const report = await checkHistory({ ledger, effects: [{ idempotencyKey: permit }], acknowledged: [] });
    expect(report.effectsWithoutDecision).toBe(1);
    expect(report.problems[0]).toMatchObject({ kind: "effect-without-decision", proposalId: now.proposal.id });
    expect(report.problems[0]?.what).toContain(what);
  });

  /** The same proposal in another ledger, where it was carried out. */
  async function claimedElsewhere(): Promise<Case> {
    return executed(memoryLedger());
  }

  it("may not happen under a permit that nobody knows", async () => {
    expect(await found({ effects: [{ idempotencyKey: "pm_unknown" }] })).toEqual([["effect-without-decision", null]]);
  });

  it("may not happen under a permit of the policy where the policy asks for a person", async () => {
    const held = await claimed(ledger, await routed(ledger, "execute"));
    await ledger.settle(settleRequest(held, "worker-1"));
    const forged = await rewritten((events) =>
      events.map((event) => (event.kind === "routed" ? { ...event, data: { ...event.data, route: "review" } } : event)),
    );
    const kinds = await found({ ledger: forged, effects: [effectOf(held)] });
    expect(kinds[0]).toEqual(["effect-without-decision", held.proposal.id]);
    expect(kinds).toContainEqual(["broken-log", held.proposal.id]);
  });

  it("may not happen under a permit for which an approval was forged", async () => {
    const held = await executed(ledger);
    const forged = await rewritten((events) =>
      events.map((event) =>
        event.kind === "decided" ? { ...event, data: { ...event.data, verdict: "reject" } } : event,
      ),
    );
    expect((await found({ ledger: forged, effects: [effectOf(held)] }))[0]).toEqual([
      "effect-without-decision",
      held.proposal.id,
    ]);
  });
});

describe("the log", () => {
  it.each([
    ["executed before it was claimed", "claimed"],
    ["claimed before it was permitted", "permitted"],
    ["permitted before it was decided", "decided"],
  ] as const)("may not say that something was %s", async (_what, late) => {
    const held = await executed(ledger);
    const forged = await rewritten((events) => {
      const at = events.findIndex(({ kind }) => kind === late);
      return [...events.slice(0, at), events[at + 1]!, events[at]!, ...events.slice(at + 2)];
    });
    const kinds = await found({ ledger: forged, effects: [effectOf(held)] });
    expect(kinds).toContainEqual(["broken-log", held.proposal.id]);
  });

  it("may not leave out rows", async () => {
    const held = await executed(ledger);
    const forged = await rewritten((events) => events.filter(({ kind }) => kind !== "claimed"));
    const kinds = await found({ ledger: forged, effects: [effectOf(held)] });
    expect(kinds).toContainEqual(["effect-without-decision", held.proposal.id]);
    expect(kinds).toContainEqual(["broken-log", held.proposal.id]);
  });
});

describe("a case at rest", () => {
  it.each([
    ["nobody asked the policy", () => proposed(ledger)],
    ["nobody asked a person", () => routed(ledger, "review")],
    ["nobody uses its permit", () => routed(ledger, "execute")],
    ["somebody claimed it and died", async () => claimed(ledger, await routed(ledger, "execute"))],
    [
      "its next round was never asked about",
      async () => decided(ledger, await asked(ledger), "modify", { permitted: false }),
    ],
  ])("is stuck where %s", async (_why, bring) => {
    const held = await bring();
    expect(await found({})).toEqual([["stuck-thread", held.proposal.id]]);
  });

  it("is stuck if a person is asked and nobody says why", async () => {
    const held = await proposed(ledger);
    const request = routeRequest(held, "review");
    const silent = await ledger.route({ ...request, routing: { ...request.routing, explanation: "" } });
    await ledger.ask(askRequest(silent));
    expect(await found({})).toEqual([["stuck-thread", held.proposal.id]]);
  });

  it.each<[string, ThreadState, open: boolean, closed: boolean]>([
    ["has finished", { status: "finished", pending: [], movedAt: null }, true, false],
    ["was never run", { status: "new", pending: [], movedAt: null }, true, true],
    ["has work left", { status: "stopped", pending: [], movedAt: null }, true, true],
    ["waits elsewhere", { status: "waiting", pending: ["interrupt-9"], movedAt: null }, true, false],
    ["waits where it was asked", { status: "waiting", pending: ["interrupt-1"], movedAt: null }, false, false],
  ])("is judged by its thread, which %s", async (_what, state, openIsStuck, closedIsStuck) => {
    const open = await asked(ledger, { key: "open", threadId: "open" });
    const closed = await routed(ledger, "block", { key: "closed", threadId: "closed" });
    const stuck = [
      ...(openIsStuck ? [["stuck-thread", open.proposal.id]] : []),
      ...(closedIsStuck ? [["stuck-thread", closed.proposal.id]] : []),
    ];
    expect((await found({ threads: { state: async () => state } })).toSorted()).toEqual(stuck.toSorted());
  });

  it("counts threads, not cases", async () => {
    await proposed(ledger, { key: "one" });
    await proposed(ledger, { key: "two" });
    await proposed(ledger, { key: "three", threadId: "thread-2" });
    const report = await checkHistory({ ledger, effects: [], acknowledged: [] });
    expect(report.stuckThreads).toBe(2);
    expect(report.problems).toHaveLength(3);
  });
});
