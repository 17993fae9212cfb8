/** Records a proposal and its first round, unless the id is taken. */
export const recordSql = (schema: string): string => `
with proposal as (
  insert into ${schema}.proposals (id, thread_id, action, agent, requested_by, trust, round, proposed_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8)
  on conflict (id) do nothing
  returning id, round
)
insert into ${schema}.rounds (proposal_id, round, args, args_digest, facts, display, display_digest)
select id, round, $9::json, $10, $11::json, $12::json, $13 from proposal
returning proposal_id`;

/** Opens the review of a round that was routed just now. */
export const openReviewSql = (schema: string): string => `
insert into ${schema}.reviews (id, proposal_id, round, kind, status, version, digest, gate, thread_id, checkpoint_ns,
  checkpoint_id, interrupt_id, asks, asked_at, deadline_at, otherwise)
values ($1, $2, $3, $4, 'open', 1, $5, $6, $7, '', '', $8, 1, $9,
  coalesce($12::timestamptz, clock_timestamp()) + $10::float8 * interval '1 millisecond', $11)`;
