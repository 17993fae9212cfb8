import assert from "node:assert/strict";
import type { DecideRequest, DecideResult, Ledger } from "../../ledger/ledger.js";
import type { Case } from "../../model/case.js";
import type { Verdict } from "../../model/decision.js";
import type { PrincipalRecord } from "../../model/principal.js";
import { ONE_PERSON, type Panel, type Quorum, type Requirement, type Selector } from "../../model/requirement.js";
import type { Reviewer } from "../../model/reviewer.js";
import { changesNothing, countOf, kinds, race, reread, type Check } from "./check.js";
import { askRequest, decideRequest, moment, reviewer, reviewOf, routed, type DecideOptions } from "./specimens.js";

/** Several people on one review. How a vote stands is told by `tally`; here, what a ledger makes of that. */
export function votingContract(check: Check): void {
  settling(check);
  refusals(check);
  rounds(check);
  seated(check);
  leavers(check);
  escalations(check);
  races(check);
}

const MANAGERS: Selector[] = [{ role: "manager" }];
const DIRECTORS: Selector[] = [{ role: "director" }];

function panel(over: Partial<Panel> = {}): Panel {
  return { rule: "large", by: MANAGERS, quorum: "two-person", tieBreak: "reject", ...over };
}

function asking(...panels: Panel[]): Requirement {
  return { ...ONE_PERSON, panels, escalateTo: [{ by: DIRECTORS, withinMs: 5_000, otherwise: "hold" }] };
}

function director(id: string): PrincipalRecord {
  return { ...reviewer(id), roles: ["director"] };
}

/** A case whose review asks for votes. */
async function askedFor(ledger: Ledger, requires: Requirement, key = "a"): Promise<Case> {
  return ledger.ask(askRequest(await routed(ledger, "review", { key }, { requires })));
}

/** Somebody votes, and it counts. */
async function voted(ledger: Ledger, held: Case, verdict: Verdict, options: DecideOptions): Promise<Case> {
  const result = await ledger.decide(decideRequest(held, verdict, options));
  assert.ok(result.ok && !result.repeated, `the vote does not count: ${JSON.stringify(result)}`);
  return result.case;
}

function why(result: DecideResult): string {
  return result.ok ? "it counts" : result.why;
}

function settling(check: Check): void {
  check("a vote that does not settle its review leaves it open, and is recorded", async (ledger) => {
    const held = await askedFor(ledger, asking(panel()));
    const now = await voted(ledger, held, "approve", { by: reviewer("ana") });
    assert.deepEqual([now.review, now.permit, now.proposal.state], [held.review, null, "open"]);
    assert.equal(now.decisions.length, 1);
    assert.deepEqual((await kinds(ledger, held.proposal.id)).slice(-2), ["asked", "decided"]);
  });

  check("the vote that settles it issues the permit, in whatever order they come", async (ledger) => {
    for (const [first, second] of [
      ["ana", "bo"],
      ["bo", "ana"],
    ]) {
      const held = await askedFor(ledger, asking(panel()), first);
      await voted(ledger, held, "approve", { by: reviewer(first) });
      const now = await voted(ledger, held, "approve", { by: reviewer(second) });
      assert.deepEqual([now.review?.status, now.permit?.basis, now.permit?.state], ["decided", "decisions", "issued"]);
      assert.deepEqual((await kinds(ledger, held.proposal.id)).slice(-3), ["decided", "decided", "permitted"]);
    }
  });

  check("one who refuses ends it, with the outcome that the vote brings", async (ledger) => {
    const held = await askedFor(ledger, asking(panel()));
    await voted(ledger, held, "approve", { by: reviewer("ana") });
    const now = await voted(ledger, held, "reject", { by: reviewer("bo") });
    assert.deepEqual([now.outcome?.status, now.review?.status, now.permit], ["rejected", "decided", null]);
  });

  check("where a vote that is no rejection is the last one of a refusal, that ends it too", async (ledger) => {
    const held = await askedFor(ledger, asking(panel({ quorum: "2-of-3" })));
    await voted(ledger, held, "abstain", { by: reviewer("ana") });
    const now = await voted(ledger, held, "abstain", { by: reviewer("bo") });
    assert.deepEqual([now.outcome?.status, now.review?.status], ["rejected", "decided"]);
    const other = await askedFor(ledger, asking(panel({ quorum: "2-of-3" })), "b");
    await voted(ledger, other, "abstain", { by: reviewer("ana") });
    const request = decideRequest(other, "abstain", { by: reviewer("bo") });
    const { refusal: _, ...without } = request;
    const refused = await changesNothing(ledger, other.proposal.id, () => ledger.decide(without));
    assert.equal(why(refused), "digest");
  });

  check("every panel has to agree, and one person may be in several", async (ledger) => {
    const requires = asking(panel({ quorum: "any" }), panel({ quorum: "any", by: DIRECTORS }));
    const held = await askedFor(ledger, requires);
    assert.equal((await voted(ledger, held, "approve", { by: reviewer("ana") })).permit, null);
    assert.equal((await voted(ledger, held, "approve", { by: director("dee") })).permit?.state, "issued");
    const both = { ...reviewer("eve"), roles: ["manager", "director"] };
    const other = await askedFor(ledger, requires, "b");
    assert.equal((await voted(ledger, other, "approve", { by: both })).permit?.state, "issued");
  });
}

