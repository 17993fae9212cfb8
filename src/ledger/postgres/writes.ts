import type { Case } from "../../model/case.js";
import type { Outcome } from "../../model/outcome.js";
import type { Permit } from "../../model/permit.js";
import type { Round } from "../../model/proposal.js";
import { closing, permittedEntry, type JournalEntry } from "../journal.js";
import type { Consequence } from "../deciding.js";
import type { DecideRequest } from "../ledger.js";
import { unknownProposal } from "../unknown-proposal.js";
import { decisionSql, newRoundSql, reviewEscalatedSql } from "./queries/decide.js";
import { readCaseSql } from "./queries/read-case.js";
import { permitInLogSql, permitSql } from "./queries/route.js";
import { appendSql, closeCaseSql } from "./queries/settle.js";
import type { Run } from "./transaction.js";

/** What several of the ledger's transactions are made of. Each runs inside the surrounding transaction. */

/** Reads a case as the transaction sees it. */
export async function readCase(run: Run, schema: string, proposalId: string): Promise<Case> {
  const [row] = await run<{ doc: Case }>(readCaseSql(schema), [proposalId]);
  if (row === undefined) throw unknownProposal(proposalId);
  return row.doc;
}

/** Appends entries, all about one proposal, to the audit log. */
export async function append(run: Run, schema: string, entries: readonly JournalEntry[]): Promise<void> {
  const kinds = entries.map(({ kind }) => kind);
  const texts = entries.map(({ text }) => text);
  await run(appendSql(schema), [entries[0]?.proposalId, kinds, texts]);
}

/** Issues a permit and gives its entry. */
export async function issue(run: Run, schema: string, permit: Permit): Promise<JournalEntry> {
  const { id, proposalId, round, argsDigest, basis, issuedAt } = permit;
  await run(permitSql(schema), [id, proposalId, round, argsDigest, basis, issuedAt]);
  return permittedEntry(permit);
}

/** Issues a permit and appends the entries before it, and its own, to the audit log: the fewer steps, the shorter the lock. */
export async function issueInLog(
  run: Run,
  schema: string,
  permit: Permit,
  before: readonly JournalEntry[],
): Promise<void> {
  const { id, proposalId, round, argsDigest, basis, issuedAt } = permit;
  const entries = [...before, permittedEntry(permit)];
  const [kinds, texts] = [entries.map(({ kind }) => kind), entries.map(({ text }) => text)];
  await run(permitInLogSql(schema), [id, proposalId, round, argsDigest, basis, issuedAt, kinds, texts]);
}

/** Closes a case with its record and gives the entry. */
export async function closeCase(
  run: Run,
  schema: string,
  proposalId: string,
  outcome: Outcome,
  at: string,
): Promise<JournalEntry> {
  const { auditId, text, entry } = closing({ ...(await readCase(run, schema, proposalId)), outcome }, at);
  await run(closeCaseSql(schema), [proposalId, auditId, JSON.stringify(outcome), text, at]);
  return entry;
}

/** Records a decision, what becomes of its review, and the round that a modification or an answer makes. */
export async function recordDecision(
  run: Run,
  schema: string,
  { decision, next, escalation }: DecideRequest,
  { review, now }: { review: Consequence["review"]; now: string | null },
): Promise<void> {
  await run(decisionSql(schema), [
    decision.id,
    decision.proposalId,
    decision.reviewId,
    decision.round,
    decision.verdict,
    JSON.stringify(decision.by),
    decision.reasonCode,
    decision.note,
    decision.argsDigest,
    decision.newArgsDigest,
    decision.statement,
    decision.decidedAt,
    JSON.stringify(decision.signatures),
    now,
    review === "decided",
  ]);
  if (review === "escalated") {
    const { otherwise = "hold", withinMs = null } = escalation ?? {};
    await run(reviewEscalatedSql(schema), [decision.reviewId, otherwise, withinMs, now]);
  }
  if (next !== undefined) await addRound(run, schema, decision.proposalId, next.round);
}

/** Adds a round and makes it the current one. */
export async function addRound(run: Run, schema: string, proposalId: string, next: Round): Promise<void> {
  const { round, args, argsDigest, facts, display, displayDigest, routing } = next;
  await run(newRoundSql(schema), [
    proposalId,
    round,
    JSON.stringify(args),
    argsDigest,
    JSON.stringify(facts),
    JSON.stringify(display),
    displayDigest,
    routing === null ? null : JSON.stringify(routing),
  ]);
}
