/** The proposal that a review belongs to. */
export const reviewProposalSql = (schema: string): string =>
  `select proposal_id as "proposalId" from ${schema}.reviews where id = $1`;

/** A review, how many are open on its thread, and the time by which it is due. */
const heldReview = (schema: string): string => `
select (select count(*)::int from ${schema}.reviews o
  join ${schema}.proposals p on p.id = o.proposal_id and p.round = o.round and p.state = 'open'
  where o.thread_id = v.thread_id and o.status = 'open') as "openOnThread",
  coalesce(v.status = 'open' and v.deadline_at <= coalesce($2::timestamptz, clock_timestamp()), false) as "isDue",
  ${schema}.iso(coalesce($2::timestamptz, clock_timestamp())) as now, ${reviewDoc(schema)} as review`;

/** Locks a review. */
export const lockReviewSql = (schema: string): string => `${heldReview(schema)}
from ${schema}.reviews v join ${schema}.proposals p on p.id = v.proposal_id
where v.id = $1 for update of v`;

/** A review with its case, as they are at this moment. */
export const seeReviewSql = (schema: string): string => `${heldReview(schema)}, c.doc as "case"
from ${schema}.reviews v join ${schema}.proposals p on p.id = v.proposal_id join ${schema}.case_view c on c.id = p.id
where v.id = $1`;

/** Records a decision with everything that follows from it. */
export const recordDecisionSql = (schema: string): string => `
select ${schema}.record_decision(${Array.from({ length: 33 }, (_, nth) => `$${nth + 1}`).join(", ")}) as made`;

/** Lets a review's deadline pass, and notes when that was; of several, the first. */
export const reviewExpiredSql = (schema: string): string => `
update ${schema}.reviews set status = $2, otherwise = $3, step = $4, version = version + 1,
  deadline_at = coalesce($6::timestamptz, clock_timestamp()) + $5::float8 * interval '1 millisecond',
  missed_at = coalesce(missed_at, $6::timestamptz, clock_timestamp()),
  expired_at = case when $2 = 'expired' then coalesce($6::timestamptz, clock_timestamp()) end
where id = $1`;

/** Ends a review whose thread no longer waits for it. */
export const reviewWithdrawnSql = (schema: string): string =>
  `update ${schema}.reviews set status = 'withdrawn', version = version + 1
  where id = $1 and addressed_at <= coalesce($2::timestamptz, clock_timestamp()) - $3::float8 * interval '1 millisecond'
  returning id`;

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
