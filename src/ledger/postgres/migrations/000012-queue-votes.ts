import type { Migration } from "../migrate.js";

/**
 * The queue knows who has voted on what is still open, and reviews know when time ran out on them.
 *
 * Who has voted has nothing more to say there: what was theirs, or what they looked at, is nobody's from then on. What was
 * put aside is so no longer once others are asked. `missed_at` is when a deadline first passed without a decision,
 * `expired_at` when the review ended by that.
 */
export const queueVotes: Migration = {
  id: 12,
  name: "queue-votes",
  breaking: false,
  sql: (schema) => voted(schema) + queueUp(schema) + missed(schema),
};

const IS_VOTE = "verdict in ('approve', 'reject', 'abstain')";

const voted = (schema: string): string => `
alter table ${schema}.queue add column voted text[] not null default '{}';

create function ${schema}.voted_on(v ${schema}.reviews) returns text[] language sql stable as $$
  select coalesce(array_agg(${schema}.readable(d.principal) ->> 'id' order by d.position), '{}') from ${schema}.decisions d
  where d.proposal_id = v.proposal_id and d.review_id = v.id and d.${IS_VOTE}
$$;
update ${schema}.queue q set voted = ${schema}.voted_on(v) from ${schema}.reviews v
where v.id = q.review_id and exists (select from ${schema}.decisions d where d.proposal_id = v.proposal_id);

create function ${schema}.note_vote() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
declare
  voter text;
begin
  -- Most votes settle their review, which has left the queue by then.
  if not exists (select from ${schema}.queue q where q.review_id = new.review_id) then
    return null;
  end if;
  voter := ${schema}.readable(new.principal) ->> 'id';
  update ${schema}.queue q set voted = q.voted || voter, assignee = nullif(q.assignee, voter),
    assigned_at = case when q.assignee = voter then null else q.assigned_at end,
    claimed_by = nullif(q.claimed_by, voter),
    claimed_until = case when q.claimed_by = voter then null else q.claimed_until end
  where q.review_id = new.review_id;
  return null;
end $$;
create trigger decisions_voted after insert on ${schema}.decisions for each row
when (new.${IS_VOTE}) execute function ${schema}.note_vote();
`;

const queueUp = (schema: string): string => `
create or replace function ${schema}.queue_up(v ${schema}.reviews) returns void language plpgsql as $$
declare
  p ${schema}.proposals;
  said jsonb;
  known jsonb;
  due timestamptz := coalesce(v.deadline_at, 'infinity');
  known_risk float8;
begin
  select * into p from ${schema}.proposals where id = v.proposal_id;
  select ${schema}.readable(r.routing), r.known_facts into said, known
    from ${schema}.rounds r where r.proposal_id = v.proposal_id and r.round = v.round;
  if p.state <> 'open' or p.round <> v.round then
    return;
  end if;
  known_risk := case when jsonb_typeof(known -> 'risk') = 'number' then (known ->> 'risk')::float8 end;
  insert into ${schema}.queue as q (review_id, proposal_id, thread_id, round, digest, trust, requested_by, lane, step,
    action, agent, kind, stage, risk, amount, risk_order, asked_at, due_at, urgency_order, urgency_at, group_key, summary,
    kept_from, voted, floods)
  select v.id, p.id, v.thread_id, v.round, v.digest, p.trust, p.requested_by,
    ${schema}.lane_of(${schema}.asked_people(said -> 'requires', v.step)), v.step, p.action, p.agent, v.kind,
    (said ->> 'stage')::smallint, known_risk, known -> 'amount',
    -- What is next to nothing has no place in a column of single precision.
    coalesce(case when abs(known_risk) < 1e-30 then 0 else -known_risk end, -1), v.asked_at, due,
    ${schema}.urgency_order(due, clock_timestamp()), ${schema}.urgency_at(due, clock_timestamp()),
    md5(p.action || chr(10) || r.args_digest), coalesce(${schema}.readable(r.display) ->> 'summary', ''),
    array_remove(array(select jsonb_array_elements_text(coalesce(said -> 'requires' -> 'excludes', '[]'::jsonb)))
      || p.requested_by, null),
    ${schema}.voted_on(v), ${schema}.floods(p.agent)
  from ${schema}.rounds r where r.proposal_id = v.proposal_id and r.round = v.round
  on conflict (review_id) do update set lane = excluded.lane, step = excluded.step, due_at = excluded.due_at,
    urgency_order = excluded.urgency_order, urgency_at = excluded.urgency_at,
    -- Whoever it was assigned to, looked at it or put it aside may not be among those who decide now.
    assignee = case when q.lane = excluded.lane then q.assignee end,
    claimed_by = case when q.lane = excluded.lane then q.claimed_by end,
    claimed_until = case when q.lane = excluded.lane then q.claimed_until end,
    snoozed_until = case when q.lane = excluded.lane then q.snoozed_until end;
end $$;
`;

const missed = (schema: string): string => `
alter table ${schema}.reviews add column missed_at timestamptz, add column expired_at timestamptz;
create index reviews_missed on ${schema}.reviews (missed_at) where missed_at is not null;
create index reviews_expired on ${schema}.reviews (expired_at) where expired_at is not null;
`;
