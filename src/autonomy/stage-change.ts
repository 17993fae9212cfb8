import { AssentError } from "../model/error.js";
import type { PrincipalRecord } from "../model/principal.js";
import { stageId, type Stage, type StageKey } from "../model/stage.js";
import type { Held, StageRecord } from "./stage-record.js";
import { nextStage, type StageRule } from "./stage-rule.js";

/** A change of a stage or of its ceiling, with everything that stays of it. */
export interface StageChange {
  of: StageKey;
  from: Held;
  to: Held;
  /** The cases that had been judged by then: how many, and how the last ones came out. */
  judged: number;
  recent: readonly boolean[];
  /** Who changed it; null for the rule. */
  by: PrincipalRecord | null;
  reason: string;
  /** The proposal whose judgement moved it; null where a person changed it. */
  proposalId: string | null;
  at: string;
}

/** What a person wants of a stage; what is left out stays. */
interface StageWish {
  stage?: Stage;
  ceiling?: Stage;
  by: PrincipalRecord;
  reason: string;
  at: string;
}

/**
 * What a person's wish changes; null if it is so already. A ceiling below the stage takes the stage down with it.
 *
 * @throws AssentError `stage_invalid` for a stage above the ceiling.
 */
export function wishedChange(record: StageRecord, { stage, ceiling, by, reason, at }: StageWish): StageChange | null {
  const highest = ceiling ?? record.ceiling;
  const wanted = stage ?? (Math.min(record.stage, highest) as Stage);
  if (wanted > highest) {
    throw new AssentError("stage_invalid", {
      what: `People let it go up to stage ${highest}`,
      where: `agent ${record.agent}, action ${record.action}`,
      seen: wanted,
      fix: "Raise the ceiling first, if that is meant",
    });
  }
  if (wanted === record.stage && highest === record.ceiling) return null;
  return changeTo(record, { stage: wanted, ceiling: highest }, { by, reason, proposalId: null, at });
}

/** What a rule changes after a judgement; null if nothing. */
export function ruledChange(
  record: StageRecord,
  rule: StageRule,
  { proposalId, at }: { proposalId: string; at: string },
): StageChange | null {
  const move = nextStage(record, rule);
  if (move === null) return null;
  const { ceiling } = record;
  return changeTo(record, { stage: move.to, ceiling }, { by: null, reason: move.because, proposalId, at });
}

function changeTo(
  { agent, action, trust, stage, ceiling, judged, judgedSince, recent }: StageRecord,
  to: Pick<Held, "stage" | "ceiling">,
  why: Pick<StageChange, "by" | "reason" | "proposalId" | "at">,
): StageChange {
  const judgedBefore = judged - judgedSince;
  return {
    of: { agent, action, trust },
    from: { stage, ceiling, judgedBefore },
    to: { ...to, judgedBefore: to.stage === stage ? judgedBefore : judged },
    judged,
    recent,
    ...why,
  };
}

/** What the audit log says of a change, beside what every row of it says. */
export function changeInLog({ of, from, to, judged, recent, by, reason, proposalId }: StageChange) {
  return {
    subject: stageId(of),
    data: {
      ...of,
      from: from.stage,
      to: to.stage,
      ceilingBefore: from.ceiling,
      ceiling: to.ceiling,
      judged,
      recent: recent.length,
      right: recent.filter(Boolean).length,
      by: by === null ? null : { ...by },
      reason,
      judgement: proposalId,
    },
  };
}