function refusals(check: Check): void {
  check("nobody votes twice, whatever they say the second time", async (ledger) => {
    const held = await askedFor(ledger, asking(panel({ quorum: "3-of-5" })));
    const first = decideRequest(held, "approve", { by: reviewer("ana") });
    await ledger.decide(first);
    const again = await changesNothing(ledger, held.proposal.id, () => ledger.decide(first));
    assert.deepEqual([again.ok, again.ok && again.repeated], [true, true]);
    for (const verdict of ["reject", "abstain"] as const) {
      const other = decideRequest(held, verdict, { by: reviewer("ana") });
      const result = await changesNothing(ledger, held.proposal.id, () => ledger.decide(other));
      assert.equal(why(result), "forbidden");
    }
  });

  check("of one id at two authenticators, there is one vote", async (ledger) => {
    const held = await askedFor(ledger, asking(panel()));
    await voted(ledger, held, "approve", { by: reviewer("ana") });
    const request = decideRequest(held, "approve", { by: { ...reviewer("ana"), authenticator: "other" } });
    const decision = { ...request.decision, id: "dc_other" };
    const refused = await changesNothing(ledger, held.proposal.id, () => ledger.decide({ ...request, decision }));
    assert.match(refused.ok ? "" : (refused.because ?? ""), /^ANA has voted on this/);
  });

  check("who is in no panel has no vote", async (ledger) => {
    const held = await askedFor(ledger, asking(panel()));
    for (const verdict of ["approve", "modify", "reject", "abstain"] as const) {
      const request = decideRequest(held, verdict, { by: { ...reviewer("cy"), roles: ["clerk"] } });
      const result = await changesNothing(ledger, held.proposal.id, () => ledger.decide(request));
      assert.equal(why(result), "forbidden");
    }
  });

  check("who asked for it may say no, but neither yes nor something else", async (ledger) => {
    const held = await askedFor(ledger, asking(panel({ quorum: "any" })));
    for (const verdict of ["approve", "modify"] as const) {
      const request = decideRequest(held, verdict, { by: reviewer("cleo") });
      const result = await changesNothing(ledger, held.proposal.id, () => ledger.decide(request));
      assert.equal(why(result), "forbidden");
      assert.match(result.ok ? "" : (result.because ?? ""), /CLEO asked for this/);
    }
    assert.equal((await voted(ledger, held, "reject", { by: reviewer("cleo") })).outcome?.status, "rejected");
  });
}

function rounds(check: Check): void {
  check("a modification voids the votes before it, and is its author's approval of what it makes", async (ledger) => {
    const requires = asking(panel());
    const held = await askedFor(ledger, requires);
    await voted(ledger, held, "approve", { by: reviewer("ana") });
    const modify = withRequirement(decideRequest(held, "modify", { by: reviewer("bo") }), requires);
    const modified = await ledger.decide(modify);
    assert.ok(modified.ok);
    assert.deepEqual([modified.case.proposal.round, modified.case.permit, modified.case.review], [2, null, null]);
    const again = await ledger.ask(askRequest(modified.case, "interrupt-2"));
    // Ana's vote was on other arguments; hers and Bo's are the two now.
    const now = await voted(ledger, again, "approve", { by: reviewer("ana") });
    assert.deepEqual([now.permit?.round, now.permit?.basis], [2, "decisions"]);
  });

  check("who made a round may still refuse it, and one approval beside theirs is not two then", async (ledger) => {
    const requires = asking(panel());
    const held = await askedFor(ledger, requires);
    const modify = withRequirement(decideRequest(held, "modify", { by: reviewer("bo") }), requires);
    const modified = await ledger.decide(modify);
    assert.ok(modified.ok);
    const again = await ledger.ask(askRequest(modified.case, "interrupt-2"));
    const now = await voted(ledger, again, "reject", { by: reviewer("bo") });
    assert.equal(now.outcome?.status, "rejected");
  });

  check("who made a round from which the policy excludes them has not approved it", async (ledger) => {
    const held = await askedFor(ledger, asking(panel()));
    const without = { ...asking(panel()), excludes: ["bo"] };
    const modified = await ledger.decide(
      withRequirement(decideRequest(held, "modify", { by: reviewer("bo") }), without),
    );
    assert.ok(modified.ok);
    const again = await ledger.ask(askRequest(modified.case, "interrupt-2"));
    assert.equal((await voted(ledger, again, "approve", { by: reviewer("ana") })).permit, null);
    assert.equal((await voted(ledger, again, "approve", { by: reviewer("cy") })).permit?.state, "issued");
  });
}

