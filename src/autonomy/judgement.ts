import type { Decision, Verdict } from "../model/decision.js";
import type { Trust } from "../model/trust.js";

const RIGHT: Partial<Record<Verdict, boolean>> = { approve: true, modify: false, reject: false, revise: false };

/** Whose decisions judge, and what they said. */
type Said = Pick<Decision, "verdict"> & { by: Pick<Decision["by"], "kind" | "level"> };

/**
 * Whether an agent was right with one proposal: true if the first person who judged it approved it as it was, false if
 * they changed it, rejected it or asked for another draft, null while nobody has. To answer a question is not to judge.
 * About a proposal made in verified trust, only those judge who are known.
 *
 * The trigger `judge` of the Postgres ledger says the same in SQL.
 */
export function judgementOf(trust: Trust, decisions: readonly Said[]): boolean | null {
  for (const { verdict, by } of decisions) {
    const right = RIGHT[verdict];
    if (right !== undefined && by.kind === "person" && (trust === "open" || by.level !== "unverified")) return right;
  }
  return null;
}

/** What one more decision says about the agent; null if it judges nothing, or the proposal was judged before. */
export function newJudgement(trust: Trust, before: readonly Said[], decision: Said): boolean | null {
  return judgementOf(trust, before) === null ? judgementOf(trust, [decision]) : null;
}
