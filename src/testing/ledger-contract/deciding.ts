import assert from "node:assert/strict";
import type { DecideRequest, Ledger } from "../../ledger/ledger.js";
import type { Case } from "../../model/case.js";
import type { ApprovalVerdict } from "../../model/decision.js";
import { identifier } from "../../model/identifier.js";
import { changesNothing, kinds, rejectsWith, reread, type Check } from "./check.js";
import { asked, askRequest, decided, decideRequest, moment, reviewer, reviewOf, routed } from "./specimens.js";

/** `decide`, one after the other. */
export function decidingContract(check: Check): void {
  verdicts(check);
  modifications(check);
  refusals(check);
  mismatches(check);
  ambiguities(check);
}

function verdicts(check: Check): void {
  check("an approval decides the review and issues a permit of basis decisions", async (ledger) => {
    const held = await asked(ledger);
    const request = decideRequest(held, "approve");
    const result = await ledger.decide(request);
    const now = await reread(ledger, held);
    assert.deepEqual(result, { ok: true, case: now, repeated: false });
    assert.deepEqual(now.decisions, [request.decision]);
    assert.deepEqual(now.review, { ...reviewOf(held), status: "decided", version: 2 });
    assert.deepEqual(now.permit, {
      id: identifier("permit", [held.proposal.id, 1]),
      proposalId: held.proposal.id,
      round: 1,
      argsDigest: held.round.argsDigest,
      basis: "decisions",
      state: "issued",
      owner: null,
      leaseUntil: null,
      claims: 0,
      issuedAt: moment(10),
    });
    assert.equal(now.proposal.state, "open");
  });

  check("a rejection decides the review and closes the case without a permit", async (ledger) => {
    const held = await asked(ledger);
    const request = decideRequest(held, "reject", { note: "Not this customer." });
    const result = await ledger.decide(request);
    assert.ok(result.ok);
    const { proposal, review, permit, outcome, decisions } = result.case;
    assert.deepEqual([proposal.state, review?.status, permit], ["closed", "decided", null]);
    assert.deepEqual(outcome, request.outcome);
    assert.deepEqual(decisions, [request.decision]);
  });

  check("a decision quoting the version it saw counts while that is the version", async (ledger) => {
    const held = await ledger.ask(askRequest(await asked(ledger), "interrupt-2"));
    const { version } = reviewOf(held);
    assert.equal((await ledger.decide({ ...decideRequest(held, "approve"), version })).ok, true);
  });
}

function modifications(check: Check): void {
  check("a permitted modification opens the next round and issues its permit", async (ledger) => {
    const held = await asked(ledger);
    const request = decideRequest(held, "modify", { args: { orderId: "o-1", amount: 3 } });
    const result = await ledger.decide(request);
    assert.ok(result.ok);
    const { proposal, round, review, permit } = result.case;
    assert.deepEqual(round, request.next?.round);
    assert.deepEqual([proposal.round, proposal.state, review], [2, "open", null]);
    assert.deepEqual([permit?.round, permit?.basis, permit?.state], [2, "decisions", "issued"]);
    assert.equal(permit?.argsDigest, request.decision.newArgsDigest);
    assert.deepEqual((await kinds(ledger, proposal.id)).slice(-3), ["decided", "routed", "permitted"]);
  });

  check("a modification that is not permitted leaves its round waiting for another decision", async (ledger) => {
    const held = await asked(ledger);
    const modified = await decided(ledger, held, "modify", { permitted: false });
    assert.deepEqual([modified.proposal.round, modified.permit, modified.proposal.state], [2, null, "open"]);
    const open = await ledger.ask(askRequest(modified, "interrupt-2"));
    const approved = await decided(ledger, open, "approve", { by: reviewer("bo") });
    assert.deepEqual([approved.permit?.round, approved.decisions.length], [2, 2]);
    assert.equal(approved.permit?.argsDigest, modified.round.argsDigest);
  });

  for (const [route, status] of [
    ["block", "blocked"],
    ["suggest", "suggested"],
  ] as const) {
    check(`a modification that the policy sends to ${route} closes the case in its round`, async (ledger) => {
      const modified = await decided(ledger, await asked(ledger), "modify", { nextRoute: route });
      assert.deepEqual([modified.proposal.state, modified.proposal.round, modified.permit], ["closed", 2, null]);
      assert.equal(modified.outcome?.status, status);
    });
  }

  check("what ends the case issues no permit, whatever else the call says", async (ledger) => {
    const modified = await decided(ledger, await asked(ledger), "modify", { nextRoute: "block", permitted: true });
    assert.deepEqual([modified.proposal.state, modified.permit], ["closed", null]);
  });

  check("modifications follow one another, each in its own round, and decisions keep their order", async (ledger) => {
    let held = await asked(ledger);
    for (let amount = 1; amount <= 5; amount += 1) {
      const modified = await decided(ledger, held, "modify", { args: { orderId: "o-1", amount }, permitted: false });
      held = await ledger.ask(askRequest(modified, `interrupt-${amount}`));
    }
    const now = await decided(ledger, held, "approve");
    assert.deepEqual([now.proposal.round, now.permit?.round, now.round.args["amount"]], [6, 6, 5]);
    const rounds = now.decisions.map(({ round }) => round);
    assert.deepEqual(rounds, [1, 2, 3, 4, 5, 6]);
  });
}

async function refusedAs(why: string, ledger: Ledger, held: Case, request: DecideRequest): Promise<void> {
  const now = await reread(ledger, held);
  const result = await changesNothing(ledger, held.proposal.id, () => ledger.decide(request));
  assert.deepEqual(result, { ok: false, why, case: now });
}

