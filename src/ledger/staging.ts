import { newJudgement } from "../autonomy/judgement.js";
import { changeInLog, wishedChange, type StageChange } from "../autonomy/stage-change.js";
import type { StageRecord } from "../autonomy/stage-record.js";
import { auditEntry } from "../model/audit-event.js";
import type { Case } from "../model/case.js";
import type { PrincipalRecord } from "../model/principal.js";
import type { Stage, StageKey } from "../model/stage.js";
import type { JournalEntry } from "./journal.js";
import type { DecideRequest } from "./ledger.js";
import { requirePlainText } from "./plain-text.js";

/** What a person says about a stage. */
export interface PeoplesWord {
  of: StageKey;
  by: PrincipalRecord;
  reason: string;
  at: string;
}

/** A stage that a person sets. */
export interface SetStageRequest extends PeoplesWord {
  stage: Stage;
}

/** How far a person lets a stage go. */
export interface SetCeilingRequest extends PeoplesWord {
  ceiling: Stage;
}

/** What a person's word changes; null if it is so already. */
export function requestedChange(
  record: StageRecord,
  { of: _of, ...wish }: SetStageRequest | SetCeilingRequest,
): StageChange | null {
  return wishedChange(record, wish);
}

/** A stage or its ceiling changed. */
export function stagedEntry(change: StageChange): JournalEntry {
  const { subject, data } = changeInLog(change);
  const text = auditEntry({ kind: "staged", at: change.at, proposal: subject, data });
  return { kind: "staged", proposalId: subject, text };
}

/** What a decision says about the agent, if it is the first to judge the proposal; null otherwise. */
export function judgementBy({ decision }: DecideRequest, { proposal, decisions }: Case): boolean | null {
  return newJudgement(proposal.trust, decisions, decision);
}

/** Whose stage a case counts for. */
export function stageKeyOf({ proposal: { agent, action, trust } }: Pick<Case, "proposal">): StageKey {
  return { agent, action, trust };
}

/** The texts of a change. */
export function requireStageText({ of: { agent, action }, reason, by }: PeoplesWord): void {
  requirePlainText({ agent, action, reason, id: by.id, name: by.name });
}
