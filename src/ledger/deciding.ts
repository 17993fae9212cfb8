import type { Case } from "../model/case.js";
import type { Decision } from "../model/decision.js";
import type { Review } from "../model/review.js";
import type { DecideRequest, DecideResult } from "./ledger.js";

/**
 * Whether a decision counts, given what the ledger holds under lock. The rules are the same for every ledger:
 *
 * | what the ledger holds | answer |
 * | --- | --- |
 * | this very decision | repeated: what was recorded |
 * | the review decided, the proposal closed or in a later round | refused: `closed` |
 * | another version than the decision saw | refused: `changed` |
 * | another digest, round or arguments than the decision quotes | refused: `digest` |
 * | several open reviews on the thread and an answer that names none | refused: `ambiguous` |
 * | none of these | counts |
 */
export function judgeDecision(
  request: DecideRequest,
  held: { review: Review; case: Case; openOnThread: number },
): { counts: true } | { counts: false; result: DecideResult } {
  const refuse = (why: "closed" | "changed" | "digest" | "ambiguous"): { counts: false; result: DecideResult } => ({
    counts: false,
    result: { ok: false, why, case: held.case },
  });
  const { review } = held;
  if (held.case.decisions.some((made) => made.id === request.decision.id)) {
    return { counts: false, result: { ok: true, case: held.case, repeated: true } };
  }
  const { state, round } = held.case.proposal;
  if (review.status !== "open" || state !== "open" || review.round !== round) return refuse("closed");
  if (request.version !== undefined && request.version !== review.version) return refuse("changed");
  if (request.digest !== review.digest || !isAbout(request.decision, held)) return refuse("digest");
  if (request.answered !== undefined && !request.answered.named && held.openOnThread > 1) return refuse("ambiguous");
  return { counts: true };
}

function isAbout({ proposalId, round, argsDigest }: Decision, held: { review: Review; case: Case }): boolean {
  const { review } = held;
  return proposalId === review.proposalId && round === review.round && argsDigest === held.case.round.argsDigest;
}

/** The basis that a decision gives its round, or the next one: whether a permit follows. */
export function permittedRound(request: DecideRequest, current: Case): { round: number; argsDigest: string } | null {
  if (request.outcome !== null) return null;
  if (request.decision.verdict === "approve") return current.round;
  if (request.decision.verdict === "modify" && request.next?.permitted === true) return request.next.round;
  return null;
}
