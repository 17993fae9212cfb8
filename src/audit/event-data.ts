import { z } from "zod";
import type { AuditEvent, AuditKind } from "../model/audit-event.js";
import { Verdict } from "../model/decision.js";
import { Halt, HaltScope } from "../model/halt.js";
import { PrincipalRecord } from "../model/principal.js";
import { Fallback } from "../model/requirement.js";
import { Reviewer } from "../model/reviewer.js";
import { Route } from "../model/routing.js";
import { Stage, StageKey } from "../model/stage.js";

const closing = { case: z.string(), caseDigest: z.string() };

/** What the check reads from the data of each kind of event; what a later version adds is let through. */
const EVENT_DATA = {
  proposed: z.object({ argsDigest: z.string() }),
  routed: z.object({ round: z.int(), route: Route }),
  asked: z.object({ review: z.string(), round: z.int(), kind: z.string().optional() }),
  decided: z.object({
    decision: z.string(),
    review: z.string(),
    round: z.int(),
    verdict: Verdict,
    argsDigest: z.string(),
    newArgsDigest: z.string().nullable(),
    statementDigest: z.string(),
  }),
  expired: z.object({ review: z.string(), round: z.int(), otherwise: Fallback }),
  withdrawn: z.object({ review: z.string(), round: z.int() }),
  redrafted: z.object({ round: z.int(), argsDigest: z.string() }),
  refused: z.object({ voids: z.string().optional() }),
  permitted: z.object({
    permit: z.string(),
    round: z.int(),
    basis: z.enum(["decisions", "policy"]),
    argsDigest: z.string(),
  }),
  claimed: z.object({ permit: z.string() }),
  executed: z.object({ status: z.literal("executed"), ...closing }),
  failed: z.object({ status: z.enum(["failed", "in-doubt"]), ...closing }),
  closed: z.object({ status: z.enum(["rejected", "expired", "suggested", "blocked", "undone"]), ...closing }),
  halted: z.object({ ...HaltScope.shape, kind: Halt.shape.kind, by: Halt.shape.by, reason: z.string() }),
  lifted: z.object({ ...HaltScope.shape }),
  staged: z.object({
    ...StageKey.shape,
    from: Stage,
    to: Stage,
    ceilingBefore: Stage,
    ceiling: Stage,
    judged: z.int(),
    recent: z.int(),
    right: z.int(),
    by: PrincipalRecord.nullable(),
    judgement: z.string().nullable(),
  }),
  registered: z.object({ reviewer: Reviewer }),
  handled: z.object({ review: z.string(), what: z.string() }),
} as const satisfies Record<AuditKind, z.ZodObject>;

/** An event with its data as the check reads them. */
export type KnownEvent = {
  [Kind in AuditKind]: { kind: Kind; data: z.infer<(typeof EVENT_DATA)[Kind]> };
}[AuditKind];

/** An event about a proposal. */
export type CaseEvent = Exclude<KnownEvent, { kind: "halted" | "lifted" | "staged" | "registered" }>;

/** Reads an event's data; null if they are not what its kind has. */
export function readEventData({ kind, data }: AuditEvent): KnownEvent | null {
  const parsed = EVENT_DATA[kind].safeParse(data);
  return parsed.success ? ({ kind, data: parsed.data } as KnownEvent) : null;
}
