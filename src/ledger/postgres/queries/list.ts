import { escapeLiteral } from "pg";
import type { ReviewFilter } from "../../ledger.js";
import { reviewDoc } from "./decide.js";

/** One review with its case. */
export const reviewSql = (schema: string): string => `
select ${reviewDoc(schema)} as review, c.doc as case from ${schema}.reviews v
join ${schema}.proposals p on p.id = v.proposal_id join ${schema}.case_view c on c.id = v.proposal_id
where v.id = $1`;

/**
 * Reviews with their cases, oldest first. Only what is asked for stands in it, so that its plan, made once, can use the
 * index for that; and a thread is looked for among proposals, as the index of reviews by it has only open ones.
 */
export function reviewsQuery(
  schema: string,
  { status, threadId, after, limit }: ReviewFilter,
): { text: string; values: unknown[] } {
  const values: unknown[] = [limit];
  const given = (value: unknown): string => `$${values.push(value)}`;
  const conditions = ["true"];
  if (status !== undefined) conditions.push(`v.status = ${escapeLiteral(status)}`);
  if (threadId !== undefined) conditions.push(`p.thread_id = ${given(threadId)}`);
  if (after !== undefined) {
    conditions.push(`(v.asked_at, v.id) > (${given(after.askedAt)}::timestamptz, ${given(after.id)})`);
  }
  const text = `
select ${reviewDoc(schema)} as review, c.doc as case from ${schema}.reviews v
join ${schema}.proposals p on p.id = v.proposal_id join ${schema}.case_view c on c.id = v.proposal_id
where ${conditions.join(" and ")} order by v.asked_at, v.id limit $1`;
  return { text, values };
}

/** Open reviews of current rounds whose deadline has passed, the most overdue first. */
export const dueSql = (schema: string): string => `
select ${reviewDoc(schema)} as review, c.doc as case from ${schema}.reviews v
join ${schema}.proposals p on p.id = v.proposal_id and p.round = v.round and p.state = 'open'
join ${schema}.case_view c on c.id = v.proposal_id
where v.status = 'open' and v.deadline_at <= coalesce($2::timestamptz, clock_timestamp())
order by v.deadline_at, v.id limit $1`;

/** Proposals whose thread does not wait for a person and has not been seen to finish. */
export const undeliveredSql = (schema: string): string => `
select json_build_object('id', p.id, 'threadId', p.thread_id, 'action', p.action, 'agent', p.agent,
  'requestedBy', p.requested_by, 'trust', p.trust, 'gate', p.gate, 'round', p.round, 'state', p.state,
  'proposedAt', ${schema}.iso(p.proposed_at)) as proposal
from ${schema}.proposals p
where p.delivered_at is null and not exists (
  select 1 from ${schema}.reviews v where v.proposal_id = p.id and v.round = p.round and v.status in ('open', 'withdrawn'))
order by p.proposed_at, p.id limit $1`;

/** Notes that a thread was seen to finish. */
export const deliveredSql = (schema: string): string => `
update ${schema}.proposals set delivered_at = now()
where thread_id = $1 and state = 'closed' and delivered_at is null`;

const auditRow = `seq::float8 as seq, kind, proposal_id as "proposalId", entry, encode(hash, 'hex') as hash`;

/** Rows of the audit log. */
export const auditRowsSql = (schema: string): string =>
  `select ${auditRow} from ${schema}.audit_log where seq > $1 order by seq limit $2`;

/** Rows of the audit log that are about one proposal. */
export const auditRowsOfSql = (schema: string): string =>
  `select ${auditRow} from ${schema}.audit_log where seq > $1 and proposal_id = $3 order by seq limit $2`;

/** The record of one closed case. */
export const caseRecordSql = (schema: string): string =>
  `select proposal_id as "proposalId", record as text from ${schema}.cases where audit_id = $1`;

/** The records of closed cases. */
export const closedCasesSql = (schema: string): string => `
select proposal_id as "proposalId", audit_id as "auditId", record as text from ${schema}.cases
where proposal_id > $1 order by proposal_id limit $2`;

/** Cases in the order of their proposals' ids. */
export const casesSql = (schema: string): string => `
select c.doc from ${schema}.proposals p join ${schema}.case_view c on c.id = p.id
where p.id > $1 order by p.id limit $2`;

/** Cases of one thread, in the order of their proposals' ids. */
export const casesOfThreadSql = (schema: string): string => `
select c.doc from ${schema}.proposals p join ${schema}.case_view c on c.id = p.id
where p.id > $1 and p.thread_id = $3 order by p.id limit $2`;

/** Where the audit log ends. */
export const auditHeadSql = (schema: string): string =>
  `select seq::float8 as seq, encode(hash, 'hex') as hash from ${schema}.audit_head`;
