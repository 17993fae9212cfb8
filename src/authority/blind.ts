import type { Case } from "../model/case.js";
import type { Decision } from "../model/decision.js";

/**
 * A case as its reviewers see it: while it is not settled what becomes of its current round, without what anybody has said
 * on it, be it that they made it by changing the one before. So it is too while its review is withdrawn: it may be asked
 * again, and the votes on it count then.
 */
export function blind(held: Case): Case {
  return { ...held, decisions: held.decisions.filter((decision) => !isWithheld(held, decision)) };
}

/** Whether a decision is on the current round, and people may still vote on that, now or once it is asked again. */
export function isWithheld(
  { round, review, permit, outcome }: Pick<Case, "round" | "review" | "permit" | "outcome">,
  said: Pick<Decision, "round" | "newArgsDigest">,
): boolean {
  const isUnsettled = outcome === null && permit === null && (review === null || review.status === "open");
  const isMaker = said.round === round.round - 1 && said.newArgsDigest === round.argsDigest;
  return isUnsettled && (said.round === round.round || isMaker);
}
