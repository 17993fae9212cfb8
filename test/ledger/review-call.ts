import { isDeepStrictEqual } from "node:util";
import type { DecideRequest } from "../../src/ledger/ledger.js";
import type { Case } from "../../src/model/case.js";
import type { Amount } from "../../src/model/facts.js";
import type { PrincipalRecord } from "../../src/model/principal.js";
import { fixRound, type Json, type Round } from "../../src/model/proposal.js";
import type { Requirement } from "../../src/model/requirement.js";
import { decideRequest, routeRequest } from "../../src/testing/ledger-contract/specimens.js";
import type { ModelCall, ModelCase, ReviewModel } from "./review-model.js";
import { seatsToName, votedBefore } from "./review-rules.js";
import type { Step } from "./review-steps.js";
import { AMOUNTS, CAST } from "./review-world.js";

/** What somebody who saw the case so says of it: as it is sent, and as the model judges it. */
export function callOf(
  model: ReviewModel,
  { who, verdict, flaw, worth, nextRoute, requires, pick }: Step,
  { model: held }: { model: ModelCase },
  seen: Case,
): { request: DecideRequest; call: ModelCall } {
  const by = CAST[who]!;
  const review = seen.review!;
  const round = held.rounds[seen.round.round - 1]!;
  const amount = AMOUNTS[worth];
  const next = { amount, requires: requires ?? round.requires!, route: nextRoute };
  const there = seatsToName(model, held, round, review.step);
  const isLeftOut = flaw === "other seats" && pick % 2 === 0;
  const more = flaw === "other seats" ? 1 : 0;
  const seats = isLeftOut || there === null ? null : there.map((each) => ({ ...each, of: each.of + more }));
  const then = round.requires!.escalateTo[review.step];
  const escalation = then && flaw !== "no next" ? { withinMs: then.withinMs, otherwise: then.otherwise } : null;
  const request = decideRequest(seen, verdict, {
    by,
    args: argsOf(amount, pick % 2),
    nextRoute,
    permitted: !["block", "suggest"].includes(nextRoute) && isMeant(next.requires, by),
    authority: model.authority.loaded,
    at: new Date(model.nowMs).toISOString(),
    ...(seats !== null && { seats }),
  });
  const { decision } = request;
  const before = votedBefore(held, round, { by, verdict });
  const again = before.same - (isDeepStrictEqual(before.seats, seats) ? 1 : 0);
  decision.id = JSON.stringify([
    review.id,
    by.authenticator,
    by.id,
    verdict,
    decision.newArgsDigest,
    Math.max(again, 0),
  ]);
  const version = flaw === "older version" ? review.version - 1 : flaw === "same version" ? review.version : null;
  if (request.next !== undefined) {
    const made = roundOf(held, seen.round.round + 1, amount, pick % 2);
    const { routing } = routeRequest(seen, nextRoute);
    request.next.round = { ...made, routing: { ...routing, requires: next.requires } };
  }
  Object.assign(request, { escalation }, version !== null && { version });
  spoil(request, flaw);
  const at = { id: decision.id, round: seen.round.round, verdict, by, atMs: 0, seats };
  const call: ModelCall = { ...at, flaw, version, escalation, ...(request.next !== undefined && { next }) };
  return { request, call };
}

function argsOf(amount: Amount | undefined, salt = 0): Record<string, Json> {
  return { orderId: "o-1", amount: amount?.value ?? null, currency: amount?.currency ?? null, salt };
}

/** A round of a case that is worth so much. */
export function roundOf(
  { action, agent, requestedBy }: ModelCase,
  round: number,
  amount: Amount | undefined,
  salt = 0,
): Round {
  const facts = amount === undefined ? {} : { amount };
  const args = argsOf(amount, salt);
  return fixRound({ round, action, args, agent, requestedBy, facts, summary: "It does so.", context: null });
}

function isMeant(requires: Requirement, { id, roles, groups = [] }: PrincipalRecord): boolean {
  const asked = requires.panels.filter(({ by }) => by.length > 0).flatMap(({ by }) => by);
  const isAsked = asked.some((each) => Object.values(each).some((name) => [id, ...roles, ...groups].includes(name)));
  return requires.excludes?.includes(id) !== true && (asked.length === 0 || isAsked);
}

function spoil(request: DecideRequest, flaw: ModelCall["flaw"]): void {
  if (flaw === "other digest") request.digest = `sha256:${"0".repeat(64)}`;
  if (flaw === "other arguments") request.decision.argsDigest = `sha256:${"1".repeat(64)}`;
  if (flaw === "unnamed" || flaw === "named") request.answered = { named: flaw === "named" };
  if (flaw === "no refusal") delete request.refusal;
  if (flaw === "no next") {
    delete request.next;
    if (request.decision.verdict === "modify") request.outcome = null;
  }
}
