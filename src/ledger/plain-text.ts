import { AssentError } from "../model/error.js";
import { oneLine } from "../model/visible-text.js";
import { askOf, type NewFollowUp } from "./following.js";
import type { AskRequest, ClaimRequest, DecideRequest, NewProposal, TakeRequest } from "./ledger.js";

// Postgres refuses the one and has no bytes for the other.
const UNKEEPABLE = /[\0\p{Surrogate}]/u;

/** Whether every store can keep a text in a column of its own: it has no NUL and no half of a surrogate pair. */
export function isPlainText(text: string): boolean {
  return !UNKEEPABLE.test(text);
}

/**
 * Refuses names, ids and notes that not every store can keep, before anything is written.
 *
 * @throws AssentError `json_invalid`, naming the field.
 */
export function requirePlainText(fields: Record<string, string | null | undefined>): void {
  for (const [where, text] of Object.entries(fields)) {
    if (typeof text !== "string" || isPlainText(text)) continue;
    throw new AssentError("json_invalid", {
      what: "A text holds a NUL character or half a surrogate pair",
      where,
      seen: oneLine(text, 60),
      fix: "Remove that character",
    });
  }
}

/** The texts of a proposal that stand in columns of their own. */
export function requireProposalText({ proposal: { id, threadId, action, agent, requestedBy } }: NewProposal): void {
  requirePlainText({ id, threadId, action, agent, requestedBy });
}

/** The texts that a gate writes. */
export function requireTakeText({ threadId, gate }: TakeRequest): void {
  requirePlainText({ threadId, gate });
}

/** The texts of a question. */
export function requireAskText({ gate, address }: AskRequest): void {
  requirePlainText({ gate, ...address });
}

/** The texts of what follows on a case. */
export function requireFollowUpText(followUp: NewFollowUp): void {
  requireProposalText(followUp);
  requireAskText(askOf(followUp));
}

/** The texts of a decision. */
export function requireDecisionText({ decision }: DecideRequest): void {
  const { id, reasonCode, note, statement } = decision;
  requirePlainText({ id, reasonCode, note, statement });
}

/** The texts of a claim. */
export function requireClaimText({ owner }: ClaimRequest): void {
  requirePlainText({ owner });
}
