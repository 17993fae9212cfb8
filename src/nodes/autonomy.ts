import { requirePrincipal, type Principal } from "../authority/authenticator.js";
import type { StageRecord } from "../autonomy/stage-record.js";
import { AssentError } from "../model/error.js";
import { Stage, type StageKey } from "../model/stage.js";
import type { Assent } from "./assent.js";

/** Who changes a stage, and why. */
export interface StageReason {
  /** A person of an accepted authenticator. */
  by: Principal;
  /** For whoever reads the log. */
  reason: string;
}

/**
 * How much autonomy agents have with actions; `assent.autonomy`. Only `progressiveAutonomy` goes by it.
 *
 * What was earned in open trust counts in open trust only: all of this is about stages in this Assent's own trust.
 */
export interface Autonomy {
  /** The stage of an agent with an action, what it rests on, and who changed it last; stage 1 where nothing is known. */
  stage(agent: string, action: string): Promise<StageRecord>;
  /**
   * Sets a stage, up or down by any number of steps; evidence begins anew.
   *
   * @throws AssentError `stage_invalid` above the ceiling, or without a reason; `principal_unverified`, `not_allowed`
   *   for what is no person.
   */
  setStage(agent: string, action: string, stage: Stage, why: StageReason): Promise<StageRecord>;
  /**
   * Says how far the rule may let an agent go; a higher stage comes down to there at once.
   *
   * @throws AssentError `stage_invalid`, `principal_unverified`, `not_allowed` for what is no person.
   */
  setCeiling(agent: string, action: string, ceiling: Stage, why: StageReason): Promise<StageRecord>;
}

/** The stages of one Assent. */
export function autonomyOf(assent: Assent): Autonomy {
  const { ledger, clock, trust } = assent;
  const keyOf = (agent: string, action: string): StageKey => ({ agent, action, trust });
  const said = (agent: string, action: string, why: StageReason) => ({
    of: keyOf(agent, action),
    by: personOf(assent, why.by),
    reason: reasonOf(why),
    at: clock.now().toISOString(),
  });
  return {
    stage: (agent, action) => ledger.stage(keyOf(agent, action)),
    async setStage(agent, action, stage, why) {
      return ledger.setStage({ ...said(agent, action, why), stage: known("stage", stage) });
    },
    async setCeiling(agent, action, ceiling, why) {
      return ledger.setCeiling({ ...said(agent, action, why), ceiling: known("ceiling", ceiling) });
    },
  };
}

function personOf({ authenticators }: Assent, value: unknown): Principal {
  const by = requirePrincipal(value, authenticators);
  if (by.kind === "person") return { ...by, roles: [...by.roles] };
  throw new AssentError("not_allowed", { what: "Only people set stages and ceilings", where: "by", seen: by.kind });
}

function reasonOf({ reason }: StageReason): string {
  if (typeof reason === "string" && reason.trim() !== "") return reason;
  throw new AssentError("stage_invalid", { what: "Say why the stage changes", where: "reason", seen: reason });
}

function known(where: string, value: unknown): Stage {
  const parsed = Stage.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new AssentError("stage_invalid", { what: "A stage is a whole number from 1 to 5", where, seen: value });
}
