import assert from "node:assert/strict";
import type { ExpireRequest, Ledger } from "../../ledger/ledger.js";
import type { Case } from "../../model/case.js";
import { ONE_PERSON, type Fallback, type Requirement } from "../../model/requirement.js";
import { changesNothing, countOf, kinds, race, reread, type Check } from "./check.js";
import { askRequest, decideRequest, decided, moment, outcome, reviewer, reviewOf, routed } from "./specimens.js";

/** `due`, `expire` and `redraft`, and decisions that come too late or from somebody else. */
export function expiringContract(check: Check): void {
  deadlines(check);
  fallbacks(check);
  lateDecisions(check);
  people(check);
  drafts(check);
}

/** A review that has 10 seconds, from moment 20 on. */
async function askedFor(ledger: Ledger, otherwise: Fallback, key = "a"): Promise<Case> {
  const held = await routed(ledger, "review", { key });
  return ledger.ask({ ...askRequest(held), withinMs: 10_000, otherwise });
}

function expiry(held: Case, next: ExpireRequest["next"] = null): ExpireRequest {
  const at = moment(31);
  return { reviewId: reviewOf(held).id, outcome: outcome(held, "expired", at), next, at };
}

function deadlines(check: Check): void {
  check("a review has the time that it was asked with, from the first time it was asked", async (ledger, setTime) => {
    const held = await askedFor(ledger, "reject");
    assert.equal(reviewOf(held).deadlineAt, moment(30));
    await setTime(25);
    const again = await ledger.ask({ ...askRequest(held, "interrupt-2"), withinMs: 10_000, otherwise: "reject" });
    assert.equal(reviewOf(again).deadlineAt, moment(30));
  });

  check("nothing is due before its time, and nothing expires then", async (ledger, setTime) => {
    const held = await askedFor(ledger, "reject");
    await setTime(29);
    assert.deepEqual(await ledger.due({ limit: 10 }), []);
    const left = await changesNothing(ledger, held.proposal.id, () => ledger.expire(expiry(held)));
    assert.deepEqual(left, held);
  });

  check("what is due is listed with the most overdue first, up to a limit", async (ledger, setTime) => {
    const late = await ledger.ask({
      ...askRequest(await routed(ledger, "review", { key: "late" })),
      withinMs: 5_000,
      otherwise: "hold",
    });
    const later = await askedFor(ledger, "reject", "later");
    await routed(ledger, "review", { key: "unasked" }).then((held) => ledger.ask(askRequest(held)));
    await setTime(40);
    assert.deepEqual(await ledger.due({ limit: 10 }), [
      { review: reviewOf(late), case: late },
      { review: reviewOf(later), case: later },
    ]);
    assert.equal((await ledger.due({ limit: 1 })).length, 1);
  });
}

function fallbacks(check: Check): void {
  check("with `reject` the case ends as expired", async (ledger, setTime) => {
    const held = await askedFor(ledger, "reject");
    await setTime(30);
    const ended = await ledger.expire(expiry(held));
    assert.equal(ended.proposal.state, "closed");
    assert.equal(ended.outcome?.status, "expired");
    assert.deepEqual(ended.review, { ...held.review, status: "expired", version: 2, deadlineAt: null });
    assert.deepEqual((await kinds(ledger, held.proposal.id)).slice(-2), ["expired", "closed"]);
    assert.deepEqual(await ledger.due({ limit: 10 }), []);
    await changesNothing(ledger, held.proposal.id, () => ledger.expire(expiry(held)));
  });

  check("with `execute` a permit of basis policy is issued, once", async (ledger, setTime) => {
    const held = await askedFor(ledger, "execute");
    await setTime(30);
    const answers = await race(() => ledger.expire(expiry(held)));
    for (const answer of answers) assert.deepEqual(answer, answers[0]);
    const { permit, review } = await reread(ledger, held);
    assert.equal(review?.status, "expired");
    assert.equal(permit?.basis, "policy");
    assert.equal(permit.state, "issued");
    assert.equal(await countOf("expired", ledger, held.proposal.id), 1);
    assert.equal(await countOf("permitted", ledger, held.proposal.id), 1);
  });

  check("with `hold` it stays open without a deadline, and can be decided", async (ledger, setTime) => {
    const held = await askedFor(ledger, "hold");
    await setTime(30);
    const now = await ledger.expire(expiry(held));
    assert.deepEqual(now.review, { ...held.review, version: 2, deadlineAt: null });
    assert.deepEqual(await ledger.due({ limit: 10 }), []);
    assert.equal((await decided(ledger, now, "approve")).permit?.state, "issued");
  });

  check(
    "with `escalate` the next people have their own time, and after the last ones it is held",
    async (ledger, setTime) => {
      const held = await askedFor(ledger, "escalate");
      await setTime(30);
      const next = { withinMs: 5_000, otherwise: "escalate" as const };
      const second = await ledger.expire(expiry(held, next));
      const { status, step, deadlineAt, otherwise } = reviewOf(second);
      assert.deepEqual(
        { status, step, deadlineAt, otherwise },
        { status: "open", step: 1, deadlineAt: moment(35), otherwise: "escalate" },
      );
      await changesNothing(ledger, held.proposal.id, () => ledger.expire(expiry(second)));
      await setTime(35);
      const last = reviewOf(await ledger.expire(expiry(second)));
      assert.deepEqual([last.status, last.step, last.deadlineAt, last.otherwise], ["open", 1, null, "hold"]);
    },
  );
}

