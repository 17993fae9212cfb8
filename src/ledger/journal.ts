import { auditEntry, type AuditEvent, type AuditKind } from "../model/audit-event.js";
import { auditId, caseRecordText, type Case } from "../model/case.js";
import type { Decision } from "../model/decision.js";
import { digestText } from "../model/digest.js";
import { identifier } from "../model/identifier.js";
import type { Outcome } from "../model/outcome.js";
import type { Permit } from "../model/permit.js";
import type { Review } from "../model/review.js";
import type {
  AskRequest,
  ClaimRequest,
  DecideRequest,
  NewProposal,
  RedraftRequest,
  RefuseRequest,
  RerouteRequest,
  RouteRequest,
  WithdrawRequest,
} from "./ledger.js";
import { askOf, caseOf, type NewFollowUp } from "./following.js";
import type { HandleRequest } from "./queueing.js";

/**
 * What each write leaves in the audit log. Every ledger writes exactly these entries, in the transaction that changed
 * the state.
 */

/** One entry of the audit log before it has its place there. */
export interface JournalEntry {
  kind: AuditKind;
  proposalId: string;
  /** The canonical text of the event. */
  text: string;
}

function entryOf(event: Omit<AuditEvent, "v">): JournalEntry {
  return { kind: event.kind, proposalId: event.proposal, text: auditEntry(event) };
}

/** The permit that a round gets. */
export function newPermit(
  proposalId: string,
  round: { round: number; argsDigest: string },
  basis: Permit["basis"],
  at: string,
): Permit {
  return {
    id: identifier("permit", [proposalId, round.round]),
    proposalId,
    round: round.round,
    argsDigest: round.argsDigest,
    basis,
    state: "issued",
    owner: null,
    leaseUntil: null,
    claims: 0,
    issuedAt: at,
  };
}

/** What a closed case leaves: its record and the entry that binds it. */
export function closing(
  closed: Omit<Case, "review" | "permit"> & { outcome: Outcome },
  at: string,
): { auditId: string; text: string; entry: JournalEntry } {
  const { outcome, proposal } = closed;
  const text = caseRecordText(closed);
  const id = auditId(proposal.id);
  const data: AuditEvent["data"] = { status: outcome.status, case: id, caseDigest: digestText(text) };
  if (outcome.status !== "executed") data["reason"] = outcome.reason;
  return {
    auditId: id,
    text,
    entry: entryOf({ kind: closingKind(outcome.status), at, proposal: proposal.id, data }),
  };
}

function closingKind(status: Outcome["status"]): AuditEvent["kind"] {
  switch (status) {
    case "executed":
      return "executed";
    case "failed":
    case "in-doubt":
      return "failed";
    case "rejected":
    case "expired":
    case "suggested":
    case "blocked":
    case "undone":
      return "closed";
    default:
      return status satisfies never;
  }
}

/** A proposal was recorded. */
export function proposedEntry({ proposal, round }: NewProposal): JournalEntry {
  return entryOf({
    kind: "proposed",
    at: proposal.proposedAt,
    proposal: proposal.id,
    data: {
      thread: proposal.threadId,
      action: proposal.action,
      agent: proposal.agent,
      requestedBy: proposal.requestedBy,
      trust: proposal.trust,
      argsDigest: round.argsDigest,
      displayDigest: round.displayDigest,
    },
  });
}

/** The policy spoke. */
export function routedEntry({ proposalId, round, routing, at }: Omit<RouteRequest, "outcome">): JournalEntry {
  return entryOf({
    kind: "routed",
    at,
    proposal: proposalId,
    data: {
      round,
      route: routing.route,
      rules: routing.rules,
      policyDigest: routing.policyDigest,
      failedClosed: routing.failedClosed ?? false,
      ...(routing.stage === undefined ? {} : { stage: routing.stage }),
    },
  });
}

/** A case was opened after another: what was proposed, where it went, and who was asked or how it ended. */
export function followUpEntries(followUp: NewFollowUp): JournalEntry[] {
  const { proposal, round, outcome } = followUp;
  const at = proposal.proposedAt;
  const begun = [proposedEntry(followUp)];
  if (round.routing !== null) {
    begun.push(routedEntry({ proposalId: proposal.id, round: round.round, routing: round.routing, at }));
  }
  if (outcome !== null) return [...begun, closing({ ...caseOf(followUp), outcome }, at).entry];
  return [...begun, askedEntry(askOf(followUp), identifier("review", [proposal.id, round.round]))];
}

