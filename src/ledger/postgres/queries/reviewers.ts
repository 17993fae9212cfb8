/** Keeps what is known of a reviewer from now on. */
export const registerSql = (schema: string): string => `
insert into ${schema}.reviewers (id, doc, roles, groups, active) values ($1, $2::json, $3, $4, $5)
on conflict (id) do update set doc = excluded.doc, roles = excluded.roles, groups = excluded.groups,
  active = excluded.active`;

/** Keeps everybody else from registering this reviewer until the commit. */
export const lockReviewerSql = (schema: string): string => `select ${schema}.lock_voter('reviewer ' || $1)`;

/** What is known of one reviewer. */
export const reviewerSql = (schema: string): string => `select doc from ${schema}.reviewers where id = $1`;

/** Reviewers in the order of their ids. */
export const reviewersSql = (schema: string): string =>
  `select doc from ${schema}.reviewers where id > $1 order by id limit $2`;

/** Those who decide and may have a seat: with one of these roles, in one of these groups, one of these people, or anybody. */
export const seatedSql = (schema: string): string => `
select doc, ${schema}.iso(coalesce($5::timestamptz, clock_timestamp())) as now from ${schema}.reviewers
where active and ($4::boolean or roles && $1::text[] or groups && $2::text[] or id = any($3::text[]))`;

/** Keeps a voter's other decisions waiting until the commit, so that none of two at once misses the other. */
export const lockVoterSql = (schema: string): string => `select ${schema}.lock_voter(chr(10) || $1)`;

/**
 * What somebody has let run within a window, in one currency: once for each case, and not what came to nothing. A row's
 * voter is an authenticator and an id; all with this id are one person, and the index leads from each voter to the next.
 */
export const approvedBySql = (schema: string): string => `
with recursive voters as (
  (select voter from ${schema}.decisions order by voter limit 1)
  union all
  select (select d.voter from ${schema}.decisions d where d.voter > v.voter order by d.voter limit 1)
  from voters v where v.voter is not null
)
select coalesce(sum((r.known_facts #>> '{amount,value}')::numeric), 0)::float8 as sum
from (
  select distinct on (d.proposal_id) d.proposal_id, d.round + (d.verdict = 'modify')::int as round
  from ${schema}.decisions d
  where d.voter in (select voter from voters where right(voter, length($1) + 1) = chr(10) || $1)
    and ${schema}.readable(d.principal) ->> 'id' = $1 and d.verdict in ('approve', 'modify') and d.proposal_id <> $2
    and d.recorded_at > coalesce($6::timestamptz, clock_timestamp()) - $3::float8 * interval '1 millisecond'
  order by d.proposal_id, d.position desc
) last
join ${schema}.rounds r on r.proposal_id = last.proposal_id and r.round = last.round
join ${schema}.proposals p on p.id = last.proposal_id
left join ${schema}.cases c on c.proposal_id = p.id
where r.known_facts #>> '{amount,currency}' = $4 and ($5::text[] is null or p.action = any($5))
  and coalesce(c.status, '') not in ('rejected', 'expired', 'blocked', 'suggested')`;
