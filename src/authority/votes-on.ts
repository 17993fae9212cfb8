import type { Case } from "../model/case.js";
import { readable } from "../model/decision.js";
import type { Vote } from "./votes.js";

/**
 * What has been said on a case's current round that counts as a vote: the votes on the round itself, in the order in which
 * they were cast, and after them whoever made the round by a modification, which is their approval of it unless they have
 * said something else since. An answer is one only to a question, which it settles: who says what was meant has not said
 * that it may run.
 */
export function votesOn(held: Pick<Case, "round" | "decisions">, { isQuestion = false } = {}): Vote[] {
  const { round: current } = held;
  const makers = readable(held.decisions).filter(
    ({ verdict, round, newArgsDigest }) =>
      (verdict === "modify" || (verdict === "answer" && isQuestion)) &&
      round === current.round - 1 &&
      newArgsDigest === current.argsDigest,
  );
  return [...castOn(held), ...makers.map(({ by }): Vote => ({ by, verdict: "approve" }))];
}

/** The votes that were cast on a case's current round, in their order. */
function castOn({ round: current, decisions }: Pick<Case, "round" | "decisions">): Vote[] {
  return readable(decisions).flatMap(({ by, verdict, round }): Vote[] => {
    if (round !== current.round) return [];
    return verdict === "approve" || verdict === "reject" || verdict === "abstain" ? [{ by, verdict }] : [];
  });
}
