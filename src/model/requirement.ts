import { z } from "zod";

/** Whom a policy means: everybody with a role, everybody in a group, or one person by id. */
export const Selector = z.union([
  z.strictObject({ role: z.string() }),
  z.strictObject({ group: z.string() }),
  z.strictObject({ person: z.string() }),
]);
/** Whom a policy means. */
export type Selector = z.infer<typeof Selector>;

/** How many have to agree: a word, or `2-of-3`. */
export const Quorum = z.union([
  z.enum(["any", "majority", "unanimous", "two-person"]),
  z.string().regex(/^[1-9]\d?-of-[1-9]\d?$/) as z.ZodType<`${number}-of-${number}`>,
]);
/** How many have to agree. */
export type Quorum = z.infer<typeof Quorum>;

/** What happens when nobody has decided in time, from laxest to strictest. */
export const FALLBACKS = ["execute", "escalate", "reject", "hold"] as const;
/** What happens when nobody has decided in time. */
export const Fallback = z.enum(FALLBACKS);
/** What happens when nobody has decided in time. */
export type Fallback = z.infer<typeof Fallback>;

/** What settles a vote that has gone both ways. */
export const TieBreak = z.enum(["senior", "majority", "reject"]);
/** What settles a vote that has gone both ways. */
export type TieBreak = z.infer<typeof TieBreak>;

/** Those of whom a quorum has to agree. */
export const Panel = z.strictObject({
  /** The rule that asks for them; null for the default. */
  rule: z.string().nullable(),
  /** Whoever matches one of these; whoever may decide at all if empty. */
  by: z.array(Selector),
  quorum: Quorum,
  tieBreak: TieBreak,
});
/** Those of whom a quorum has to agree. */
export type Panel = z.infer<typeof Panel>;

/** One step of an escalation. */
export const EscalationStep = z.strictObject({
  by: z.array(Selector),
  withinMs: z.int().positive().nullable(),
  otherwise: Fallback,
});
/** One step of an escalation. */
export type EscalationStep = z.infer<typeof EscalationStep>;

/**
 * What a review needs before anything may run: what all the rules ask for that matched with the strictest route, merged.
 * Every panel has to agree; the earliest deadline and the strictest fallback count; reason codes are those that every
 * rule allows; what any rule wants shown is shown; whom any excludes is excluded.
 */
export const Requirement = z.strictObject({
  panels: z.array(Panel),
  /** How long there is to decide; null for as long as it takes. */
  withinMs: z.int().positive().nullable(),
  otherwise: Fallback,
  escalateTo: z.array(EscalationStep),
  /** For route `veto`: how long an objection may come; null for every other route. */
  windowMs: z.int().positive().nullable(),
  /** By what a person has to prove themselves anew, such as `passkey`. */
  stepUp: z.string().nullable(),
  /** The codes of which a decision has to give one; null if none is needed. */
  reasonCodes: z.array(z.string()).nullable(),
  /** JSON Schema of the answer that a clarification asks for. */
  answer: z.record(z.string(), z.json()).nullable(),
  /** Members of the proposal's context without which nobody may be asked. */
  show: z.array(z.string()),
  /** Ids of people who may not let it run and may not refuse it, whoever asks for them; nobody if absent. */
  excludes: z.array(z.string()).optional(),
  /** The number of the last draft, behind which nobody asks for another; as many as are asked for if absent. */
  draftsMax: z.int().positive().optional(),
});
/** What a review needs before anything may run. */
export type Requirement = z.infer<typeof Requirement>;

/** What a review needs where no policy says anything: one person, as long as it takes. */
export const ONE_PERSON: Requirement = {
  panels: [{ rule: null, by: [], quorum: "any", tieBreak: "reject" }],
  withinMs: null,
  otherwise: "hold",
  escalateTo: [],
  windowMs: null,
  stepUp: null,
  reasonCodes: null,
  answer: null,
  show: [],
};
