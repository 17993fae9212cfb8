import assert from "node:assert/strict";
import type { Authority } from "../../authority/authority.js";
import { canonicalJson } from "../../model/canonical-json.js";
import { auditId, type Case } from "../../model/case.js";
import { followUpId, followUpThread } from "../../model/follow-up.js";
import type { Decision, DecisionStatement, Verdict } from "../../model/decision.js";
import type { Facts } from "../../model/facts.js";
import { identifier } from "../../model/identifier.js";
import type { Outcome } from "../../model/outcome.js";
import type { PrincipalRecord } from "../../model/principal.js";
import { fixRound, type Json, type Round } from "../../model/proposal.js";
import type { Review } from "../../model/review.js";
import type { Route, Routing } from "../../model/routing.js";
import type { Trust } from "../../model/trust.js";
import type { NewFollowUp } from "../../ledger/following.js";
import type {
  AskRequest,
  ClaimRequest,
  DecideRequest,
  Ledger,
  NewProposal,
  RouteRequest,
  SettleRequest,
} from "../../ledger/ledger.js";

/** The proposals, answers and attempts that the contract's cases are about. */

/** A moment, some seconds after the first one. */
export function moment(seconds: number): string {
  return new Date(Date.UTC(2026, 2, 30, 10, 30) + seconds * 1_000).toISOString();
}

/** How a draft differs from the usual one. */
export interface DraftOptions {
  key?: string;
  threadId?: string;
  action?: string;
  agent?: string;
  requestedBy?: string | null;
  trust?: Trust;
  args?: Record<string, Json>;
  facts?: Facts;
  context?: Json;
  proposedAt?: string;
}

/** A proposal that is not recorded yet. */
export function draft(options: DraftOptions = {}): NewProposal {
  const { key = "a", threadId = "thread-1", action = "refund", agent = "support", requestedBy = "cleo" } = options;
  const { trust = "verified", args = { orderId: "o-1", amount: 12.5 }, proposedAt = moment(0) } = options;
  const context = options.context ?? { said: "please" };
  const { facts = { amount: { value: 12.5, currency: "USD" }, confidence: 0.9 } } = options;
  const summary = "Refund 12.5 USD on order o-1";
  return {
    proposal: {
      id: identifier("proposal", [threadId, "key", key]),
      threadId,
      action,
      agent,
      requestedBy,
      trust,
      proposedAt,
    },
    round: fixRound({ round: 1, action, args, agent, requestedBy, facts, summary, context }),
  };
}

/** What a policy said. */
export function routingTo(route: Route): Routing {
  return {
    route,
    rules: ["small"],
    explanation: `Rule small says ${route}.`,
    policyDigest: `sha256:${"0".repeat(64)}`,
  };
}

/** How a case ended. */
export function outcome(
  held: Pick<Case, "decisions"> & { proposal: Pick<Case["proposal"], "id" | "action"> },
  status: Outcome["status"],
  at = moment(90),
): Outcome {
  const { id: proposalId, action } = held.proposal;
  const decidedBy = held.decisions.at(-1)?.by.name ?? null;
  const base = { proposalId, action, auditId: auditId(proposalId), at, decidedBy, unverified: false, replayed: false };
  const reason = `It ended as ${status}.`;
  if (status === "executed") return { ...base, status, result: { done: true }, flagged: false };
  if (status === "rejected") return { ...base, status, reason, reasonCode: null };
  return { ...base, status, reason };
}

/** A policy's word on the current round. */
export function routeRequest(held: Case, route: Route): RouteRequest {
  const ending = route === "suggest" ? "suggested" : route === "block" ? "blocked" : null;
  return {
    proposalId: held.proposal.id,
    round: held.round.round,
    routing: routingTo(route),
    outcome: ending === null ? null : outcome(held, ending, moment(1)),
    at: moment(1),
  };
}

/** A thread asking about the current round. */
export function askRequest(held: Case, interruptId = "interrupt-1", reason: string | null = null): AskRequest {
  const { threadId } = held.proposal;
  return {
    proposalId: held.proposal.id,
    round: held.round.round,
    gate: "gate",
    kind: "approval",
    withinMs: null,
    otherwise: "hold",
    address: { threadId, checkpointNs: "gate:1", checkpointId: `checkpoint-${interruptId}`, interruptId },
    reason,
    at: moment(2),
  };
}

/** A reviewer. */
export function reviewer(id = "ana", level: PrincipalRecord["level"] = "system"): PrincipalRecord {
  return { kind: "person", id, name: id.toUpperCase(), roles: ["manager"], authenticator: "contract", level };
}

/** How a decision differs from the usual one. */
export interface DecideOptions {
  by?: PrincipalRecord;
  note?: string | null;
  args?: Record<string, Json>;
  /** Where the policy sends a modification's arguments; decides whether it is permitted, waits or ends. */
  nextRoute?: Route;
  permitted?: boolean;
  at?: string;
  authority?: Authority;
  /** The seats that its statement names. */
  seats?: NonNullable<DecisionStatement["seats"]>;
  /** For `escalate`: how long the next people have; nobody comes next if left out. */
  escalatedMs?: number;
}

