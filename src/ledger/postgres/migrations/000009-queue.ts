import type { Migration } from "../migrate.js";

/**
 * The queue: one narrow row for each review that waits for somebody, with what it is filtered and sorted by. Triggers
 * keep it, so it is in the transaction of whatever opens, moves or ends a review, by whatever program.
 */
export const queue: Migration = {
  id: 9,
  name: "queue",
  breaking: true,
  sql: (schema) =>
    tables(schema) +
    urgencies(schema) +
    lanes(schema) +
    budgets(schema) +
    keeping(schema) +
    fill(schema) +
    auditLog(schema),
};

// Orders are stored so that all of them ascend: then a page is one range of one index. `lane` is who is asked: there are
// few, whatever the length of the queue. A row that is parked waits behind others: it is put aside, or its agent floods.
const tables = (schema: string): string => `
create table ${schema}.lanes (
  id int generated always as identity primary key,
  asks text not null unique,
  roles text[] not null,
  groups text[] not null,
  people text[] not null,
  anybody boolean not null
);
create table ${schema}.settings (
  singleton boolean primary key default true check (singleton),
  per_agent int not null check (per_agent > 0)
);
insert into ${schema}.settings (per_agent) values (1000);

create table ${schema}.queue (
  review_id text primary key,
  proposal_id text not null,
  thread_id text not null,
  round int not null,
  digest text not null,
  trust text not null,
  requested_by text,
  lane int not null,
  step int not null,
  action text not null,
  agent text not null,
  kind text not null,
  stage smallint,
  risk float8,
  amount jsonb,
  risk_order real not null,
  asked_at timestamptz not null,
  due_at timestamptz not null,
  urgency_order smallint not null,
  urgency_at timestamptz not null,
  group_key text not null,
  summary text not null,
  kept_from text[] not null,
  assignee text,
  assigned_at timestamptz,
  claimed_by text,
  claimed_until timestamptz,
  snoozed_until timestamptz,
  floods boolean not null,
  parked boolean generated always as (floods or snoozed_until is not null) stored
) with (fillfactor = 80);
${["urgency_order", "due_at", "risk_order"].map((order) => orderIndexes(schema, order, `${order}, asked_at, review_id`)).join("")}
${orderIndexes(schema, "asked_at", "asked_at, review_id")}
create index queue_assignee on ${schema}.queue (assignee)
  include (urgency_order, due_at, risk_order, asked_at, review_id, kept_from) where not parked and assignee is not null;
create index queue_unassigned on ${schema}.queue (asked_at, review_id) where not parked and assignee is null;
create index queue_agent on ${schema}.queue (agent, asked_at, review_id) where not floods;
create index queue_flooding on ${schema}.queue (agent, asked_at, review_id) where floods;
create index queue_group on ${schema}.queue (group_key);
create index queue_urgency_at on ${schema}.queue (urgency_at) where urgency_at < 'infinity';
create index queue_snoozed on ${schema}.queue (snoozed_until) where snoozed_until is not null;
create index queue_proposal on ${schema}.queue (proposal_id);
create index reviews_asked on ${schema}.reviews (asked_at);
create index decisions_recorded on ${schema}.decisions (recorded_at);
alter table ${schema}.queue enable row level security;
alter table ${schema}.lanes enable row level security;
alter table ${schema}.settings enable row level security;
`;

const orderIndexes = (schema: string, order: string, keys: string): string =>
  ["", "lane", "action", "lane, action"]
    .map((filter) => {
      const name = ["queue", ...filter.split(", ").filter(Boolean), order].join("_");
      return `create index ${name} on ${schema}.queue (${filter}${filter === "" ? "" : ", "}${keys}) where not parked;\n`;
    })
    .join("");

/** How urgent a deadline is, most urgent first, and when that changes. */
const urgencies = (schema: string): string => `
create function ${schema}.urgency_order(due timestamptz, at timestamptz) returns smallint language sql immutable as $$
  select (case when due <= at then -4 when due <= at + interval '15 minutes' then -3
    when due <= at + interval '1 hour' then -2 when due <= at + interval '24 hours' then -1 else 0 end)::smallint
$$;
create function ${schema}.urgency_at(due timestamptz, at timestamptz) returns timestamptz language sql immutable as $$
  select case when due = 'infinity' or due <= at then 'infinity' when due <= at + interval '15 minutes' then due
    when due <= at + interval '1 hour' then due - interval '15 minutes'
    when due <= at + interval '24 hours' then due - interval '1 hour' else due - interval '24 hours' end
$$;
`;

