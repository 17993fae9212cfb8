import { z } from "zod";

const common = {
  proposalId: z.string(),
  action: z.string(),
  /** The case record's id; `assent audit show` takes it. */
  auditId: z.string(),
  /** When the case was closed. */
  at: z.string(),
  /** Name of the person who decided, null where nobody did: nobody was asked, or time ran out. */
  decidedBy: z.string().nullable(),
  /** True for ever if anybody's word was taken without authentication (open trust). */
  unverified: z.boolean(),
  /** True where this run only reports what an earlier one did. */
  replayed: z.boolean(),
};

/** How a proposal ended; a union told apart by `status`. Every end but `executed` carries a `reason`. */
export const Outcome = z.discriminatedUnion("status", [
  z.strictObject({
    ...common,
    status: z.literal("executed"),
    /** What `run` returned; null for nothing, `{ unrepresentable: true }` for what JSON cannot hold. */
    result: z.json(),
    /** The policy asks that somebody looks at it afterwards. */
    flagged: z.boolean(),
  }),
  z.strictObject({ ...common, status: z.literal("rejected"), reason: z.string(), reasonCode: z.string().nullable() }),
  z.strictObject({ ...common, status: z.literal("expired"), reason: z.string() }),
  z.strictObject({ ...common, status: z.literal("suggested"), reason: z.string() }),
  z.strictObject({ ...common, status: z.literal("blocked"), reason: z.string() }),
  z.strictObject({ ...common, status: z.literal("failed"), reason: z.string() }),
  z.strictObject({ ...common, status: z.literal("in-doubt"), reason: z.string() }),
  z.strictObject({ ...common, status: z.literal("undone"), reason: z.string() }),
]);
/** How a proposal ended. */
export type Outcome = z.infer<typeof Outcome>;

/** Every way in which a proposal can end. */
export type OutcomeStatus = Outcome["status"];
