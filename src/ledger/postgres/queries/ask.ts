/** Opens a review, or moves an open one to a new address, with its audit entry; nothing where nothing changes. */
export const askSql = (schema: string): string => `
with asked as (
  insert into ${schema}.reviews as v (id, proposal_id, round, kind, status, version, digest, gate, thread_id,
    checkpoint_ns, checkpoint_id, interrupt_id, asks, asked_at)
  select $1, p.id, $3, 'approval', 'open', 1, $4, $5, $6, $7, $8, $9, 1, $10
  from ${schema}.proposals p where p.id = $2 and p.state = 'open'
  on conflict (proposal_id, round) do update set checkpoint_ns = excluded.checkpoint_ns,
    checkpoint_id = excluded.checkpoint_id, interrupt_id = excluded.interrupt_id, asks = v.asks + 1
    where v.status = 'open' and v.interrupt_id <> excluded.interrupt_id
  returning id
)
select ${schema}.append_audit(array[$11::text]) from asked`;
