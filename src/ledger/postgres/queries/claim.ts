/**
 * Takes a permit: one conditional update that only one attempt can win, with its audit entry. It wins only for these
 * arguments, on this thread, in the open proposal's current round, from `issued` or from a lease that ran out.
 */
export const claimSql = (schema: string): string => `
with claimed as (
  update ${schema}.permits m set state = 'claimed', owner = $5, lease_until = $7, claims = m.claims + 1
  from ${schema}.proposals p
  where m.proposal_id = $1 and m.round = $3 and m.args_digest = $4
    and p.id = m.proposal_id and p.thread_id = $2 and p.state = 'open' and p.round = m.round
    and (m.state = 'issued' or (m.state = 'claimed' and $8::boolean and m.lease_until <= $6))
  returning m.id
)
select ${schema}.append_audit($1, array[$9::text], array[$10::text]) from claimed`;

/** Extends the lease of a claim that is still the owner's. */
export const extendSql = (schema: string): string => `
update ${schema}.permits set lease_until = $3 where id = $1 and owner = $2 and state = 'claimed' returning id`;
