/** How many parameters each query of {@link historySql} takes, after the two that they share. */
const HISTORY_PARAMETERS = 8;

/**
 * Sums or counts over other proposals that were let through and are like the asker, one row for each of `count` queries.
 * Permits come by when they were used up, so a short window reads no more than what it spans; where fewer cases have
 * the asker's facts than lie in the window, by the facts.
 */
export const historySql = (schema: string, count: number): string =>
  Array.from({ length: count }, (_, index) => branch(schema, 3 + index * HISTORY_PARAMETERS)).join(" union all ");

function branch(schema: string, first: number): string {
  const [name, of, currency, overMs, facts, agent, actions, executed] = Array.from(
    { length: HISTORY_PARAMETERS },
    (_, index) => `$${first + index}`,
  );
  return `
select ${name}::text as name, case ${of}::text when 'count' then count(*)
  else sum((r.known_facts #>> '{amount,value}')::numeric) end::float8 as known
from ${schema}.permits m
join ${schema}.proposals p on p.id = m.proposal_id and p.round = m.round
join ${schema}.rounds r on r.proposal_id = m.proposal_id and r.round = m.round
left join ${schema}.cases c on c.proposal_id = m.proposal_id
where m.state <> 'void' and (m.spent_at is null
    or m.spent_at > coalesce($2::timestamptz, clock_timestamp()) - ${overMs}::float8 * interval '1 millisecond')
  and m.proposal_id <> $1
  and coalesce(c.status, '') <> all (array['rejected', 'expired', 'blocked', 'failed'])
  and (not ${executed}::boolean or c.status = 'executed')
  and (${agent}::text is null or p.agent = ${agent}) and (${actions}::text[] is null or p.action = any (${actions}))
  and (${currency}::text is null or r.known_facts #>> '{amount,currency}' = ${currency})
  and r.known_facts @> ${schema}.readable(${facts}::json)
  and not exists (select from jsonb_each(${schema}.readable(${facts}::json)) fact
    where r.known_facts -> fact.key is distinct from fact.value)`;
}
