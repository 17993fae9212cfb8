/** Stores a routing on the current round of an open proposal; the first write wins. */
export const routeSql = (schema: string): string => `
update ${schema}.rounds set routing = $3::json
where proposal_id = $1 and round = $2 and routing is null
  and exists (select 1 from ${schema}.proposals where id = $1 and round = $2 and state = 'open')
returning round, args_digest as "argsDigest"`;

/** Issues a permit. */
export const permitSql = (schema: string): string => `
insert into ${schema}.permits (id, proposal_id, round, args_digest, basis, state, issued_at)
values ($1, $2, $3, $4, $5, 'issued', $6)`;

/** Voids a permit that nobody has claimed, or finds one that is void already, in the open proposal's current round. */
export const voidPermitSql = (schema: string): string => `
with unclaimed as (
  select m.id, m.state from ${schema}.permits m
  where m.proposal_id = $1 and m.round = $2 and m.state in ('issued', 'void')
    and exists (select 1 from ${schema}.proposals where id = $1 and round = $2 and state = 'open')
  -- Locked: a claim at the same moment comes before or after, never in between.
  for update of m
), voided as (
  update ${schema}.permits m set state = 'void' from unclaimed where m.id = unclaimed.id and unclaimed.state = 'issued'
)
select id from unclaimed`;

/** Opens the next round as a copy of the one before, unrouted. */
export const nextRoundSql = (schema: string): string => `
with copied as (
  insert into ${schema}.rounds (proposal_id, round, args, args_digest, facts, display, display_digest)
  select proposal_id, round + 1, args, args_digest, facts, display, display_digest
  from ${schema}.rounds where proposal_id = $1 and round = $2
  returning proposal_id, round
)
update ${schema}.proposals p set round = copied.round from copied where p.id = copied.proposal_id`;