function lateDecisions(check: Check): void {
  check(
    "a decision after the deadline is refused, whether or not anybody has acted on the deadline",
    async (ledger, setTime) => {
      for (const otherwise of ["reject", "execute"] as const) {
        const held = await askedFor(ledger, otherwise, otherwise);
        const request = decideRequest(held, "approve");
        await setTime(30 + (otherwise === "execute" ? 20 : 0));
        const refused = await changesNothing(ledger, held.proposal.id, () => ledger.decide(request));
        assert.equal(refused.ok ? "it counts" : refused.why, "late");
        await ledger.expire(expiry(held));
        const closed = await ledger.decide(request);
        assert.equal(closed.ok ? "it counts" : closed.why, "closed");
      }
    },
  );

  check("of a decision and a deadline at the same moment, one counts", async (ledger, setTime) => {
    const held = await askedFor(ledger, "hold");
    await setTime(30);
    const answers = await race(async (racer) =>
      racer % 2 === 0 ? ledger.expire(expiry(held)) : ledger.decide(decideRequest(held, "reject")),
    );
    assert.equal(answers.length, 16);
    const now = await reread(ledger, held);
    assert.equal(now.outcome?.status, "rejected");
    assert.equal(await countOf("decided", ledger, held.proposal.id), 1);
  });
}

function people(check: Check): void {
  const requires: Requirement = {
    ...ONE_PERSON,
    panels: [
      { rule: "large", by: [{ role: "director" }, { person: "cy" }], quorum: "any", tieBreak: "reject" } as const,
    ],
    escalateTo: [{ by: [{ group: "board" }], withinMs: null, otherwise: "hold" }],
  };

  async function askedOf(ledger: Ledger, key: string, otherwise: Fallback = "hold"): Promise<Case> {
    const held = await routed(ledger, "review", { key }, { requires });
    return ledger.ask({ ...askRequest(held), withinMs: 10_000, otherwise });
  }

  check("only those whom the routing asks for decide", async (ledger) => {
    const held = await askedOf(ledger, "a");
    for (const verdict of ["approve", "modify", "reject"] as const) {
      const request = decideRequest(held, verdict, { by: reviewer("ana") });
      const refused = await changesNothing(ledger, held.proposal.id, () => ledger.decide(request));
      assert.equal(refused.ok ? "it counts" : refused.why, "forbidden");
    }
    assert.equal((await decided(ledger, held, "approve", { by: reviewer("cy") })).permit?.state, "issued");
    const director = { ...reviewer("dee"), roles: ["director"] };
    assert.equal(
      (await decided(ledger, await askedOf(ledger, "b"), "approve", { by: director })).permit?.state,
      "issued",
    );
  });

  check("once it is escalated, only the next people decide", async (ledger, setTime) => {
    const held = await askedOf(ledger, "a", "escalate");
    await setTime(30);
    const now = await ledger.expire(expiry(held, { withinMs: null, otherwise: "hold" }));
    const before = await ledger.decide(decideRequest(now, "approve", { by: reviewer("cy") }));
    assert.equal(before.ok ? "it counts" : before.why, "forbidden");
    const member = { ...reviewer("eli"), groups: ["board"] };
    assert.equal((await decided(ledger, now, "approve", { by: member })).permit?.state, "issued");
  });
}

function drafts(check: Check): void {
  const redraft = (held: Case) => {
    const next = { ...held.round, round: held.round.round + 1, routing: null };
    return { proposalId: held.proposal.id, round: held.round.round, next, at: moment(11) };
  };

  check("after `revise` the agent's next draft is the current round, unrouted; the first one wins", async (ledger) => {
    const held = await decided(ledger, await askedFor(ledger, "hold"), "revise");
    assert.equal(held.permit, null);
    assert.equal(held.proposal.state, "open");
    const answers = await race(() => ledger.redraft(redraft(held)));
    for (const answer of answers) assert.deepEqual(answer, answers[0]);
    const now = await reread(ledger, held);
    assert.deepEqual([now.round.round, now.round.routing, now.review], [2, null, null]);
    assert.equal(await countOf("redrafted", ledger, held.proposal.id), 1);
  });

  check("nobody drafts anew what nobody asked for", async (ledger) => {
    const open = await askedFor(ledger, "hold");
    const approved = await decided(ledger, await askedFor(ledger, "hold", "b"), "approve");
    for (const held of [open, approved]) {
      const left = await changesNothing(ledger, held.proposal.id, () => ledger.redraft(redraft(held)));
      assert.deepEqual(left, held);
    }
  });
}
