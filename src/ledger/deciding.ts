import type { Case } from "../model/case.js";
import type { Decision } from "../model/decision.js";
import { whyNotAllowed } from "../authority/allowed.js";
import type { Review } from "../model/review.js";
import type { DecideRequest, DecideResult, ExpireRequest } from "./ledger.js";

/**
 * Whether a decision counts, given what the ledger holds under lock. The rules are the same for every ledger:
 *
 * | what the ledger holds | answer |
 * | --- | --- |
 * | this very decision | repeated: what was recorded |
 * | the review decided, the proposal closed or in a later round | refused: `closed` |
 * | a deadline that has passed, after which it does not wait | refused: `late` |
 * | a routing that asks for other people than the decision's author | refused: `forbidden` |
 * | another version than the decision saw | refused: `changed` |
 * | another digest, round or arguments than the decision quotes | refused: `digest` |
 * | new arguments or an answer that it says nothing of, or an end without an outcome | refused: `digest` |
 * | several open reviews on the thread and an answer that names none | refused: `ambiguous` |
 * | none of these | counts |
 */
export function judgeDecision(
  request: DecideRequest,
  held: { review: Review; case: Case; openOnThread: number; isDue: boolean },
): { counts: true } | { counts: false; result: DecideResult } {
  const refuse = (why: (DecideResult & { ok: false })["why"]): { counts: false; result: DecideResult } => ({
    counts: false,
    result: { ok: false, why, case: held.case },
  });
  const { review } = held;
  if (held.case.decisions.some((made) => made.id === request.decision.id)) {
    return { counts: false, result: { ok: true, case: held.case, repeated: true } };
  }
  const { state, round } = held.case.proposal;
  if (review.status !== "open" || state !== "open" || review.round !== round) return refuse("closed");
  if (held.isDue && review.otherwise !== "hold") return refuse("late");
  const { requires } = held.case.round.routing ?? {};
  if (whyNotAllowed(requires, review.step, request.decision) !== null) return refuse("forbidden");
  if (request.version !== undefined && request.version !== review.version) return refuse("changed");
  if (request.digest !== review.digest || !isAbout(request.decision, held) || !leadsOn(request)) {
    return refuse("digest");
  }
  if (request.answered !== undefined && !request.answered.named && held.openOnThread > 1) return refuse("ambiguous");
  return { counts: true };
}

function isAbout({ proposalId, round, argsDigest }: Decision, held: { review: Review; case: Case }): boolean {
  const { review } = held;
  return proposalId === review.proposalId && round === review.round && argsDigest === held.case.round.argsDigest;
}

/** Whether something follows: a review that was closed with nothing behind it would leave its thread nowhere to go. */
function leadsOn({ decision: { verdict }, next, outcome }: DecideRequest): boolean {
  return verdict === "approve" || verdict === "revise" || next !== undefined || outcome !== null;
}

/** Whether a review's deadline has passed by `now`. */
export function isDue({ status, deadlineAt }: Review, now: string): boolean {
  return status === "open" && deadlineAt !== null && deadlineAt <= now;
}

/** The basis that a decision gives its round, or the next one: whether a permit follows. */
export function permittedRound(request: DecideRequest, current: Case): { round: number; argsDigest: string } | null {
  if (request.outcome !== null) return null;
  if (request.decision.verdict === "approve") return current.round;
  return request.next?.permitted === true ? request.next.round : null;
}

/** What a deadline leaves of its review, and what follows. */
export interface AfterDeadline extends Pick<Review, "status" | "otherwise" | "step"> {
  withinMs: number | null;
  end: "permit" | "outcome" | null;
}

/** What happens at a review's deadline: the table at {@link Review}. */
export function afterDeadline({ otherwise, step }: Review, next: ExpireRequest["next"]): AfterDeadline {
  const held = { status: "open", otherwise: "hold", withinMs: null, end: null } as const;
  switch (otherwise) {
    case "hold":
      return { ...held, step };
    case "escalate":
      return next === null ? { ...held, step } : { ...held, ...next, step: step + 1 };
    case "reject":
      return { status: "expired", otherwise, step, withinMs: null, end: "outcome" };
    case "execute":
      return { status: "expired", otherwise, step, withinMs: null, end: "permit" };
    default:
      return otherwise satisfies never;
  }
}

/** Whether the current round waits for another draft: a person asked for one, and the agent has not made it. */
export function awaitsDraft({ proposal, decisions }: Pick<Case, "proposal" | "decisions">, round: number): boolean {
  const last = decisions.at(-1);
  return proposal.state === "open" && proposal.round === round && last?.verdict === "revise" && last.round === round;
}
