import { cumulativeQueries } from "../../authority/limits.js";
import type { Case } from "../../model/case.js";
import type { Json } from "../../model/proposal.js";
import type { Review } from "../../model/review.js";
import { judgeDecision, limitsOf, seatsAsked, type Consequence, type HeldReview } from "../deciding.js";
import { seatTaken } from "../saying.js";
import { closing, decidedEntries, newPermit, permittedEntry } from "../journal.js";
import type { DecideRequest, DecideResult } from "../ledger.js";
import { isPlainText } from "../plain-text.js";
import { judgementBy } from "../staging.js";
import { lockReviewSql, recordDecisionSql, seeReviewSql } from "./queries/decide.js";
import { lockProposalSql } from "./queries/read-case.js";
import { readApproved, readReviewer, readSeats } from "./reviewers.js";
import { moveStage } from "./stages.js";
import { inTransaction, once, type Connection, type Run } from "./transaction.js";
import { readCase } from "./writes.js";

/** A review under lock, as far as one row tells of it. */
export type LockedReview = Pick<HeldReview, "review" | "openOnThread" | "isDue" | "now">;
/** A review with its case, as they were at one moment. */
type SeenReview = LockedReview & Pick<HeldReview, "case">;

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
 * Writes one decision and what follows from it.
 *
 * Where it hangs on its case alone, it is judged without any lock, and written by one statement that looks whether the case
 * is still what was judged; so nobody waits for the way between us and the database. Otherwise, and where somebody came
 * between, it is judged under the lock of its proposal. If we die in here, all of it is there or nothing.
 */
export async function decide(
  connection: Connection,
  schema: string,
  request: DecideRequest,
  now: string | null,
): Promise<DecideResult> {
  const { reviewId, decidedAt } = request.decision;
  const alone: Run = (text, values = []) => once(connection, text, values);
  if (request.seen !== undefined) {
    // Whether it is due, and how many are open beside it, is not looked at here: the statement looks at the one, and what
    // depends on the other does not come here.
    const seen = { ...request.seen, isDue: false, openOnThread: 1, now: decidedAt };
    const result = await decideAlone(alone, schema, request, { seen, now });
    if (result?.ok === true && !result.repeated) return result;
  }
  const seen = await seeReview(alone, schema, reviewId, now);
  if (seen === null) return { ok: false, why: "unknown", case: null };
  const result = await decideAlone(alone, schema, request, { seen, now });
  if (result !== null) return result;
  return inTransaction(connection, async (run) => {
    await run(lockProposalSql(schema), [seen.case.proposal.id]);
    return decideLocked(run, schema, request, now);
  });
}

/** Null if it hangs on more than its case, or the case is no longer what was seen. */
async function decideAlone(
  run: Run,
  schema: string,
  request: DecideRequest,
  { seen, now }: { seen: SeenReview; now: string | null },
): Promise<DecideResult | null> {
  if (!hangsOnCaseAlone(request, seen)) return null;
  const verdict = judgeDecision(request, { ...seen, reviewer: null, approvedBefore: () => 0, seats: [] });
  return verdict.counts ? record(run, schema, request, { follows: verdict.follows, seen, now }) : verdict.result;
}

async function decideLocked(
  run: Run,
  schema: string,
  request: DecideRequest,
  now: string | null,
): Promise<DecideResult> {
  let recorded: DecideResult | null = null;
  // Under lock, nothing but its deadline comes between; then it is judged again.
  while (recorded === null) {
    await lockReview(run, schema, request.decision.reviewId, now);
    const seen = await seeReview(run, schema, request.decision.reviewId, now);
    if (seen === null) return { ok: false, why: "unknown", case: null };
    const verdict = judgeDecision(request, { ...seen, ...(await known(run, schema, request, { seen, now })) });
    if (!verdict.counts) return verdict.result;
    recorded = await record(run, schema, request, { follows: verdict.follows, seen, now });
    if (recorded !== null) await moveStage(run, schema, request, seen.case);
  }
  return recorded;
}

async function seeReview(run: Run, schema: string, reviewId: string, now: string | null): Promise<SeenReview | null> {
  const [seen] = await run<SeenReview>(seeReviewSql(schema), [isPlainText(reviewId) ? reviewId : "", now]);
  return seen ?? null;
}

