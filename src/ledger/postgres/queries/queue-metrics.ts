/**
 * How much is open and how fast the queue moved, in one row. Parameters: $1 the window in milliseconds, $2 the time. A review
 * was decided when its last decision was recorded.
 */
export const queueMetricsSql = (schema: string): string => `
with at as materialized (
  select coalesce($2::timestamptz, clock_timestamp()) as now,
    coalesce($2::timestamptz, clock_timestamp()) - $1::float8 * interval '1 millisecond' as since
), ended as materialized (
  select distinct on (d.review_id) d.review_id, d.recorded_at, d.voter, v.asked_at, v.deadline_at, p.action,
    ${schema}.readable(d.principal) ->> 'id' as reviewer,
    greatest(extract(epoch from d.recorded_at - v.asked_at) * 1000, 0) as wait_ms
  from at, ${schema}.decisions d join ${schema}.reviews v on v.id = d.review_id and v.status = 'decided'
  join ${schema}.proposals p on p.id = d.proposal_id
  where d.recorded_at > at.since and d.recorded_at <= at.now
  order by d.review_id, d.position desc
), arrived as materialized (
  select p.action, v.status from at, ${schema}.reviews v join ${schema}.proposals p on p.id = v.proposal_id
  where v.asked_at > at.since and v.asked_at <= at.now
)
select json_build_object(
  'open', (select json_object_agg(name, (select count(*) from ${schema}.queue q where q.urgency_order = -nth + 1))
    from unnest(array['later', 'today', 'hour', 'now', 'overdue']) with ordinality u (name, nth)),
  'oldestAskedAt', (select ${schema}.iso(asked_at) from ${schema}.queue order by asked_at, review_id limit 1),
  'arrivals', (select count(*) from arrived),
  'decided', (select count(*) from ended),
  'expired', (select count(*) from arrived where status = 'expired'),
  'waitMs', (select case when count(*) = 0 then null else json_build_object(
    'p50', percentile_disc(0.5) within group (order by wait_ms),
    'p90', percentile_disc(0.9) within group (order by wait_ms)) end from ended),
  'onTime', (select avg((recorded_at < deadline_at)::int)::float8 from ended where deadline_at is not null),
  'byReviewer', coalesce((select json_agg(json_build_object('id', reviewer, 'decided', decided, 'p50Ms', p50)
      order by decided desc, reviewer)
    from (select reviewer, count(*) as decided, percentile_disc(0.5) within group (order by wait_ms) as p50
      from ended group by reviewer) each), '[]'::json),
  'byAction', coalesce((select json_agg(json_build_object('action', action, 'arrivals', arrivals, 'decided', decided)
      order by action)
    from (select action, sum(arrived)::int as arrivals, sum(decided)::int as decided from (
        select action, 1 as arrived, 0 as decided from arrived union all select action, 0, 1 from ended) both_ways
      group by action) each), '[]'::json)) as metrics`;