/** A permit was issued. */
export function permittedEntry(permit: Permit): JournalEntry {
  const { proposalId, issuedAt, id, round, basis, argsDigest } = permit;
  return entryOf({
    kind: "permitted",
    at: issuedAt,
    proposal: proposalId,
    data: { permit: id, round, basis, argsDigest },
  });
}

/** A person was asked. */
export function askedEntry(request: AskRequest, reviewId: string): JournalEntry {
  return entryOf({
    kind: "asked",
    at: request.at,
    proposal: request.proposalId,
    data: {
      review: reviewId,
      round: request.round,
      gate: request.gate,
      kind: request.kind,
      interrupt: request.address.interruptId,
      withinMs: request.withinMs,
      otherwise: request.otherwise,
      reason: request.reason,
    },
  });
}

/** A principal decided; where they changed the arguments, with what the policy said about the new ones. */
export function decidedEntries({ decision, next }: DecideRequest): JournalEntry[] {
  const { proposalId, decidedAt } = decision;
  const decided = decidedEntry(decision);
  const routing = next?.round.routing ?? null;
  if (next === undefined || routing === null) return [decided];
  return [decided, routedEntry({ proposalId, round: next.round.round, routing, at: decidedAt })];
}

function decidedEntry(decision: Decision): JournalEntry {
  const { by, verdict, reasonCode, note, argsDigest, newArgsDigest } = decision;
  return entryOf({
    kind: "decided",
    at: decision.decidedAt,
    proposal: decision.proposalId,
    data: {
      decision: decision.id,
      review: decision.reviewId,
      round: decision.round,
      verdict,
      by: { ...by },
      reasonCode,
      note,
      argsDigest,
      newArgsDigest,
      statementDigest: digestText(decision.statement),
      signedBy: decision.signatures.map(({ keyid }) => keyid),
    },
  });
}

/** Nobody decided in time. The review is as it was until then. */
export function expiredEntry({ id, proposalId, round, otherwise, step, deadlineAt }: Review, at: string): JournalEntry {
  const data = { review: id, round, otherwise, step, deadline: deadlineAt };
  return entryOf({ kind: "expired", at, proposal: proposalId, data });
}

/** A review's thread no longer asks. */
export function withdrawnEntry({ id, proposalId, round }: Review, { reason, at }: WithdrawRequest): JournalEntry {
  return entryOf({ kind: "withdrawn", at, proposal: proposalId, data: { review: id, round, reason } });
}

/** An agent made another draft. */
export function redraftedEntry({ proposalId, next, at }: RedraftRequest): JournalEntry {
  const { round, argsDigest, displayDigest } = next;
  return entryOf({ kind: "redrafted", at, proposal: proposalId, data: { round, argsDigest, displayDigest } });
}

/** Something was tried that did not count. */
export function refusedEntry({ proposalId, what, reason, by, at }: RefuseRequest): JournalEntry {
  return entryOf({ kind: "refused", at, proposal: proposalId, data: { what, reason, by } });
}

/** Somebody did something with a review that is not to decide it. */
export function handledEntry({ reviewId, handling, by, at }: HandleRequest, proposalId: string): JournalEntry {
  const { what, ...how } = handling;
  return entryOf({ kind: "handled", at, proposal: proposalId, data: { review: reviewId, what, by, ...how } });
}

/** A permit that nobody had claimed was voided, because the policy no longer supports it. */
export function voidedEntry({ proposalId, round, reason, at }: RerouteRequest): JournalEntry {
  const voids = identifier("permit", [proposalId, round]);
  return entryOf({ kind: "refused", at, proposal: proposalId, data: { what: "claim", reason, by: null, voids } });
}

/** A worker took a permit. */
export function claimedEntry({ proposalId, round, owner, leaseMs, at }: ClaimRequest): JournalEntry {
  return entryOf({
    kind: "claimed",
    at,
    proposal: proposalId,
    data: { permit: identifier("permit", [proposalId, round]), owner, leaseMs },
  });
}
