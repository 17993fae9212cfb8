import assert from "node:assert/strict";
import { identifier } from "../../model/identifier.js";
import type { Route } from "../../model/routing.js";
import { changesNothing, kinds, race, rejectsWith, reread, type Check } from "./check.js";
import {
  asked,
  claimed,
  claimRequest,
  decided,
  draft,
  executed,
  moment,
  proposed,
  routed,
  routeRequest,
} from "./specimens.js";

/** `route` and `reroute`. */
export function routingContract(check: Check): void {
  routes(check);
  laterRoutings(check);
  reroutes(check);
}

function routes(check: Check): void {
  for (const route of ["execute", "flag"] as const) {
    check(`the route ${route} issues a permit of basis policy`, async (ledger) => {
      const { permit, round, proposal } = await routed(ledger, route);
      assert.equal(round.routing?.route, route);
      assert.deepEqual(permit, {
        id: identifier("permit", [proposal.id, 1]),
        proposalId: proposal.id,
        round: 1,
        argsDigest: round.argsDigest,
        basis: "policy",
        state: "issued",
        owner: null,
        leaseUntil: null,
        claims: 0,
        issuedAt: moment(1),
      });
      assert.equal(proposal.state, "open");
    });
  }

  for (const route of ["veto", "clarify", "review"] as const) {
    check(`the route ${route} issues no permit and leaves the case open`, async (ledger) => {
      const { permit, round, proposal } = await routed(ledger, route);
      assert.deepEqual([round.routing?.route, permit, proposal.state], [route, null, "open"]);
    });
  }

  for (const [route, status] of [
    ["suggest", "suggested"],
    ["block", "blocked"],
  ] as const) {
    check(`the route ${route} closes the case without a permit`, async (ledger) => {
      const held = await routed(ledger, route);
      const { outcome } = routeRequest(await proposed(ledger), route);
      assert.deepEqual([held.proposal.state, held.permit, held.outcome], ["closed", null, outcome]);
      assert.equal(held.outcome?.status, status);
    });
  }

  check("the whole routing is kept", async (ledger) => {
    const held = await proposed(ledger);
    const request = routeRequest(held, "review");
    const routing = { ...request.routing, rules: ["a", "b"], explanation: "Because: “no” 😀", failedClosed: true };
    const { round } = await ledger.route({ ...request, routing });
    assert.deepEqual(round.routing, routing);
  });
}

function laterRoutings(check: Check): void {
  check("the first routing of a round wins; a later one changes nothing", async (ledger) => {
    const held = await routed(ledger, "review");
    for (const route of ["execute", "block", "review"] as const) {
      const again = () => ledger.route(routeRequest(held, route));
      assert.deepEqual(await changesNothing(ledger, held.proposal.id, again), held);
    }
  });

  check("of 16 routings at once, one counts", async (ledger) => {
    const held = await proposed(ledger);
    const tried: Route[] = ["execute", "review", "block", "flag"];
    const answers = await race((racer) => ledger.route(routeRequest(held, tried[racer % tried.length] ?? "review")));
    const now = await reread(ledger, held);
    for (const answer of answers) assert.deepEqual(answer, now);
    const expected = { execute: ["permitted"], flag: ["permitted"], block: ["closed"] }[
      String(now.round.routing?.route)
    ];
    assert.deepEqual(await kinds(ledger, held.proposal.id), ["proposed", "routed", ...(expected ?? [])]);
  });

  check("a round that is not the current one, and a closed case, are not routed", async (ledger) => {
    const held = await proposed(ledger);
    const later = () => ledger.route({ ...routeRequest(held, "execute"), round: 2 });
    assert.deepEqual(await changesNothing(ledger, held.proposal.id, later), held);
    const ended = await executed(ledger, { key: "b" });
    const late = () => ledger.route(routeRequest(ended, "execute"));
    assert.deepEqual(await changesNothing(ledger, ended.proposal.id, late), ended);
  });

  check("routing what was never proposed throws proposal_unknown", async (ledger) => {
    const held = await proposed(ledger);
    const request = routeRequest(held, "execute");
    await rejectsWith("proposal_unknown", () => ledger.route({ ...request, proposalId: "pr_nothing" }));
  });
}

function reroutes(check: Check): void {
  const reason = "The policy now says otherwise.";

  check(
    "rerouting voids an unclaimed permit and opens the next round, unrouted, with the same arguments",
    async (ledger) => {
      const held = await routed(ledger, "execute");
      const { proposalId, round } = { proposalId: held.proposal.id, round: 1 };
      const now = await ledger.reroute({ proposalId, round, reason, at: moment(3) });
      assert.deepEqual(now.round, { ...held.round, round: 2, routing: null });
      assert.deepEqual([now.proposal.round, now.permit, now.proposal.state], [2, null, "open"]);
      assert.deepEqual(await kinds(ledger, proposalId), ["proposed", "routed", "permitted", "refused"]);
      const stale = await changesNothing(ledger, proposalId, () => ledger.claim(claimRequest(held, "worker")));
      assert.equal(stale.claimed, false);
      const again = () => ledger.reroute({ proposalId, round, reason, at: moment(3) });
      assert.deepEqual(await changesNothing(ledger, proposalId, again), now);
      const routedAgain = await ledger.route(routeRequest(now, "execute"));
      assert.equal(routedAgain.permit?.id, identifier("permit", [proposalId, 2]));
      assert.equal((await ledger.claim(claimRequest(routedAgain, "worker"))).claimed, true);
    },
  );

  check("the permit of a decision can be voided too, and its review stays with its round", async (ledger) => {
    const held = await decided(ledger, await asked(ledger), "approve");
    const now = await ledger.reroute({ proposalId: held.proposal.id, round: 1, reason, at: moment(30) });
    assert.deepEqual([now.proposal.round, now.permit, now.review, now.round.routing], [2, null, null, null]);
    assert.deepEqual(now.decisions, held.decisions);
  });

  check("a claimed permit, no permit, another round and a closed case are left as they are", async (ledger) => {
    const running = await claimed(ledger, await routed(ledger, "execute"));
    const unpermitted = await routed(ledger, "review", { key: "b" });
    const ended = await executed(ledger, { key: "c" });
    const unclaimed = await routed(ledger, "flag", { key: "d" });
    for (const [held, round] of [
      [running, 1],
      [unpermitted, 1],
      [ended, 1],
      [unclaimed, 2],
      [unclaimed, 0],
    ] as const) {
      const { id } = held.proposal;
      const tried = () => ledger.reroute({ proposalId: id, round, reason, at: moment(30) });
      assert.deepEqual(await changesNothing(ledger, id, tried), held);
    }
  });

  check("of a claim and a rerouting at once, exactly one succeeds", async (ledger) => {
    for (let pair = 0; pair < 8; pair += 1) {
      const held = await routed(ledger, "execute", { key: `pair-${pair}` });
      const proposalId = held.proposal.id;
      const [{ claimed }] = await Promise.all([
        ledger.claim(claimRequest(held, "worker")),
        ledger.reroute({ proposalId, round: 1, reason, at: moment(3) }),
      ]);
      assert.equal((await reread(ledger, held)).proposal.round, claimed ? 1 : 2);
      assert.equal((await kinds(ledger, proposalId)).at(-1), claimed ? "claimed" : "refused");
    }
  });

  check("rerouting what was never proposed throws proposal_unknown", async (ledger) => {
    const proposalId = draft().proposal.id;
    await rejectsWith("proposal_unknown", () => ledger.reroute({ proposalId, round: 1, reason, at: moment(3) }));
  });
}
