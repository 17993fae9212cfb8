import { ruledChange, type StageChange } from "../../autonomy/stage-change.js";
import type { StageRecord } from "../../autonomy/stage-record.js";
import type { Case } from "../../model/case.js";
import { AssentError } from "../../model/error.js";
import { stageId, type StageKey } from "../../model/stage.js";
import type { DecideRequest } from "../ledger.js";
import { isPlainText } from "../plain-text.js";
import {
  judgementBy,
  requestedChange,
  stagedEntry,
  stageKeyOf,
  type SetCeilingRequest,
  type SetStageRequest,
} from "../staging.js";
import { changeStageSql, lockStageSql, stageSql } from "./queries/stages.js";
import { inTransaction, type Connection, type Run } from "./transaction.js";
import { append } from "./writes.js";

/** Reads a stage. */
export async function readStage(run: Run, schema: string, of: StageKey): Promise<StageRecord> {
  const { agent, action, trust } = of;
  const known = isPlainText(agent) && isPlainText(action) ? [agent, action] : ["", ""];
  const [row] = await run<{ doc: StageRecord }>(stageSql(schema), [stageId(of), ...known, trust]);
  if (row === undefined) throw new AssentError("ledger_conflict", { what: "The stage cannot be read", seen: of });
  return { ...row.doc, agent, action };
}

/** Changes a stage as a person wishes; with its row in the log, or not at all. */
export async function setStage(
  connection: Connection,
  schema: string,
  request: SetStageRequest | SetCeilingRequest,
): Promise<StageRecord> {
  const { agent, action, trust } = request.of;
  return inTransaction(connection, async (run) => {
    await run(lockStageSql(schema), [agent, action, trust]);
    const change = requestedChange(await readStage(run, schema, request.of), request);
    if (change !== null) await keepChange(run, schema, change);
    return readStage(run, schema, request.of);
  });
}

/**
 * Lets a decision that judges its case move the stage, in the decision's transaction. The trigger that counted it has
 * locked the stage, so of several decisions at once each finds what the others made of it.
 */
export async function moveStage(run: Run, schema: string, request: DecideRequest, held: Case): Promise<void> {
  const { stageRule, decision } = request;
  if (stageRule === undefined || judgementBy(request, held) === null) return;
  const record = await readStage(run, schema, stageKeyOf(held));
  const change = ruledChange(record, stageRule, { proposalId: decision.proposalId, at: decision.decidedAt });
  if (change !== null) await keepChange(run, schema, change);
}

async function keepChange(run: Run, schema: string, change: StageChange): Promise<void> {
  const { of, from, to, by, reason, at } = change;
  const changed = await run(changeStageSql(schema), [
    stageId(of),
    of.agent,
    of.action,
    of.trust,
    to.stage,
    to.ceiling,
    to.judgedBefore,
    by === null ? null : JSON.stringify(by),
    reason,
    at,
    from.stage,
    from.ceiling,
  ]);
  if (changed.length === 0) {
    throw new AssentError("ledger_conflict", {
      what: "The stage was changed at the same moment",
      fix: "Repeat the call",
    });
  }
  await append(run, schema, [stagedEntry(change)]);
}
