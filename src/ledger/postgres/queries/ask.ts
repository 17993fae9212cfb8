/**
 * Opens a review, again if it was withdrawn, or moves an open one to a new address, with its audit entry; nothing where nothing changes. The
 * proposal's row is locked first, so no decision, routing or closing comes in between.
 */
export const askSql = (schema: string): string => `
with asker as (
  select p.id from ${schema}.proposals p
  where p.id = $2 and p.state = 'open' and p.round = $3 and p.thread_id = $6
    and exists (select 1 from ${schema}.rounds where proposal_id = p.id and round = p.round and routing is not null)
    and not exists (select 1 from ${schema}.permits where proposal_id = p.id and round = p.round)
  for update
), asked as (
  insert into ${schema}.reviews as v (id, proposal_id, round, kind, status, version, digest, gate, thread_id,
    checkpoint_ns, checkpoint_id, interrupt_id, asks, asked_at, addressed_at, deadline_at, otherwise)
  select $1, asker.id, $3, $13, 'open', 1, $4, $5, $6, $7, $8, $9, 1, $10,
    coalesce($16::timestamptz, clock_timestamp()),
    coalesce($16::timestamptz, clock_timestamp()) + $14::float8 * interval '1 millisecond', $15 from asker
  on conflict (proposal_id, round) do update set checkpoint_ns = excluded.checkpoint_ns,
    checkpoint_id = excluded.checkpoint_id, interrupt_id = excluded.interrupt_id, asks = v.asks + 1, status = 'open',
    addressed_at = excluded.addressed_at,
    version = v.version + (v.status = 'withdrawn')::int,
    deadline_at = case v.status when 'open' then v.deadline_at else excluded.deadline_at end,
    otherwise = case v.status when 'open' then v.otherwise else excluded.otherwise end,
    step = case v.status when 'open' then v.step else 0 end
    where v.status = 'withdrawn' or (v.status = 'open' and v.interrupt_id <> excluded.interrupt_id)
  returning id
)
select ${schema}.append_audit($2, array[$11::text], array[$12::text]) from asked`;
