/**
 * How much is open and how fast the queue moved, in one row. Parameters: $1 the window in milliseconds, $2 the time. A review
 * was decided when its last decision was recorded. Of what moved there is one row for each review, whatever moved of it.
 */
export const queueMetricsSql = (schema: string): string => `
with at as materialized (
  select coalesce($2::timestamptz, clock_timestamp()) as now,
    greatest(coalesce($2::timestamptz, clock_timestamp()) - least($1::float8, 3e12) * interval '1 millisecond', 'epoch') as since
), ended as materialized (
  select distinct on (d.review_id) d.review_id, d.recorded_at
  from at, ${schema}.decisions d join ${schema}.reviews v on v.id = d.review_id and v.status = 'decided'
  where d.recorded_at > at.since and d.recorded_at <= at.now
  order by d.review_id, d.position desc
), touched as (
  select review_id as id from ended
  union select v.id from at, ${schema}.reviews v where v.asked_at > at.since and v.asked_at <= at.now
  union select v.id from at, ${schema}.reviews v where v.missed_at > at.since and v.missed_at <= at.now
  union select v.id from at, ${schema}.reviews v where v.expired_at > at.since and v.expired_at <= at.now
), moved as materialized (
  select p.action, v.asked_at > at.since and v.asked_at <= at.now as arrived,
    e.recorded_at is not null as decided, coalesce(v.expired_at > at.since and v.expired_at <= at.now, false) as expired,
    case when e.recorded_at is not null then greatest(extract(epoch from e.recorded_at - v.asked_at) * 1000, 0) end as wait_ms,
    case when v.missed_at is not null then case when v.missed_at > at.since and v.missed_at <= at.now then false end
      else e.recorded_at < v.deadline_at end as on_time
  from at, touched t join ${schema}.reviews v on v.id = t.id join ${schema}.proposals p on p.id = v.proposal_id
  left join ended e on e.review_id = v.id
), voters as materialized (
  select distinct on (e.review_id, each.voter) each.voter,
    greatest(extract(epoch from d.recorded_at - v.asked_at) * 1000, 0) as wait_ms
  from ended e join ${schema}.reviews v on v.id = e.review_id
  join ${schema}.decisions d on d.proposal_id = v.proposal_id and d.review_id = v.id and d.verdict <> 'escalate'
  cross join lateral (select ${schema}.readable(d.principal) ->> 'id' as voter) each
  order by e.review_id, each.voter, d.position desc
)
select (select ${paceDoc()}::jsonb from moved m) || jsonb_build_object(
  'open', (select json_object_agg(name, (select count(*) from ${schema}.queue q where q.urgency_order = -nth + 1))
    from unnest(array['later', 'today', 'hour', 'now', 'overdue']) with ordinality u (name, nth)),
  'oldestAskedAt', (select ${schema}.iso(asked_at) from ${schema}.queue order by asked_at, review_id limit 1),
  'byReviewer', coalesce((select json_agg(json_build_object('id', voter, 'decided', decided, 'p50Ms', p50)
      order by decided desc, voter)
    from (select voter, count(*) as decided, percentile_disc(0.5) within group (order by wait_ms) as p50
      from voters group by voter) each), '[]'::json),
  'byAction', coalesce((select json_agg(pace order by action)
    from (select m.action, jsonb_build_object('action', m.action) || ${paceDoc()}::jsonb as pace
      from moved m group by m.action) each), '[]'::json)) as metrics`;

/** How the reviews of some rows `m` moved. */
function paceDoc(): string {
  return `json_build_object('arrivals', count(*) filter (where m.arrived), 'decided', count(*) filter (where m.decided),
    'expired', count(*) filter (where m.expired), 'onTime', avg(m.on_time::int)::float8,
    'waitMs', case when count(m.wait_ms) > 0 then json_build_object(
      'p50', percentile_disc(0.5) within group (order by m.wait_ms),
      'p90', percentile_disc(0.9) within group (order by m.wait_ms)) end)`;
}