function refusals(check: Check): void {
  check("the same decision again is answered with what was recorded, also after the end", async (ledger) => {
    for (const verdict of ["approve", "modify", "reject"] as const) {
      const held = await asked(ledger, { key: verdict });
      const request = decideRequest(held, verdict);
      const first = await decided(ledger, held, verdict);
      const again = await changesNothing(ledger, held.proposal.id, () => ledger.decide(request));
      assert.deepEqual(again, { ok: true, case: first, repeated: true });
    }
  });

  check("a decision on an unknown review is refused as unknown", async (ledger) => {
    const request = decideRequest(await asked(ledger), "approve");
    for (const reviewId of ["rv_nothing", "\0"]) {
      const decision = { ...request.decision, reviewId };
      assert.deepEqual(await ledger.decide({ ...request, decision }), { ok: false, why: "unknown", case: null });
    }
  });

  check("a decided review, a closed case and an earlier round are closed to further decisions", async (ledger) => {
    const verdictsAfter: ApprovalVerdict[] = ["approve", "reject", "modify"];
    for (const verdict of verdictsAfter) {
      const held = await asked(ledger, { key: verdict });
      await decided(ledger, held, verdict);
      for (const later of verdictsAfter) {
        await refusedAs("closed", ledger, held, decideRequest(held, later, { by: reviewer("bo") }));
      }
    }
    const held = await asked(ledger, { key: "round" });
    await ledger.ask(askRequest(await decided(ledger, held, "modify", { permitted: false }), "interrupt-2"));
    await refusedAs("closed", ledger, held, decideRequest(held, "approve", { by: reviewer("bo") }));
  });
}

function mismatches(check: Check): void {
  check("a decision that saw another version is refused as changed", async (ledger) => {
    const held = await asked(ledger);
    for (const version of [0, 2]) {
      await refusedAs("changed", ledger, held, { ...decideRequest(held, "approve"), version });
    }
  });

  check("a decision that quotes another digest is refused as digest", async (ledger) => {
    const held = await asked(ledger);
    const other = await asked(ledger, { key: "b" });
    for (const digest of [reviewOf(other).digest, held.round.argsDigest, ""]) {
      await refusedAs("digest", ledger, held, { ...decideRequest(held, "approve"), digest });
    }
  });

  check(
    "a decision that names another proposal, round or arguments than its review is refused as digest",
    async (ledger) => {
      const held = await asked(ledger);
      const other = await asked(ledger, { key: "b" });
      const request = decideRequest(held, "approve");
      for (const wrong of [{ proposalId: other.proposal.id }, { round: 2 }, { argsDigest: held.round.displayDigest }]) {
        await refusedAs("digest", ledger, held, { ...request, decision: { ...request.decision, ...wrong } });
      }
      assert.deepEqual(await ledger.read(other.proposal.id), other);
    },
  );

  check("a decision from which nothing follows is refused as digest, and the review stays open", async (ledger) => {
    const held = await asked(ledger);
    const { next: _, ...modified } = decideRequest(held, "modify");
    const { decision, ...answered } = decideRequest(held, "approve");
    for (const request of [
      modified,
      { ...decideRequest(held, "reject"), outcome: null },
      { ...answered, decision: { ...decision, verdict: "answer" as const } },
    ]) {
      await refusedAs("digest", ledger, held, request);
    }
  });

  check(
    "a note with a NUL or half a surrogate pair is refused as json_invalid and leaves nothing behind",
    async (ledger) => {
      const held = await asked(ledger);
      for (const note of ["a\0b", "a\0", "a\ud83d"]) {
        const request = decideRequest(held, "approve");
        const decision = { ...request.decision, note };
        await changesNothing(ledger, held.proposal.id, () =>
          rejectsWith("json_invalid", () => ledger.decide({ ...request, decision })),
        );
      }
    },
  );
}

function ambiguities(check: Check): void {
  check("an answer that names no review is ambiguous while its thread has several open ones", async (ledger) => {
    const first = await asked(ledger);
    const second = await asked(ledger, { key: "b" });
    const unnamed = { ...decideRequest(first, "approve"), answered: { named: false } };
    const result = await changesNothing(ledger, first.proposal.id, () => ledger.decide(unnamed));
    assert.deepEqual(result, { ok: false, why: "ambiguous", case: first });
    const named = await ledger.decide({ ...decideRequest(second, "approve"), answered: { named: true } });
    assert.equal(named.ok, true);
    // Only one is open now, so nothing is ambiguous any more.
    assert.equal((await ledger.decide(unnamed)).ok, true);
  });

  check(
    "other threads' reviews make nothing ambiguous, nor do decided ones and those of earlier rounds",
    async (ledger) => {
      const held = await asked(ledger);
      await asked(ledger, { threadId: "thread-2" });
      await decided(ledger, await asked(ledger, { key: "b" }), "approve");
      await decided(ledger, await asked(ledger, { key: "c" }), "modify", { permitted: false });
      await routed(ledger, "review", { key: "d" });
      const unnamed = { ...decideRequest(held, "approve"), answered: { named: false } };
      assert.equal((await ledger.decide(unnamed)).ok, true);
    },
  );

  check("a decision that is no answer is never ambiguous", async (ledger) => {
    const held = await asked(ledger);
    await asked(ledger, { key: "b" });
    assert.equal((await ledger.decide(decideRequest(held, "approve"))).ok, true);
  });
}
