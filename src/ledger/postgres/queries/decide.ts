/** The proposal that a review belongs to. */
export const reviewProposalSql = (schema: string): string =>
  `select proposal_id as "proposalId" from ${schema}.reviews where id = $1`;

/** Locks a review and tells how many are open on its thread. */
export const lockReviewSql = (schema: string): string => `
select (select count(*)::int from ${schema}.reviews o
  join ${schema}.proposals p on p.id = o.proposal_id and p.round = o.round and p.state = 'open'
  where o.thread_id = v.thread_id and o.status = 'open') as "openOnThread",
  coalesce(v.status = 'open' and v.deadline_at <= coalesce($2::timestamptz, clock_timestamp()), false) as "isDue",
  ${schema}.iso(coalesce($2::timestamptz, clock_timestamp())) as now, ${reviewDoc(schema)} as review
from ${schema}.reviews v join ${schema}.proposals p on p.id = v.proposal_id
where v.id = $1 for update of v`;

/** Records a decision, and with $15 closes its review for further ones. */
export const decisionSql = (schema: string): string => `
with made as (
  insert into ${schema}.decisions (id, proposal_id, review_id, round, verdict, principal, reason_code, note, args_digest,
    new_args_digest, statement, decided_at, signatures, recorded_at)
  values ($1, $2, $3, $4, $5, $6::json, $7, $8, $9, $10, $11, $12, $13::json, coalesce($14::timestamptz, clock_timestamp()))
  returning review_id
)
update ${schema}.reviews v set status = 'decided', version = v.version + 1 from made
where v.id = made.review_id and $15::boolean`;

/** Hands a review to the people of its next step. */
export const reviewEscalatedSql = (schema: string): string => `
update ${schema}.reviews set step = step + 1, version = version + 1, otherwise = $2,
  deadline_at = coalesce($4::timestamptz, clock_timestamp()) + $3::float8 * interval '1 millisecond'
where id = $1`;

/** Lets a review's deadline pass. */
export const reviewExpiredSql = (schema: string): string => `
update ${schema}.reviews set status = $2, otherwise = $3, step = $4, version = version + 1,
  deadline_at = coalesce($6::timestamptz, clock_timestamp()) + $5::float8 * interval '1 millisecond'
where id = $1`;

/** Ends a review whose thread no longer waits for it. */
export const reviewWithdrawnSql = (schema: string): string =>
  `update ${schema}.reviews set status = 'withdrawn', version = version + 1 where id = $1`;

/** Records the round that a reviewer's own arguments make, or an agent's next draft. */
export const newRoundSql = (schema: string): string => `
with made as (
  insert into ${schema}.rounds (proposal_id, round, args, args_digest, facts, display, display_digest, routing)
  values ($1, $2, $3::json, $4, $5::json, $6::json, $7, $8::json)
  returning proposal_id, round
)
update ${schema}.proposals p set round = made.round from made where p.id = made.proposal_id`;

/** A review as the model has it. */
export function reviewDoc(schema: string): string {
  return `json_build_object('id', v.id, 'proposalId', v.proposal_id, 'round', v.round, 'kind', v.kind,
    'status', v.status, 'version', v.version, 'digest', v.digest, 'gate', v.gate, 'trust', p.trust, 'asks', v.asks,
    'askedAt', ${schema}.iso(v.asked_at), 'deadlineAt', ${schema}.iso(v.deadline_at), 'otherwise', v.otherwise,
    'step', v.step, 'address', json_build_object('threadId', v.thread_id,
    'checkpointNs', v.checkpoint_ns, 'checkpointId', v.checkpoint_id, 'interruptId', v.interrupt_id))`;
}
