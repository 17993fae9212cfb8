import assert from "node:assert/strict";
import type { Ledger, WithdrawRequest } from "../../ledger/ledger.js";
import type { Case } from "../../model/case.js";
import { changesNothing, countOf, kinds, race, rejectsWith, reread, type Check } from "./check.js";
import { asked, askRequest, decided, decideRequest, moment, outcome, proposed, reviewOf, routed } from "./specimens.js";

/** `withdraw`, and asking again. */
export function withdrawingContract(check: Check): void {
  ends(check);
  refusals(check);
  returns(check);
}

function withdrawal(held: Case, more: Partial<WithdrawRequest> = {}): WithdrawRequest {
  const { id, address } = reviewOf(held);
  const { interruptId } = address;
  return { reviewId: id, interruptId, ageMinMs: 0, reason: "Its thread is gone.", at: moment(60), ...more };
}

async function withdrawn(ledger: Ledger): Promise<Case> {
  const held = await asked(ledger);
  await ledger.withdraw(withdrawal(held));
  return held;
}

function ends(check: Check): void {
  check("what is withdrawn is listed as that, and its case is open without a review", async (ledger) => {
    const held = await asked(ledger);
    const now = await ledger.withdraw(withdrawal(held));
    assert.deepEqual(now, { ...held, review: null });
    assert.deepEqual(await reread(ledger, held), now);
    const review = { ...reviewOf(held), status: "withdrawn", version: 2 };
    assert.deepEqual(await ledger.review(review.id), { review, case: now });
    assert.deepEqual(await ledger.reviews({ status: "open", limit: 10 }), []);
    assert.deepEqual(await ledger.reviews({ status: "withdrawn", limit: 10 }), [{ review, case: now }]);
    assert.equal((await kinds(ledger, held.proposal.id)).at(-1), "withdrawn");
  });

  check("it is done once, however many do it at once", async (ledger) => {
    const held = await asked(ledger);
    const answers = await race(() => ledger.withdraw(withdrawal(held)));
    for (const answer of answers) assert.deepEqual(answer, answers[0]);
    assert.equal(await countOf("withdrawn", ledger, held.proposal.id), 1);
  });

  check("a thread whose review was withdrawn has nothing to be delivered", async (ledger) => {
    await withdrawn(ledger);
    assert.deepEqual(await ledger.undelivered({ limit: 10 }), []);
  });

  check("its deadline does not pass", async (ledger, setTime) => {
    const held = await routed(ledger, "review");
    const timed = await ledger.ask({ ...askRequest(held), withinMs: 10_000, otherwise: "reject" });
    await ledger.withdraw(withdrawal(timed));
    await setTime(40);
    assert.deepEqual(await ledger.due({ limit: 10 }), []);
    const expiry = { reviewId: reviewOf(timed).id, outcome: outcome(held, "expired"), next: null, at: moment(41) };
    await changesNothing(ledger, held.proposal.id, () => ledger.expire(expiry));
  });
}

function refusals(check: Check): void {
  check("nobody decides what was withdrawn", async (ledger) => {
    const held = await withdrawn(ledger);
    const refused = await changesNothing(ledger, held.proposal.id, () => ledger.decide(decideRequest(held, "approve")));
    assert.equal(refused.ok ? "it counts" : refused.why, "closed");
  });

  check("a review that has moved to another interrupt stays open", async (ledger) => {
    const held = await asked(ledger);
    await ledger.ask(askRequest(held, "interrupt-2"));
    await changesNothing(ledger, held.proposal.id, () => ledger.withdraw(withdrawal(held)));
  });

  check("a review that was asked just now stays open, whatever anybody's clock says", async (ledger, setTime) => {
    const held = await routed(ledger, "review");
    await setTime(1_000);
    const now = await ledger.ask(askRequest(held));
    const old = { ageMinMs: 60_000, at: moment(9_999) };
    const stays = (current: Case) =>
      changesNothing(ledger, held.proposal.id, () => ledger.withdraw(withdrawal(current, old)));
    await setTime(1_059);
    await stays(now);
    // Whoever asks again waits again.
    const moved = await ledger.ask(askRequest(held, "interrupt-2"));
    await setTime(1_118);
    await stays(moved);
    await setTime(1_119);
    assert.equal((await ledger.withdraw(withdrawal(moved, old))).review, null);
  });

  check("a review that is decided stays so, and one that nobody knows is said to be that", async (ledger) => {
    const held = await asked(ledger);
    await decided(ledger, held, "approve");
    await changesNothing(ledger, held.proposal.id, () => ledger.withdraw(withdrawal(held)));
    await rejectsWith("review_unknown", () => ledger.withdraw(withdrawal(held, { reviewId: "rv_nothing" })));
    await proposed(ledger, { key: "beside" });
  });
}

function returns(check: Check): void {
  check("the same interrupt that asks again opens it again", async (ledger) => {
    const held = await withdrawn(ledger);
    const now = await ledger.ask({ ...askRequest(held), at: moment(70) });
    assert.deepEqual(now.review, { ...reviewOf(held), version: 3, asks: 2 });
    assert.deepEqual((await kinds(ledger, held.proposal.id)).slice(-2), ["withdrawn", "asked"]);
    assert.equal((await decided(ledger, now, "approve")).permit?.state, "issued");
  });

  check("it then has its whole time, and the first people decide", async (ledger, setTime) => {
    const held = await routed(ledger, "review");
    const request = { ...askRequest(held), withinMs: 10_000, otherwise: "escalate" as const };
    const timed = await ledger.ask(request);
    await setTime(30);
    const next = { withinMs: 50_000, otherwise: "reject" as const };
    const expiry = { reviewId: reviewOf(timed).id, outcome: outcome(held, "expired"), next, at: moment(31) };
    await ledger.withdraw(withdrawal(await ledger.expire(expiry)));
    await setTime(45);
    const { status, step, otherwise, deadlineAt } = reviewOf(await ledger.ask(request));
    assert.deepEqual(
      { status, step, otherwise, deadlineAt },
      { status: "open", step: 0, otherwise: "escalate", deadlineAt: moment(55) },
    );
  });
}