// Whom a review asks for at its step: the panels' people, or those of the escalation.
const lanes = (schema: string): string => `
create function ${schema}.asked_people(requires jsonb, step int) returns jsonb language sql immutable as $$
  select case when step > 0 and requires -> 'escalateTo' -> (step - 1) is not null
    then requires -> 'escalateTo' -> (step - 1) -> 'by'
    else coalesce((select jsonb_agg(one order by one::text collate "C") from (
      select distinct one from jsonb_array_elements(requires -> 'panels') panel, jsonb_array_elements(panel -> 'by') one
    ) each), '[]'::jsonb) end
$$;

create function ${schema}.lane_of(asked jsonb) returns int language plpgsql as $$
declare
  found int;
begin
  select l.id into found from ${schema}.lanes l where l.asks = asked::text;
  if found is null then
    insert into ${schema}.lanes as l (asks, roles, groups, people, anybody)
    values (asked::text,
      array(select one ->> 'role' from jsonb_array_elements(asked) one where one ? 'role'),
      array(select one ->> 'group' from jsonb_array_elements(asked) one where one ? 'group'),
      array(select one ->> 'person' from jsonb_array_elements(asked) one where one ? 'person'),
      jsonb_array_length(asked) = 0)
    on conflict on constraint lanes_asks_key do update set anybody = excluded.anybody returning l.id into found;
  end if;
  return found;
end $$;
`;

// Counting up to the budget is enough, so an agent that floods makes nobody else wait.
const budgets = (schema: string): string => `
create function ${schema}.floods(of_agent text) returns boolean language sql stable as $$
  select count(*) >= (select per_agent from ${schema}.settings) from (
    select from ${schema}.queue where agent = of_agent and not floods
    limit (select per_agent from ${schema}.settings)) shown
$$;

create function ${schema}.let_next_in() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
begin
  if not old.floods then
    update ${schema}.queue set floods = false where review_id = (
      select review_id from ${schema}.queue where agent = old.agent and floods
      order by asked_at, review_id limit 1 for update skip locked);
  end if;
  return null;
end $$;
create trigger queue_let_in after delete on ${schema}.queue for each row execute function ${schema}.let_next_in();
`;

const keeping = (schema: string): string => `
create function ${schema}.queue_up(v ${schema}.reviews) returns void language plpgsql as $$
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
    kept_from, floods)
  select v.id, p.id, v.thread_id, v.round, v.digest, p.trust, p.requested_by,
    ${schema}.lane_of(${schema}.asked_people(said -> 'requires', v.step)), v.step, p.action, p.agent, v.kind,
    (said ->> 'stage')::smallint, known_risk, known -> 'amount', coalesce(-known_risk, -1), v.asked_at, due,
    ${schema}.urgency_order(due, clock_timestamp()), ${schema}.urgency_at(due, clock_timestamp()),
    md5(p.action || chr(10) || r.args_digest), coalesce(${schema}.readable(r.display) ->> 'summary', ''),
    array_remove(array(select jsonb_array_elements_text(coalesce(said -> 'requires' -> 'excludes', '[]'::jsonb)))
      || p.requested_by, null),
    ${schema}.floods(p.agent)
  from ${schema}.rounds r where r.proposal_id = v.proposal_id and r.round = v.round
  on conflict (review_id) do update set lane = excluded.lane, step = excluded.step, due_at = excluded.due_at,
    urgency_order = excluded.urgency_order, urgency_at = excluded.urgency_at,
    -- Whoever it was assigned to may not be among those who decide now.
    assignee = case when q.lane = excluded.lane then q.assignee end,
    claimed_by = case when q.lane = excluded.lane then q.claimed_by end,
    claimed_until = case when q.lane = excluded.lane then q.claimed_until end;
end $$;

create function ${schema}.keep_queue() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
begin
  if new.status = 'open' then
    perform ${schema}.queue_up(new);
  else
    delete from ${schema}.queue where review_id = new.id;
  end if;
  return null;
end $$;
create trigger reviews_queue_new after insert on ${schema}.reviews for each row execute function ${schema}.keep_queue();
create trigger reviews_queue_moved after update on ${schema}.reviews for each row
when (new.status <> old.status or new.step <> old.step or new.deadline_at is distinct from old.deadline_at)
execute function ${schema}.keep_queue();

create function ${schema}.leave_queue() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
begin
  delete from ${schema}.queue where proposal_id = new.id;
  return null;
end $$;
create trigger proposals_leave_queue after update on ${schema}.proposals for each row
when (new.state = 'closed' and old.state = 'open') execute function ${schema}.leave_queue();
`;

const fill = (schema: string): string => `
select ${schema}.queue_up(v) from ${schema}.reviews v where v.status = 'open' order by v.asked_at, v.id;
`;

const auditLog = (schema: string): string => `
alter function ${schema}.may_append(name, text, text) rename to may_append_of_people;
create function ${schema}.may_append(caller name, kind text, entry text) returns boolean language sql stable
set search_path = pg_catalog, pg_temp as $$
  select case when kind = 'handled' then exists (
      select from ${schema}.roles r where r.part = 'decider' and pg_has_role(caller, r.role, 'usage'))
    else ${schema}.may_append_of_people(caller, kind, entry) end
$$;
`;
