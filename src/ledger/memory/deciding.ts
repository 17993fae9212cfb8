import type { LimitQuery } from "../../authority/limits.js";
import type { Review } from "../../model/review.js";
import { endedWithoutEffect } from "../deciding.js";
import type { DecideRequest } from "../ledger.js";
import type { Entry } from "./entry.js";

/** Hands a review to the people of its next step. */
export function escalate(
  review: Review,
  next: NonNullable<DecideRequest["escalation"]> | null,
  deadlineIn: (ms: number) => string,
): void {
  const { withinMs = null, otherwise = "hold" } = next ?? {};
  review.step += 1;
  review.version += 1;
  review.otherwise = otherwise;
  review.deadlineAt = withinMs === null ? null : deadlineIn(withinMs);
}

/** Whose approvals are added up, of which other cases. */
export interface ApprovedBy {
  /** Their id. */
  by: string;
  /** The case that they are deciding on now. */
  except: string;
  query: LimitQuery;
  now: string;
}

/** What somebody has let run within a window, in one currency: once for each case, and not what came to nothing. */
export function approvedBy(entries: Iterable<Entry>, { by, except, query, now }: ApprovedBy): number {
  const since = new Date(Date.parse(now) - query.overMs).toISOString();
  let sum = 0;
  for (const { proposal, rounds, decisions, decidedAt, outcome } of entries) {
    if (proposal.id === except || (outcome !== null && endedWithoutEffect(outcome.status))) continue;
    if (query.actions !== null && !query.actions.includes(proposal.action)) continue;
    const made = decisions.findLast(
      ({ id, by: author, verdict }) =>
        author.id === by && (verdict === "approve" || verdict === "modify") && (decidedAt.get(id) ?? "") > since,
    );
    const approved = made && rounds.get(made.verdict === "modify" ? made.round + 1 : made.round);
    const amount = approved?.facts.amount;
    if (amount?.currency === query.currency) sum += amount.value;
  }
  return sum;
}
