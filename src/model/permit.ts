import { z } from "zod";

/**
 * The single-use right to run one action with exactly these arguments.
 *
 * | state | becomes | when |
 * | --- | --- | --- |
 * | `issued` | `claimed` | a worker's conditional update wins |
 * | `issued` | `void` | the policy no longer says what the permit rests on |
 * | `claimed` | `claimed` | its lease ran out and another worker takes an idempotent action over |
 * | `claimed` | `spent` | the owner records the outcome |
 */
export const Permit = z.strictObject({
  /** Also the idempotency key of the effect. */
  id: z.string(),
  proposalId: z.string(),
  round: z.int(),
  argsDigest: z.string(),
  basis: z.enum(["decisions", "policy"]),
  state: z.enum(["issued", "claimed", "spent", "void"]),
  /** Who holds the claim. */
  owner: z.string().nullable(),
  /** Until when the claim holds unless its owner extends it. */
  leaseUntil: z.string().nullable(),
  /** How often it was claimed. */
  claims: z.int(),
  issuedAt: z.string(),
});
/** The single-use right to run one action with exactly these arguments. */
export type Permit = z.infer<typeof Permit>;