function seated(check: Check): void {
  const board = [panel({ quorum: "majority" })];
  const three = { seats: [{ by: MANAGERS, of: 3 }] };

  async function register(ledger: Ledger, id: string, role = "manager"): Promise<void> {
    const nothing = { groups: [], licences: [], training: [], away: null };
    const known = { id, name: id.toUpperCase(), roles: [role], ...nothing, active: true };
    await ledger.register({ reviewer: known, by: reviewer("admin"), reason: "Hired.", at: moment(5) });
  }

  async function boardOf(ledger: Ledger, ...ids: string[]): Promise<Case> {
    for (const id of ids) await register(ledger, id);
    return askedFor(ledger, asking(...board));
  }

  check("who is registered in another role has no seat, whatever their authenticator says", async (ledger) => {
    const held = await boardOf(ledger, "ana", "bo", "cy");
    await register(ledger, "dee", "clerk");
    const request = decideRequest(held, "approve", { by: reviewer("dee"), ...three });
    const refused = await changesNothing(ledger, held.proposal.id, () => ledger.decide(request));
    assert.match(refused.ok ? "" : (refused.because ?? ""), /^DEE is not registered as one of role manager/);
  });

  check("a seat is one vote, however many authenticators know its id", async (ledger) => {
    const held = await boardOf(ledger, "ana", "bo", "cy");
    await voted(ledger, held, "approve", { by: reviewer("ana"), ...three });
    const request = decideRequest(held, "approve", { by: { ...reviewer("ana"), authenticator: "other" }, ...three });
    const again = { ...request, decision: { ...request.decision, id: "dc_other" } };
    const refused = await changesNothing(ledger, held.proposal.id, () => ledger.decide(again));
    assert.match(refused.ok ? "" : (refused.because ?? ""), /^ANA has voted on this/);
  });

  check("a modification takes a seat in the round that it makes", async (ledger) => {
    const held = await boardOf(ledger, "ana", "bo", "cy");
    const without = withRequirement(decideRequest(held, "modify", { by: reviewer("dee") }), asking(...board));
    const refused = await changesNothing(ledger, held.proposal.id, () => ledger.decide(without));
    assert.match(refused.ok ? "" : (refused.because ?? ""), /^DEE is not registered/);
    const request = withRequirement(decideRequest(held, "modify", { by: reviewer("ana") }), asking(...board));
    const modified = await ledger.decide(request);
    assert.ok(modified.ok);
    const again = await ledger.ask(askRequest(modified.case, "interrupt-2"));
    assert.equal((await voted(ledger, again, "approve", { by: reviewer("bo"), ...three })).permit?.state, "issued");
  });
}

