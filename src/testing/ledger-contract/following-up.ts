import assert from "node:assert/strict";
import { followUpId } from "../../model/follow-up.js";
import type { Case } from "../../model/case.js";
import type { Ledger } from "../../ledger/ledger.js";
import { changesNothing, kinds, race, rejectsWith, reread, type Check } from "./check.js";
import {
  claimed,
  claimRequest,
  decided,
  decideRequest,
  followUpRequest,
  moment,
  outcome,
  routed,
  routingTo,
  settleRequest,
} from "./specimens.js";

/** `followUp`, and what opens with an end. */
export function followingUpContract(check: Check): void {
  openings(check);
  withAnEnd(check);
  lives(check);
}

async function running(ledger: Ledger): Promise<Case> {
  return claimed(ledger, await routed(ledger, "execute"));
}

function openings(check: Check): void {
  check("a follow-up is recorded, routed and asked about at once", async (ledger) => {
    const old = await running(ledger);
    const request = followUpRequest(old);
    const opened = await ledger.followUp(request);
    assert.deepEqual(await reread(ledger, opened), opened);
    assert.deepEqual(opened.round, request.round);
    assert.deepEqual([opened.proposal.state, opened.permit, opened.outcome], ["open", null, null]);
    const { kind, status, address, deadlineAt, otherwise, gate } = opened.review ?? {};
    assert.deepEqual([kind, status, deadlineAt, otherwise, gate], [request.kind, "open", null, "hold", request.gate]);
    assert.deepEqual([address?.threadId, address?.interruptId], [opened.proposal.threadId, opened.proposal.id]);
    assert.deepEqual(await kinds(ledger, opened.proposal.id), ["proposed", "routed", "asked"]);
    const listed = await ledger.reviews({ status: "open", limit: 10 });
    assert.deepEqual(
      listed.map(({ review }) => review.proposalId),
      [opened.proposal.id],
    );
    assert.equal((await ledger.queueItem(opened.review?.id ?? ""))?.kind, "reconciliation");
    assert.ok(!(await ledger.undelivered({ limit: 10 })).some(({ id }) => id === opened.proposal.id));
  });

  check("it has a deadline by the ledger's clock", async (ledger, setTime) => {
    const opened = await ledger.followUp(
      followUpRequest(await running(ledger), { withinMs: 1_000, otherwise: "reject" }),
    );
    assert.equal(opened.review?.deadlineAt, moment(21));
    await setTime(22);
    assert.equal((await ledger.due({ limit: 10 })).length, 1);
  });

  check("the first write of its id wins", async (ledger) => {
    const old = await running(ledger);
    const first = await ledger.followUp(followUpRequest(old));
    const other = followUpRequest(old, { kind: "approval", gate: "other" });
    const again = () => ledger.followUp(other);
    assert.deepEqual(await changesNothing(ledger, first.proposal.id, again), first);
  });

  check("of 16 at once, one counts", async (ledger) => {
    const request = followUpRequest(await running(ledger));
    const answers = await race(() => ledger.followUp(request));
    for (const answer of answers) assert.deepEqual(answer, answers[0]);
    assert.deepEqual(await kinds(ledger, request.proposal.id), ["proposed", "routed", "asked"]);
  });

  check("one that its routing ends is closed at once", async (ledger) => {
    const request = followUpRequest(await running(ledger));
    const blocked = { ...request, round: { ...request.round, routing: routingTo("block") } };
    const old = { proposal: { ...request.proposal, gate: null, round: 1, state: "open" as const }, decisions: [] };
    const ended = outcome(old, "blocked", request.proposal.proposedAt);
    const now = await ledger.followUp({ ...blocked, outcome: ended });
    assert.deepEqual([now.proposal.state, now.review, now.outcome], ["closed", null, ended]);
    assert.deepEqual(await kinds(ledger, now.proposal.id), ["proposed", "routed", "closed"]);
    assert.notEqual(await ledger.caseRecordText(ended.auditId), null);
  });

  check("a name that no store can keep leaves nothing behind", async (ledger) => {
    const request = followUpRequest(await running(ledger), { gate: "a\0b" });
    await rejectsWith("json_invalid", () => ledger.followUp(request));
    assert.equal(await ledger.read(request.proposal.id), null);
  });
}

