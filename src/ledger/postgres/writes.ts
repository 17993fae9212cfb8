import type { Case } from "../../model/case.js";
import type { Outcome } from "../../model/outcome.js";
import type { Permit } from "../../model/permit.js";
import type { Round } from "../../model/proposal.js";
import { closing, permittedEntry, type JournalEntry } from "../journal.js";
import { unknownProposal } from "../unknown-proposal.js";
import { newRoundSql } from "./queries/decide.js";
import { readCaseSql } from "./queries/read-case.js";
import { permitSql } from "./queries/route.js";
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
