import { z } from "zod";
import { identifier } from "./identifier.js";
import { Trust } from "./trust.js";

/** How much autonomy one agent has earned with one action, from 1 (it only suggests) to 5. */
export const Stage = z.literal([1, 2, 3, 4, 5]);
/** How much autonomy one agent has earned with one action, from 1 (it only suggests) to 5. */
export type Stage = z.infer<typeof Stage>;

/** Whose stage it is. What was earned in open trust, where nobody knows who decided, counts in open trust only. */
export const StageKey = z.strictObject({ agent: z.string(), action: z.string(), trust: Trust });
/** Whose stage it is. */
export type StageKey = z.infer<typeof StageKey>;

/** The id under which the audit log has a stage. */
export function stageId({ trust, agent, action }: StageKey): string {
  return identifier("stage", [trust, agent, action]);
}
