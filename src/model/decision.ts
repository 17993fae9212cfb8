import { z } from "zod";
import { PrincipalRecord } from "./principal.js";
import { Selector } from "./requirement.js";

/**
 * What one principal may say. `approve`, `reject` and `abstain` are votes: where several people are asked, they settle a
 * review together. All others settle it alone; `escalate` hands it to the people of the next step.
 */
export const Verdict = z.enum(["approve", "modify", "reject", "answer", "revise", "escalate", "abstain"]);
/** What one principal may say. */
export type Verdict = z.infer<typeof Verdict>;

/** A verdict that an approval review takes. */
export type ApprovalVerdict = "approve" | "modify" | "reject";
/** The verdicts that an approval review takes. */
export const APPROVAL_VERDICTS: readonly ApprovalVerdict[] = ["approve", "modify", "reject"];

/**
 * What exactly was decided, bound to what was shown. Its canonical JSON is kept with the decision, byte for byte: the
 * text that a signature covers.
 */
export const DecisionStatement = z.strictObject({
  type: z.literal("assent.decision"),
  v: z.literal(1),
  /** The thread that the proposal is bound to. */
  thread: z.string(),
  proposal: z.string(),
  review: z.string(),
  round: z.int(),
  action: z.string(),
  verdict: Verdict,
  /** Digest of the arguments that were shown. */
  argsDigest: z.string(),
  /** Digest of everything that was shown. */
  displayDigest: z.string(),
  /** Digest of the reviewer's own arguments, for `modify`. */
  newArgsDigest: z.string().nullable(),
  by: PrincipalRecord,
  reasonCode: z.string().nullable(),
  note: z.string().nullable(),
  /** How many seats there were when it was said, for panels whose quorum depends on that; left out for none. */
  seats: z.array(z.strictObject({ by: z.array(Selector), of: z.int().min(0) })).optional(),
  decidedAt: z.string(),
});
/** What exactly was decided, bound to what was shown. */
export type DecisionStatement = z.infer<typeof DecisionStatement>;

/** One signature over a decision's statement, as DSSE writes it. */
export const Signature = z.strictObject({
  /** Which key it claims to be of; a hint, never believed. */
  keyid: z.string(),
  /** The signature's bytes in base64. */
  sig: z.string(),
});
/** One signature over a decision's statement, as DSSE writes it. */
export type Signature = z.infer<typeof Signature>;

/** A decision, as the ledger keeps it. */
export const Decision = z.strictObject({
  id: z.string(),
  reviewId: z.string(),
  proposalId: z.string(),
  round: z.int(),
  verdict: Verdict,
  by: PrincipalRecord,
  reasonCode: z.string().nullable(),
  note: z.string().nullable(),
  argsDigest: z.string(),
  newArgsDigest: z.string().nullable(),
  /** The canonical text of the {@link DecisionStatement}. */
  statement: z.string(),
  /** Signatures over the statement; none in open trust. */
  signatures: z.array(Signature),
  decidedAt: z.string(),
});
/** A decision, as the ledger keeps it. */
export type Decision = z.infer<typeof Decision>;

/** Those that can be read. A database may hold rows that no ledger wrote, and nothing is to stumble on them for ever. */
export function readable(decisions: readonly Decision[]): Decision[] {
  return decisions.filter((decision) => Decision.safeParse(decision).success);
}