/** Whether nothing else in the ledger has a say in it: no limit over several cases, no seats, no register, no stage. */
function hangsOnCaseAlone(request: DecideRequest, seen: SeenReview): boolean {
  const { authority, answered, stageRule } = request;
  return (
    answered?.named !== false &&
    (stageRule === undefined || judgementBy(request, seen.case) === null) &&
    limitsOf(request, seen.case, cumulativeQueries).length === 0 &&
    seatsAsked(authority, seen) === null &&
    !asksRegister(request, seen)
  );
}

/** Whether it matters what is registered of its author: a licence or a seat. */
function asksRegister(request: DecideRequest, seen: SeenReview): boolean {
  const { action } = seen.case.proposal;
  const mustHold = request.authority?.source.needs.some((need) => need.action.includes(action)) === true;
  return mustHold || seatTaken(request, seen).panels.length > 0;
}

/** What is known of a decision's author and of those who have a seat beside them, as far as it matters. */
async function known(
  run: Run,
  schema: string,
  request: DecideRequest,
  { seen, now }: { seen: SeenReview; now: string | null },
): Promise<Pick<HeldReview, "reviewer" | "approvedBefore" | "seats">> {
  const asked = seatsAsked(request.authority, seen);
  return {
    reviewer: asksRegister(request, seen) ? await readReviewer(run, schema, request.decision.by.id) : null,
    approvedBefore: await readApproved(run, schema, request, seen.case, now),
    seats: asked === null ? [] : await readSeats(run, schema, asked, now),
  };
}

/** Records it in one statement; null if the case is no longer what was judged. */
async function record(
  run: Run,
  schema: string,
  request: DecideRequest,
  { follows, seen, now }: { follows: Consequence; seen: SeenReview; now: string | null },
): Promise<DecideResult | null> {
  const { decision, next, escalation } = request;
  const { proposalId, decidedAt } = decision;
  const after = caseAfter(request, follows, seen.case);
  const { permit, outcome } = after;
  const end = outcome && closing({ ...after, outcome }, decidedAt);
  const entries = [...decidedEntries(request)];
  if (end !== null) entries.push(end.entry);
  if (permit !== null) entries.push(permittedEntry(permit));
  const [row] = await run<{ made: boolean }>(recordDecisionSql(schema), [
    [seen.review.version, seen.case.decisions.length],
    now,
    decision.id,
    proposalId,
    decision.reviewId,
    decision.round,
    decision.verdict,
    json(decision.by),
    decision.reasonCode,
    decision.note,
    decision.argsDigest,
    decision.newArgsDigest,
    decision.statement,
    decidedAt,
    json(decision.signatures),
    follows.review,
    escalation?.otherwise ?? "hold",
    escalation?.withinMs ?? null,
    next?.round.round,
    json(next?.round.args),
    next?.round.argsDigest,
    json(next?.round.facts),
    json(next?.round.display),
    next?.round.displayDigest,
    json(next?.round.routing),
    permit?.id,
    permit?.round,
    permit?.argsDigest,
    end?.auditId,
    json(outcome),
    end?.text,
    entries.map(({ kind }) => kind),
    entries.map(({ text }) => text),
  ]);
  if (row?.made !== true) return null;
  // By when the next people have to decide is the database's word.
  const made = follows.review === "escalated" ? await readCase(run, schema, proposalId) : after;
  return { ok: true, case: made, repeated: false };
}

/** The case as a decision leaves it, but for the deadline of an escalation. */
function caseAfter({ decision, next }: DecideRequest, follows: Consequence, held: Case): Case {
  const { permit, outcome } = follows;
  const proposal = structuredClone(held.proposal);
  if (next !== undefined) proposal.round = next.round.round;
  if (outcome !== null) proposal.state = "closed";
  const review = follows.review === "decided" ? settled(held.review) : held.review;
  return {
    proposal,
    round: structuredClone(next?.round ?? held.round),
    review: next === undefined ? structuredClone(review) : null,
    decisions: structuredClone([...held.decisions, decision]),
    permit: permit && newPermit(decision.proposalId, permit, "decisions", decision.decidedAt),
    outcome: structuredClone(outcome),
  };
}

function settled(review: Review | null): Review | null {
  return review && { ...review, status: "decided", version: review.version + 1 };
}

function json(value: object | Json | undefined): string | null {
  return value === undefined || value === null ? null : JSON.stringify(value);
}
