import { proposedEntry } from "../../journal.js";
import type { NewProposal } from "../../ledger.js";

/** A proposal and its first round, unless the id is taken. */
const recorded = (schema: string): string => `
with proposal as (
  insert into ${schema}.proposals (id, thread_id, action, agent, requested_by, trust, round, proposed_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8)
  on conflict (id) do nothing
  returning id, round
), first_round as (
  insert into ${schema}.rounds (proposal_id, round, args, args_digest, facts, display, display_digest)
  select id, round, $9::json, $10, $11::json, $12::json, $13 from proposal
  returning proposal_id
)`;

/** Records a proposal and its first round, unless the id is taken. */
export const recordSql = (schema: string): string => `${recorded(schema)} select proposal_id from first_round`;

/** Records a proposal, its first round and its audit entry, unless the id is taken. */
export const proposeSql = (schema: string): string =>
  `${recorded(schema)} select ${schema}.append_audit($1, array[$14::text], array[$15::text]) from first_round`;

/** What it is given. */
export function proposeValues(request: NewProposal): unknown[] {
  const { kind, text } = proposedEntry(request);
  return [...recordValues(request), kind, text];
}

/** What is given to record it alone. */
export function recordValues({ proposal, round }: NewProposal): unknown[] {
  return [
    proposal.id,
    proposal.threadId,
    proposal.action,
    proposal.agent,
    proposal.requestedBy,
    proposal.trust,
    round.round,
    proposal.proposedAt,
    JSON.stringify(round.args),
    round.argsDigest,
    JSON.stringify(round.facts),
    JSON.stringify(round.display),
    round.displayDigest,
  ];
}