/** A decision on the case's open review, with everything that it causes. */
export function decideRequest(held: Case, verdict: Verdict, options: DecideOptions = {}): DecideRequest {
  const { by = reviewer(), note = "Verified.", nextRoute = "review", at = moment(10) } = options;
  const review = reviewOf(held);
  const next =
    verdict === "modify" ? modifiedRound(held, options.args ?? { orderId: "o-1", amount: 5 }, nextRoute) : null;
  const { argsDigest, displayDigest } = held.round;
  const newArgsDigest = next?.argsDigest ?? null;
  const said = { verdict, argsDigest, newArgsDigest, by, reasonCode: null, note, decidedAt: at };
  const statement: DecisionStatement = {
    type: "assent.decision",
    v: 1,
    thread: held.proposal.threadId,
    proposal: review.proposalId,
    review: review.id,
    round: review.round,
    action: held.proposal.action,
    displayDigest,
    ...(options.seats !== undefined && { seats: options.seats }),
    ...said,
  };
  const decision: Decision = {
    id: identifier("decision", [review.id, by.id, verdict, newArgsDigest ?? ""]),
    reviewId: review.id,
    proposalId: review.proposalId,
    round: review.round,
    ...said,
    statement: canonicalJson(statement),
    signatures: [{ keyid: "key-1", sig: "c2lnbmVk" }],
  };
  const ended = nextRoute === "suggest" ? "suggested" : nextRoute === "block" ? "blocked" : null;
  const ending = verdict === "reject" ? "rejected" : verdict === "modify" ? ended : null;
  const endedAs = (status: Outcome["status"]): Outcome =>
    outcome({ ...held, decisions: [...held.decisions, decision] }, status, at);
  const { authority, escalatedMs: withinMs } = options;
  return {
    decision,
    digest: review.digest,
    outcome: ending === null ? null : endedAs(ending),
    ...((verdict === "approve" || verdict === "abstain") && { refusal: endedAs("rejected") }),
    ...(verdict === "escalate" && { escalation: withinMs === undefined ? null : { withinMs, otherwise: "hold" } }),
    ...(authority !== undefined && { authority }),
    ...(next === null ? {} : { next: { round: next, permitted: options.permitted ?? ended === null } }),
  };
}

function modifiedRound(held: Case, args: Record<string, Json>, route: Route): Round {
  const { action, agent, requestedBy } = held.proposal;
  const { facts, display } = held.round;
  const summary = `Refund ${JSON.stringify(args["amount"] ?? null)} USD on order o-1`;
  const round = held.round.round + 1;
  const fixed = fixRound({ round, action, args, agent, requestedBy, facts, summary, context: display.context });
  return { ...fixed, routing: routingTo(route) };
}

/** The case's review; fails if none was asked for. */
export function reviewOf(held: Case): Review {
  assert.ok(held.review, "the case has no review");
  return held.review;
}

/** An attempt to take the case's permit, with a lease of 30 seconds. */
export function claimRequest(held: Case, owner: string): ClaimRequest {
  return {
    proposalId: held.proposal.id,
    threadId: held.proposal.threadId,
    round: held.round.round,
    argsDigest: held.round.argsDigest,
    owner,
    leaseMs: 30_000,
    at: moment(20),
    takeover: false,
  };
}

/** The end of an attempt. */
export function settleRequest(held: Case, owner: string | null, status: Outcome["status"] = "executed"): SettleRequest {
  const at = moment(40);
  return { proposalId: held.proposal.id, round: held.round.round, owner, outcome: outcome(held, status, at), at };
}

/** What follows on a case, not yet opened. */
export function followUpRequest(old: Case, more: Partial<NewFollowUp> = {}): NewFollowUp {
  const id = followUpId("reconciliation", old.proposal.id);
  const { proposal, round } = draft({ proposedAt: moment(40) });
  return {
    proposal: { ...proposal, id, threadId: followUpThread(id) },
    round: { ...round, routing: routingTo("suggest") },
    gate: "reconciliation",
    kind: "reconciliation",
    withinMs: null,
    otherwise: "hold",
    outcome: null,
    ...more,
  };
}

/** Records a proposal and gives its case. */
export async function proposed(ledger: Ledger, options?: DraftOptions): Promise<Case> {
  return ledger.propose(draft(options));
}

/** Records a proposal that a gate took and the policy routed. */
export async function routed(
  ledger: Ledger,
  route: Route,
  options?: DraftOptions,
  more?: Partial<Routing>,
): Promise<Case> {
  const held = await proposed(ledger, options);
  const { threadId, id } = held.proposal;
  await ledger.take({ threadId, gate: "gate", ids: [id] });
  const request = routeRequest(held, route);
  return ledger.route({ ...request, routing: { ...request.routing, ...more } });
}

/** Records a proposal whose review is open. */
export async function asked(ledger: Ledger, options?: DraftOptions): Promise<Case> {
  return ledger.ask(askRequest(await routed(ledger, "review", options)));
}

/** Makes a decision that has to count and gives the case. */
export async function decided(ledger: Ledger, held: Case, verdict: Verdict, options?: DecideOptions): Promise<Case> {
  const result = await ledger.decide(decideRequest(held, verdict, options));
  assert.ok(result.ok && !result.repeated, `the decision does not count: ${JSON.stringify(result)}`);
  return result.case;
}

/** Claims the case's permit, which has to succeed, and gives the case. */
export async function claimed(ledger: Ledger, held: Case, owner = "worker-1"): Promise<Case> {
  const result = await ledger.claim(claimRequest(held, owner));
  assert.ok(result.claimed && result.case !== null, "the permit cannot be claimed");
  return result.case;
}

/** Records a proposal that was approved and executed. */
export async function executed(ledger: Ledger, options?: DraftOptions): Promise<Case> {
  const held = await claimed(ledger, await decided(ledger, await asked(ledger, options), "approve"));
  return ledger.settle(settleRequest(held, "worker-1"));
}
