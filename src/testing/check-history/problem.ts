/**
 * A promise that was not kept:
 *
 * - `lost-decision`: it was acknowledged, and the ledger does not know it
 * - `double-effect`: one permit, or one proposal, had two effects
 * - `effect-without-decision`: no claimed permit is behind it, or nothing that permits anything is behind the permit
 * - `lost-effect`: the ledger says `executed`, and nothing happened
 * - `stuck-thread`: a case is not closed and does not wait for a person, or its thread does not
 * - `broken-log`: `checkAudit` found the log out of order, or the ledger's tables at odds with it
 */
export type HistoryProblemKind =
  | "lost-decision"
  | "double-effect"
  | "effect-without-decision"
  | "lost-effect"
  | "stuck-thread"
  | "broken-log";

/** One thing that is wrong with a history. */
export interface HistoryProblem {
  kind: HistoryProblemKind;
  /** The proposal it is about; null where an effect belongs to none. */
  proposalId: string | null;
  /** What is wrong, in one sentence. */
  what: string;
}