function leavers(check: Check): void {
  const by = MANAGERS;
  const seats = (of: number): NonNullable<DecideOptions["seats"]> => [{ by, of }];

  async function register(ledger: Ledger, id: string, over: Partial<Reviewer> = {}): Promise<void> {
    const nothing = { groups: [], licences: [], training: [], away: null };
    const known = { id, name: id.toUpperCase(), roles: ["manager"], ...nothing, active: true, ...over };
    await ledger.register({ reviewer: known, by: reviewer("admin"), reason: "Hired.", at: moment(5) });
  }

  async function panelOf(ledger: Ledger, quorum: Quorum, ...ids: string[]): Promise<Case> {
    for (const id of ids) await register(ledger, id);
    return askedFor(ledger, asking(panel({ quorum })));
  }

  /** The same vote, said another time. */
  function again(held: Case, verdict: Verdict, id: string, of: number): DecideRequest {
    const request = decideRequest(held, verdict, { by: reviewer(id), seats: seats(of), at: moment(11) });
    return { ...request, decision: { ...request.decision, id: `dc_${id}_${verdict}_again_${of}` } };
  }

  check("who has voted keeps their seat, so nobody is outvoted because others left", async (ledger) => {
    const held = await panelOf(ledger, "majority", "ana", "bo", "cy", "dee", "eve");
    for (const id of ["ana", "bo"]) await voted(ledger, held, "approve", { by: reviewer(id), seats: seats(5) });
    await register(ledger, "ana", { away: { from: moment(0), until: moment(100), to: null } });
    await register(ledger, "bo", { active: false });
    const three = decideRequest(held, "reject", { by: reviewer("cy"), seats: seats(3) });
    assert.equal(why(await changesNothing(ledger, held.proposal.id, () => ledger.decide(three))), "changed");
    const now = await voted(ledger, held, "reject", { by: reviewer("cy"), seats: seats(5) });
    assert.deepEqual([now.permit, now.review?.status], [null, "open"]);
  });

  check(
    "where all who are left have voted, one of them says so, and whatever else they say is refused",
    async (ledger) => {
      const held = await panelOf(ledger, "unanimous", "ana", "bo", "cy");
      for (const id of ["ana", "bo"]) await voted(ledger, held, "approve", { by: reviewer(id), seats: seats(3) });
      const idle = again(held, "approve", "ana", 3);
      assert.equal(why(await changesNothing(ledger, held.proposal.id, () => ledger.decide(idle))), "forbidden");
      await register(ledger, "cy", { active: false });
      for (const verdict of ["reject", "abstain"] as const) {
        const other = again(held, verdict, "ana", 2);
        assert.equal(why(await changesNothing(ledger, held.proposal.id, () => ledger.decide(other))), "forbidden");
      }
      const stale = again(held, "approve", "ana", 3);
      assert.equal(why(await changesNothing(ledger, held.proposal.id, () => ledger.decide(stale))), "changed");
      const result = await ledger.decide(again(held, "approve", "ana", 2));
      assert.ok(result.ok && result.case.permit?.state === "issued");
    },
  );

  check("who says the same again has no second vote", async (ledger) => {
    const held = await panelOf(ledger, "majority", "ana", "bo", "cy", "dee");
    await voted(ledger, held, "approve", { by: reviewer("ana"), seats: seats(4) });
    await register(ledger, "dee", { active: false });
    const result = await ledger.decide(again(held, "approve", "ana", 3));
    assert.ok(result.ok && !result.repeated && result.case.permit === null);
  });
}

/** A modification whose round is routed with a requirement. */
function withRequirement(request: DecideRequest, requires: Requirement): DecideRequest {
  assert.ok(request.next?.round.routing);
  const round = { ...request.next.round, routing: { ...request.next.round.routing, requires } };
  return { ...request, next: { round, permitted: true } };
}

function escalations(check: Check): void {
  check("who escalates hands it to the people of the next step, with their own time", async (ledger, setTime) => {
    const held = await askedFor(ledger, asking(panel({ quorum: "any" })));
    const escalated = await voted(ledger, held, "escalate", { by: reviewer("ana"), escalatedMs: 5_000 });
    const { status, step, version, deadlineAt, otherwise } = reviewOf(escalated);
    const expected = { status: "open", step: 1, version: 2, deadlineAt: moment(25), otherwise: "hold" };
    assert.deepEqual({ status, step, version, deadlineAt, otherwise }, expected);
    const late = await ledger.decide(decideRequest(escalated, "approve", { by: reviewer("bo") }));
    assert.equal(why(late), "forbidden");
    assert.equal((await voted(ledger, escalated, "approve", { by: director("dee") })).permit?.state, "issued");
    await setTime(60);
  });

  check("nobody escalates to nobody", async (ledger) => {
    const held = await askedFor(ledger, asking(panel({ quorum: "any" })));
    const request = decideRequest(held, "escalate", { by: reviewer("ana") });
    assert.equal(why(await changesNothing(ledger, held.proposal.id, () => ledger.decide(request))), "digest");
  });

  check("of two who escalate to the last people, one does, though both have seen the step before", async (ledger) => {
    const held = await askedFor(ledger, asking(panel({ quorum: "any" })));
    const both = { ...reviewer("eve"), roles: ["manager", "director"] };
    const seen = (by: PrincipalRecord): DecideRequest => decideRequest(held, "escalate", { by, escalatedMs: 5_000 });
    const second = seen(both);
    assert.equal(why(await ledger.decide(seen(reviewer("ana")))), "it counts");
    assert.equal(why(await changesNothing(ledger, held.proposal.id, () => ledger.decide(second))), "digest");
  });
}

function races(check: Check): void {
  check("of 16 who vote at once, as many count as it takes, and one permit is issued", async (ledger) => {
    const held = await askedFor(ledger, asking(panel({ quorum: "3-of-20" })));
    const results = await race((racer) =>
      ledger.decide(decideRequest(held, "approve", { by: reviewer(`voter ${racer}`) })),
    );
    assert.deepEqual(results.map(why).toSorted(), [
      ...Array.from({ length: 13 }, () => "closed"),
      ...Array.from({ length: 3 }, () => "it counts"),
    ]);
    const now = await reread(ledger, held);
    assert.deepEqual([now.decisions.length, now.permit?.state], [3, "issued"]);
    assert.equal(await countOf("permitted", ledger, held.proposal.id), 1);
  });
}
