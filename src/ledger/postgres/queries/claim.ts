/** The time that leases are told by: the database's own, unless a test brings one. */
const now = (parameter: string): string => `coalesce(${parameter}::timestamptz, clock_timestamp())`;

/**
 * Takes a permit: one conditional update that only one attempt can win, with its audit entry. It wins only for these
 * arguments, on this thread, in the open proposal's current round, from `issued` or from a lease that ran out, and while
 * no halt applies.
 */
export const claimSql = (schema: string): string => `
with claimed as (
  update ${schema}.permits m set state = 'claimed', owner = $5, claims = m.claims + 1,
    lease_until = ${now("$10")} + $6::float8 * interval '1 millisecond'
  from ${schema}.proposals p
  where m.proposal_id = $1 and m.round = $3 and m.args_digest = $4
    and p.id = m.proposal_id and p.thread_id = $2 and p.state = 'open' and p.round = m.round
    and (m.state = 'issued' or (m.state = 'claimed' and $7::boolean and m.lease_until <= ${now("$10")}))
    and ${schema}.halt_of(p.agent, p.action) is null
  returning m.id
)
select ${schema}.append_audit($1, array[$8::text], array[$9::text]) from claimed`;

/** Reads a case, whether somebody holds a claim on it whose lease has run out, and the halt that applies. */
export const claimedCaseSql = (schema: string): string => `
select c.doc, coalesce(m.state = 'claimed' and m.lease_until <= ${now("$2")}, false) as lapsed,
  ${schema}.halt_of(p.agent, p.action) as halt
from ${schema}.case_view c
join ${schema}.proposals p on p.id = c.id
left join ${schema}.permits m on m.proposal_id = p.id and m.round = p.round
where c.id = $1`;

/** Extends the lease of a claim that is still the owner's. */
export const extendSql = (schema: string): string => `
update ${schema}.permits set lease_until = ${now("$4")} + $3::float8 * interval '1 millisecond'
where id = $1 and owner = $2 and state = 'claimed' returning id`;

/** Spends a claimed permit: its owner's, or (owner null) one whose lease ran out. */
export const spendSql = (schema: string): string => `
update ${schema}.permits set state = 'spent', spent_at = ${now("$4")}
where proposal_id = $1 and round = $2 and state = 'claimed'
  and (owner = $3 or ($3::text is null and lease_until <= ${now("$4")}))
returning id`;
