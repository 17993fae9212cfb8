import type { PrincipalRecord } from "../model/principal.js";
import type { Stage, StageKey } from "../model/stage.js";

/** How many of the last judged cases a stage is told with. */
export const RECENT_MAX = 100;

/** The stage of one agent and one action, and what a rule may go by. */
export interface StageRecord extends StageKey {
  /** Begins with `sg_`; the same agent, action and trust always have the same. */
  id: string;
  stage: Stage;
  /** The highest stage that people let it reach; 5 until somebody says otherwise. */
  ceiling: Stage;
  /** How many cases people have judged altogether: see {@link judgementOf}. */
  judged: number;
  /** How many of them since the stage last changed. */
  judgedSince: number;
  /** Whether the agent was right, for up to the last 100 judged cases, oldest first. */
  recent: readonly boolean[];
  /** The last change; null if there was none. `by` is null where the rule made it. */
  changed: { by: PrincipalRecord | null; reason: string; at: string } | null;
}

/** Where every agent begins with every action, before anybody has judged it. */
export const FIRST_STAGE = { stage: 1, ceiling: 5, judgedBefore: 0 } as const satisfies Held;

/** What a ledger keeps of a stage; the judged cases it counts. */
export interface Held {
  stage: Stage;
  ceiling: Stage;
  /** How many cases had been judged when the stage last changed. */
  judgedBefore: number;
}
