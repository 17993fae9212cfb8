import { z } from "zod";
import type { Case } from "./case.js";
import { digest } from "./digest.js";
import { identifier } from "./identifier.js";

/**
 * What may follow once a case is closed, as a case of its own:
 *
 * | kind | asks | then |
 * | --- | --- | --- |
 * | `reconciliation` | whether an effect in doubt took place | it is known, or it is run `again` |
 * | `second-look` | whether what ran by itself was right | it is judged |
 * | `again` | whether what did not take place may be run again | it runs, by a permit of its own |
 * | `undo` | whether an effect is taken back | it is taken back |
 * | `incident` | what to make of what somebody reported | it is judged, or dealt with |
 */
export const FollowUpKind = z.enum(["reconciliation", "second-look", "again", "undo", "incident"]);
/** What may follow once a case is closed, as a case of its own. */
export type FollowUpKind = z.infer<typeof FollowUpKind>;

/** The kinds of which a case has at most one, so that their ids follow from its own. */
export const SINGLE_FOLLOW_UPS = ["reconciliation", "again", "second-look"] as const satisfies FollowUpKind[];

/** What a person may find of an effect in doubt. */
export const Happened = z.enum(["executed", "failed", "again"]);
/** What a person may find of an effect in doubt. */
export type Happened = z.infer<typeof Happened>;

/** The id of what follows on a case; `more` tells apart those of which there may be several. */
export function followUpId(kind: FollowUpKind, proposalId: string, ...more: string[]): string {
  return identifier("proposal", ["after", kind, proposalId, ...more]);
}

/** The id of a case's nth undo: there is another once the one before it has ended without taking anything back. */
export function undoId(proposalId: string, nth: number): string {
  return followUpId("undo", proposalId, ...(nth === 1 ? [] : [String(nth)]));
}

const PREFIX = "after/";

/** The thread that stands in a follow-up's place: no graph ever runs on it but one of Assent's own. */
export function followUpThread(id: string): string {
  return PREFIX + id;
}

/** Whether a thread's id is one of those that are kept for follow-ups. */
export function isFollowUpThread(threadId: string): boolean {
  return threadId.startsWith(PREFIX);
}

/** The proposal whose thread this is. */
export function followUpOn(threadId: string): string {
  return threadId.slice(PREFIX.length);
}

const Context = z.object({ after: z.object({ kind: FollowUpKind, proposal: z.string().nullable() }) });

/** What a follow-up is, and the case that it is about; null for every other case. */
export function afterWhat({ proposal, round }: Pick<Case, "proposal" | "round">): {
  kind: FollowUpKind;
  proposal: string | null;
} | null {
  if (!isFollowUpThread(proposal.threadId)) return null;
  return Context.safeParse(round.display.context).data?.after ?? null;
}

/** Whether a permit's execution is one of the share that somebody looks at again: the same answer whenever it is asked. */
export function isDrawn(permitId: string, share: number | undefined): boolean {
  if (share === undefined) return false;
  const hex = digest(["sample", permitId]).replace(/^sha256:/, "");
  return Number.parseInt(hex.slice(0, 12), 16) / 2 ** 48 < share;
}