function withAnEnd(check: Check): void {
  check("it opens with the end that spends the permit", async (ledger) => {
    const held = await running(ledger);
    const request = { ...settleRequest(held, "worker-1", "in-doubt"), followUps: [followUpRequest(held)] };
    const now = await ledger.settle(request);
    assert.equal(now.outcome?.status, "in-doubt");
    const id = followUpId("reconciliation", held.proposal.id);
    assert.equal((await ledger.read(id))?.review?.status, "open");
    const repeated = () => ledger.settle(request);
    assert.deepEqual(await changesNothing(ledger, id, repeated), now);
  });

  check("it does not open where the end does not count", async (ledger) => {
    const held = await running(ledger);
    const followUps = [followUpRequest(held)];
    const id = followUpId("reconciliation", held.proposal.id);
    await ledger.settle({ ...settleRequest(held, "worker-2", "in-doubt"), followUps });
    await ledger.settle({ ...settleRequest(held, null, "in-doubt"), followUps });
    assert.equal(await ledger.read(id), null);
    await ledger.settle(settleRequest(held, "worker-1"));
    await ledger.settle({ ...settleRequest(held, "worker-1", "in-doubt"), followUps });
    assert.equal(await ledger.read(id), null);
  });

  check("of 16 ends at once, one opens what follows", async (ledger) => {
    const held = await running(ledger);
    const request = { ...settleRequest(held, "worker-1", "in-doubt"), followUps: [followUpRequest(held)] };
    await race(() => ledger.settle(request));
    const id = followUpId("reconciliation", held.proposal.id);
    assert.deepEqual(await kinds(ledger, id), ["proposed", "routed", "asked"]);
  });

  check("an end and what follows on it are there together, or not at all", async (ledger) => {
    const held = await running(ledger);
    const broken = followUpRequest(held, { gate: "a\0b" });
    const request = { ...settleRequest(held, "worker-1", "in-doubt"), followUps: [broken] };
    await rejectsWith("json_invalid", () => changesNothing(ledger, held.proposal.id, () => ledger.settle(request)));
    assert.deepEqual(await reread(ledger, held), held);
    assert.equal(await ledger.read(broken.proposal.id), null);
  });
}

function lives(check: Check): void {
  check("an answer ends one that is only suggested, and nothing is permitted", async (ledger) => {
    const opened = await ledger.followUp(followUpRequest(await running(ledger)));
    const { decision, digest } = decideRequest(opened, "answer");
    const ended = outcome({ ...opened, decisions: [decision] }, "suggested", decision.decidedAt);
    const result = await ledger.decide({ decision, digest, outcome: ended });
    assert.ok(result.ok);
    assert.deepEqual([result.case.outcome?.status, result.case.permit], ["suggested", null]);
    assert.deepEqual((await kinds(ledger, opened.proposal.id)).slice(3), ["decided", "closed"]);
  });

  check("one that runs is claimed on its own thread, by its own permit", async (ledger) => {
    const request = followUpRequest(await running(ledger), { kind: "approval" });
    const routing = routingTo("review");
    const opened = await ledger.followUp({ ...request, round: { ...request.round, routing } });
    const approved = await decided(ledger, opened, "approve");
    assert.equal((await ledger.claim({ ...claimRequest(approved, "w"), threadId: "thread-1" })).claimed, false);
    const now = await ledger.settle(settleRequest(await claimed(ledger, approved, "w"), "w"));
    assert.equal(now.outcome?.status, "executed");
  });
}
