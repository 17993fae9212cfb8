import { z } from "zod";
import type { Verdict } from "./decision.js";
import { Fallback, type Requirement } from "./requirement.js";
import { Trust } from "./trust.js";

/** What a review asks of a person. */
export const ReviewKind = z.enum([
  "approval",
  "clarification",
  "refinement",
  "question",
  "objection",
  "reconciliation",
  "second-look",
  "appeal",
]);
/** What a review asks of a person. */
export type ReviewKind = z.infer<typeof ReviewKind>;

/** What a reviewer may say, by the kind of the review, whoever is asked. */
const VERDICTS_OF: Readonly<Record<ReviewKind, readonly Verdict[]>> = {
  approval: ["approve", "modify", "reject"],
  clarification: ["answer", "reject"],
  refinement: ["approve", "modify", "revise", "reject"],
  question: ["answer", "reject"],
  // Either somebody objects, or somebody lets it go at once.
  objection: ["reject", "approve"],
  // What was found out: whether it happened.
  reconciliation: ["answer"],
  // It was right, or it was wrong.
  "second-look": ["approve", "reject"],
  // Either it was wrong, or it stands.
  appeal: ["approve", "reject"],
};

/**
 * What a reviewer may say, by the kind of the review: where several have to agree, also that they abstain; where there
 * are others to ask after them, that those are to decide; and behind the last draft, not that there shall be another.
 */
export function verdictsFor(
  kind: ReviewKind,
  requires: Requirement | undefined,
  { step, round }: Pick<Review, "step" | "round">,
): Verdict[] {
  const isLastDraft = round >= (requires?.draftsMax ?? Infinity);
  const verdicts = VERDICTS_OF[kind].filter((verdict) => verdict !== "revise" || !isLastDraft);
  const isVote = verdicts.includes("approve") && requires?.panels.some(({ quorum }) => quorum !== "any") === true;
  const canEscalate = requires?.escalateTo[step] !== undefined;
  return [...verdicts, ...(isVote ? (["abstain"] as const) : []), ...(canEscalate ? (["escalate"] as const) : [])];
}

/** Where the paused graph waits. */
export const Address = z.strictObject({
  threadId: z.string(),
  checkpointNs: z.string(),
  checkpointId: z.string(),
  interruptId: z.string(),
});
/** Where the paused graph waits. */
export type Address = z.infer<typeof Address>;

/**
 * One request for human judgement, one per proposal and round. Open until one decision settles it, or its deadline
 * passes; being asked again keeps the review and changes only its address and `asks`.
 *
 * | at the deadline, `otherwise` is | then |
 * | --- | --- |
 * | `hold` | it stays open, without a deadline |
 * | `escalate` | it stays open; the next step's people decide, by the next step's deadline |
 * | `reject` | it is `expired`, and the case ends as `expired` |
 * | `execute` | it is `expired`, and a permit of basis `policy` is issued |
 */
export const Review = z.strictObject({
  id: z.string(),
  proposalId: z.string(),
  round: z.int().min(1),
  kind: ReviewKind,
  /**
   * `expired`: nobody decided in time, and the fallback took its place. `withdrawn`: its thread does not wait for it any
   * more; nobody decides it, and once the thread asks again it is open, with its whole time.
   */
  status: z.enum(["open", "decided", "expired", "withdrawn"]),
  /** Grows with every decision; a decision may name the version it saw. */
  version: z.int().min(1),
  /** What a decision must quote: binds the arguments and what was displayed. */
  digest: z.string(),
  gate: z.string(),
  trust: Trust,
  address: Address,
  /** How often the thread has asked. */
  asks: z.int().min(1),
  askedAt: z.string(),
  /** Until when somebody has to decide, by the ledger's clock; null for as long as it takes. */
  deadlineAt: z.string().nullable(),
  /** What happens then. */
  otherwise: Fallback,
  /** How often it was escalated: 0 for the people whom the policy names first. */
  step: z.int().min(0),
});
/** One request for human judgement. */
export type Review = z.infer<typeof Review>;
