/** Keeps everybody else from judging this agent and action, and from changing their stage, until the commit. */
export const lockStageSql = (schema: string): string => `select ${schema}.lock_stage($1, $2, $3)`;

/** A stage as rules and people see it, from a row `k` that says whose it is and a row `s` that may be missing. */
const recordDoc = (schema: string): string => `
json_build_object('id', k.id, 'agent', k.agent, 'action', k.action, 'trust', k.trust, 'stage', coalesce(s.stage, 1),
  'ceiling', coalesce(s.ceiling, 5), 'judged', j.judged, 'judgedSince', j.judged - coalesce(s.judged_before, 0),
  'recent', j.recent, 'changed', case when s.id is null then null else
    json_build_object('by', s.changed_by, 'reason', s.reason, 'at', ${schema}.iso(s.changed_at)) end)`;

const judged = (schema: string): string => `
cross join lateral (
  select coalesce(max(n), 0) as judged, coalesce(json_agg(is_right order by n), '[]'::json) as recent from (
    select n, is_right from ${schema}.judgements
    where (agent, action, trust) = (k.agent, k.action, k.trust) order by n desc limit 100
  ) last
) j`;

/** One stage, whether or not it was ever changed. */
export const stageSql = (schema: string): string => `
select ${recordDoc(schema)} as doc from (select $1::text as id, $2::text as agent, $3::text as action, $4::text as trust) k
left join ${schema}.stages s using (agent, action, trust) ${judged(schema)}`;

/** Stages that were ever changed, in the order of their ids. */
export const stagesSql = (schema: string): string => `
select ${recordDoc(schema)} as doc from ${schema}.stages s join ${schema}.stages k on k.id = s.id ${judged(schema)}
where s.id > $1 order by s.id limit $2`;

/** Changes a stage, if it is still what the change was made from. */
export const changeStageSql = (schema: string): string => `
insert into ${schema}.stages as s (id, agent, action, trust, stage, ceiling, judged_before, changed_by, reason, changed_at)
values ($1, $2, $3, $4, $5, $6, $7, $8::json, $9, $10)
on conflict (id) do update set stage = excluded.stage, ceiling = excluded.ceiling, judged_before = excluded.judged_before,
  changed_by = excluded.changed_by, reason = excluded.reason, changed_at = excluded.changed_at
  where s.stage = $11 and s.ceiling = $12
returning s.id`;
