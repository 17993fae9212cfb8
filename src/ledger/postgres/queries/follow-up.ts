/** Opens the review of a round that was routed just now. */
export const openReviewSql = (schema: string): string => `
insert into ${schema}.reviews (id, proposal_id, round, kind, status, version, digest, gate, thread_id, checkpoint_ns,
  checkpoint_id, interrupt_id, asks, asked_at, deadline_at, otherwise)
values ($1, $2, $3, $4, 'open', 1, $5, $6, $7, '', '', $8, 1, $9,
  coalesce($12::timestamptz, clock_timestamp()) + $10::float8 * interval '1 millisecond', $11)`;
