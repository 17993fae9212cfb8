import { z } from "zod";
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
 * One request for human judgement, one per proposal and round. Open until one decision settles it; being asked again
 * keeps the review and changes only its address and `asks`.
 */
export const Review = z.strictObject({
  id: z.string(),
  proposalId: z.string(),
  round: z.int().min(1),
  kind: ReviewKind,
  status: z.enum(["open", "decided"]),
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
});
/** One request for human judgement. */
export type Review = z.infer<typeof Review>;
