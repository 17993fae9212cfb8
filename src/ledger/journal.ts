import { auditEntry, type AuditEvent } from "../model/audit-event.js";
import { auditId, caseRecordText, type Case } from "../model/case.js";
import { digestText } from "../model/digest.js";
import { identifier } from "../model/identifier.js";
import type { Outcome } from "../model/outcome.js";
import type { Permit } from "../model/permit.js";
import type { AskRequest, ClaimRequest, DecideRequest, NewProposal, RefuseRequest, RouteRequest } from "./ledger.js";

/**
 * What each write leaves in the audit log. Every ledger writes exactly these entries, in the transaction that changed
 * the state.
 */

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
): { auditId: string; text: string; entry: string } {
  const { outcome, proposal } = closed;
  const text = caseRecordText(closed);
  const id = auditId(proposal.id);
  const data: AuditEvent["data"] = { status: outcome.status, case: id, caseDigest: digestText(text) };
  if (outcome.status !== "executed") data["reason"] = outcome.reason;
  return {
    auditId: id,
    text,
    entry: auditEntry({ kind: closingKind(outcome.status), at, proposal: proposal.id, data }),
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
export function proposedEntry({ proposal, round }: NewProposal): string {
  return auditEntry({
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
export function routedEntry({ proposalId, round, routing, at }: RouteRequest): string {
  return auditEntry({
    kind: "routed",
    at,
    proposal: proposalId,
    data: {
      round,
      route: routing.route,
      rules: routing.rules,
      policyDigest: routing.policyDigest,
      failedClosed: routing.failedClosed ?? false,
    },
  });
}

/** A permit was issued. */
export function permittedEntry(permit: Permit): string {
  const { proposalId, issuedAt, id, round, basis, argsDigest } = permit;
  return auditEntry({
    kind: "permitted",
    at: issuedAt,
    proposal: proposalId,
    data: { permit: id, round, basis, argsDigest },
  });
}

/** A person was asked. */
export function askedEntry(request: AskRequest, reviewId: string): string {
  return auditEntry({
    kind: "asked",
    at: request.at,
    proposal: request.proposalId,
    data: {
      review: reviewId,
      round: request.round,
      gate: request.gate,
      interrupt: request.address.interruptId,
      reason: request.reason,
    },
  });
}

/** A principal decided. */
export function decidedEntry({ decision }: DecideRequest): string {
  const { by, verdict, reasonCode, note, argsDigest, newArgsDigest } = decision;
  return auditEntry({
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
    },
  });
}

/** Something was tried that did not count. */
export function refusedEntry({ proposalId, what, reason, by, at }: RefuseRequest): string {
  return auditEntry({ kind: "refused", at, proposal: proposalId, data: { what, reason, by } });
}

/** A worker took a permit. */
export function claimedEntry({ proposalId, round, owner, leaseUntil, now }: ClaimRequest): string {
  return auditEntry({
    kind: "claimed",
    at: now,
    proposal: proposalId,
    data: { permit: identifier("permit", [proposalId, round]), owner, leaseUntil },
  });
}
