import type { Case } from "../../model/case.js";
import { judgeDecision, seatsAsked, seatTaken, type HeldReview } from "../deciding.js";
import { decidedEntries, newPermit } from "../journal.js";
import type { DecideRequest, DecideResult } from "../ledger.js";
import { lockReviewSql } from "./queries/decide.js";
import { readApproved, readReviewer, readSeats } from "./reviewers.js";
import { moveStage } from "./stages.js";
import type { Run } from "./transaction.js";
import { append, closeCase, issueInLog, readCase, recordDecision } from "./writes.js";

/** A review under lock, as far as one row tells of it. */
export type LockedReview = Pick<HeldReview, "review" | "openOnThread" | "isDue" | "now">;

/** Locks a review for the rest of the transaction. */
export async function lockReview(
  run: Run,
  schema: string,
  reviewId: string,
  now: string | null,
): Promise<[LockedReview] | []> {
  return (await run<LockedReview>(lockReviewSql(schema), [reviewId, now])) as [LockedReview] | [];
}

/**
 * Writes one decision and what follows from it, in the surrounding transaction, which holds its proposal's lock. Gives why
 * it does not count; null if it does. If we die in here, none of it is there.
 */
export async function decide(
  run: Run,
  schema: string,
  request: DecideRequest,
  now: string | null,
): Promise<DecideResult | null> {
  const { proposalId, reviewId, decidedAt } = request.decision;
  const [locked] = await lockReview(run, schema, reviewId, now);
  if (locked === undefined) return { ok: false, why: "unknown", case: null };
  const held = await readCase(run, schema, locked.review.proposalId);
  const verdict = judgeDecision(request, {
    ...locked,
    case: held,
    ...(await known(run, schema, request, { locked, held, now })),
  });
  if (!verdict.counts) return verdict.result;
  const { review, permit, outcome } = verdict.follows;
  await recordDecision(run, schema, request, { review, now });
  const entries = decidedEntries(request);
  if (outcome !== null) entries.push(await closeCase(run, schema, proposalId, outcome, decidedAt));
  if (permit === null) await append(run, schema, entries);
  else await issueInLog(run, schema, newPermit(proposalId, permit, "decisions", decidedAt), entries);
  await moveStage(run, schema, request, held);
  return null;
}

/** What is known of a decision's author and of those who have a seat beside them, as far as it matters. */
async function known(
  run: Run,
  schema: string,
  request: DecideRequest,
  { locked: { review }, held, now }: { locked: LockedReview; held: Case; now: string | null },
): Promise<Pick<HeldReview, "reviewer" | "approvedBefore" | "seats">> {
  const { authority, decision } = request;
  const asked = seatsAsked(authority, { review, case: held });
  const mustHold = authority?.source.needs.some(({ action }) => action.includes(held.proposal.action)) === true;
  const takesSeat = seatTaken(request, { review, case: held }).panels.length > 0;
  return {
    reviewer: mustHold || takesSeat ? await readReviewer(run, schema, decision.by.id) : null,
    approvedBefore: await readApproved(run, schema, request, held, now),
    seats: asked === null ? [] : await readSeats(run, schema, asked, now),
  };
}
