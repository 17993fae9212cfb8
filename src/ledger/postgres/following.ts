import { identifier } from "../../model/identifier.js";
import { reviewDigest } from "../../model/proposal.js";
import { askOf, type NewFollowUp } from "../following.js";
import { followUpEntries } from "../journal.js";
import { openReviewSql } from "./queries/follow-up.js";
import { recordSql, recordValues } from "./queries/propose.js";
import { routeSql } from "./queries/route.js";
import type { Run } from "./transaction.js";
import { append, closeCase } from "./writes.js";

/**
 * Opens cases that follow on another, in the surrounding transaction: if we die in here none of them is there. Gives
 * those whose ids were not taken; what the log says of them comes last, so that the order of locks stays one.
 */
export async function openFollowUps(
  run: Run,
  schema: string,
  followUps: readonly NewFollowUp[],
  now: string | null,
): Promise<NewFollowUp[]> {
  const opened: NewFollowUp[] = [];
  for (const followUp of followUps) if (await open(run, schema, followUp, now)) opened.push(followUp);
  return opened;
}

/** Appends what the log says of them. */
export async function appendFollowUps(run: Run, schema: string, opened: readonly NewFollowUp[]): Promise<void> {
  for (const followUp of opened) await append(run, schema, followUpEntries(followUp));
}

async function open(run: Run, schema: string, followUp: NewFollowUp, now: string | null): Promise<boolean> {
  const { proposal, round, outcome } = followUp;
  const recorded = await run(recordSql(schema), recordValues(followUp));
  if (recorded.length === 0) return false;
  if (round.routing !== null) {
    await run(routeSql(schema), [proposal.id, round.round, JSON.stringify(round.routing)]);
  }
  if (outcome !== null) {
    await closeCase(run, schema, proposal.id, outcome, outcome.at);
    return true;
  }
  const { gate, kind, withinMs, otherwise, address, at } = askOf(followUp);
  await run(openReviewSql(schema), [
    identifier("review", [proposal.id, round.round]),
    proposal.id,
    round.round,
    kind,
    reviewDigest(proposal.id, round),
    gate,
    address.threadId,
    address.interruptId,
    at,
    withinMs,
    otherwise,
    now,
  ]);
  return true;
}
