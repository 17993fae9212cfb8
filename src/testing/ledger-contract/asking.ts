import assert from "node:assert/strict";
import { identifier } from "../../model/identifier.js";
import { reviewDigest } from "../../model/proposal.js";
import { changesNothing, countOf, race, rejectsWith, reread, type Check } from "./check.js";
import {
  askRequest,
  asked,
  decided,
  decideRequest,
  executed,
  moment,
  proposed,
  reviewOf,
  routed,
} from "./specimens.js";

/** `ask`. */
export function askingContract(check: Check): void {
  questions(check);
  refusedQuestions(check);
}

function questions(check: Check): void {
  check("asking opens the review of the round, at its address", async (ledger) => {
    const held = await routed(ledger, "review", { trust: "open" });
    const { proposal, round } = held;
    const request = askRequest(held);
    const { review } = await ledger.ask(request);
    assert.deepEqual(review, {
      id: identifier("review", [proposal.id, 1]),
      proposalId: proposal.id,
      round: 1,
      kind: "approval",
      status: "open",
      version: 1,
      digest: reviewDigest(proposal.id, round),
      gate: "gate",
      trust: "open",
      address: request.address,
      asks: 1,
      askedAt: moment(2),
      deadlineAt: null,
      otherwise: "hold",
      step: 0,
    });
  });

  check("the same interrupt asking again changes nothing", async (ledger) => {
    const held = await asked(ledger);
    const again = () => ledger.ask({ ...askRequest(held), at: moment(5), reason: "again" });
    assert.deepEqual(await changesNothing(ledger, held.proposal.id, again), held);
  });

  check("another interrupt moves the open review and counts, and keeps everything else", async (ledger) => {
    const held = await asked(ledger);
    const request = { ...askRequest(held, "interrupt-2", "No decision yet."), at: moment(5) };
    const now = await ledger.ask(request);
    assert.deepEqual(now.review, { ...reviewOf(held), address: request.address, asks: 2 });
    assert.equal(await countOf("asked", ledger, held.proposal.id), 2);
    assert.deepEqual(await changesNothing(ledger, held.proposal.id, () => ledger.ask(request)), now);
  });

  check("of 16 asks of one interrupt at once, one opens the review", async (ledger) => {
    const held = await routed(ledger, "review");
    const answers = await race(() => ledger.ask(askRequest(held)));
    const now = await reread(ledger, held);
    assert.equal(now.review?.asks, 1);
    for (const answer of answers) assert.deepEqual(answer, now);
    assert.equal(await countOf("asked", ledger, held.proposal.id), 1);
  });

  check("16 interrupts at once each move the review once", async (ledger) => {
    const held = await routed(ledger, "review");
    await race((racer) => ledger.ask(askRequest(held, `interrupt-${racer}`)));
    assert.equal((await reread(ledger, held)).review?.asks, 16);
    assert.equal(await countOf("asked", ledger, held.proposal.id), 16);
  });
}

function refusedQuestions(check: Check): void {
  check("a decided review is left as it is", async (ledger) => {
    for (const verdict of ["approve", "reject"] as const) {
      const held = await decided(ledger, await asked(ledger, { key: verdict }), verdict);
      const again = () => ledger.ask(askRequest(held, "interrupt-2"));
      assert.deepEqual(await changesNothing(ledger, held.proposal.id, again), held);
    }
  });

  check(
    "a decided review is left as it is, also where the decision neither permitted nor ended anything",
    async (ledger) => {
      const held = await asked(ledger);
      const result = await ledger.decide(decideRequest(held, "revise"));
      assert.ok(result.ok);
      const again = () => ledger.ask(askRequest(held, "interrupt-2"));
      assert.deepEqual(await changesNothing(ledger, held.proposal.id, again), result.case);
    },
  );

  check("an unrouted round, one with a permit, another round and a closed case are not asked about", async (ledger) => {
    const unrouted = await proposed(ledger);
    const permitted = await routed(ledger, "execute", { key: "b" });
    const ended = await executed(ledger, { key: "c" });
    const blocked = await routed(ledger, "block", { key: "d" });
    for (const held of [unrouted, permitted, ended, blocked]) {
      const tried = () => ledger.ask(askRequest(held, "interrupt-9"));
      assert.deepEqual(await changesNothing(ledger, held.proposal.id, tried), held);
    }
    const open = await routed(ledger, "review", { key: "e" });
    const other = () => ledger.ask({ ...askRequest(open), round: 2 });
    assert.deepEqual(await changesNothing(ledger, open.proposal.id, other), open);
  });

  check("another thread can neither ask about a proposal nor move its review", async (ledger) => {
    const fresh = await routed(ledger, "review");
    const open = await asked(ledger, { key: "b" });
    for (const held of [fresh, open]) {
      const request = askRequest(held, "interrupt-2");
      const foreign = { ...request, address: { ...request.address, threadId: "thread-2" } };
      assert.deepEqual(await changesNothing(ledger, held.proposal.id, () => ledger.ask(foreign)), held);
    }
  });

  check("the round that a modification makes gets a review of its own", async (ledger) => {
    const first = await asked(ledger);
    const modified = await decided(ledger, first, "modify", { permitted: false });
    assert.equal(modified.review, null);
    const now = await ledger.ask(askRequest(modified, "interrupt-2"));
    assert.equal(now.review?.round, 2);
    assert.equal(now.review.digest, reviewDigest(now.proposal.id, now.round));
    assert.notEqual(now.review.id, reviewOf(first).id);
    // Asking about the first round now is too late.
    assert.deepEqual(await changesNothing(ledger, now.proposal.id, () => ledger.ask(askRequest(first, "late"))), now);
  });

  check("asking about what was never proposed throws proposal_unknown", async (ledger) => {
    const held = await routed(ledger, "review");
    await rejectsWith("proposal_unknown", () => ledger.ask({ ...askRequest(held), proposalId: "pr_nothing" }));
  });

  check(
    "an address with a NUL or half a surrogate pair is refused as json_invalid and leaves nothing behind",
    async (ledger) => {
      const held = await routed(ledger, "review");
      const request = askRequest(held);
      for (const field of ["checkpointNs", "checkpointId", "interruptId"] as const) {
        for (const text of ["a\0b", "a\ud83d"]) {
          const broken = { ...request, address: { ...request.address, [field]: text } };
          await changesNothing(ledger, held.proposal.id, () => rejectsWith("json_invalid", () => ledger.ask(broken)));
        }
      }
    },
  );
}
