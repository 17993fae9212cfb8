import type { Migration } from "../migrate.js";

/**
 * What follows from a review as jobs, enqueued in the transaction that it follows from: bringing a decision to its
 * thread, letting a deadline pass, reminding people of one. And reviews whose thread no longer asks: withdrawn, until it
 * asks again.
 */
export const jobs: Migration = {
  id: 7,
  name: "jobs",
  breaking: true,
  sql: (schema, jobSchema) =>
    enqueueing(schema, jobSchema) +
    withdrawing(schema) +
    caseView(schema) +
    auditLog(schema) +
    following(schema, jobSchema) +
    followingSoFar(schema, jobSchema),
};

// It runs with its owner's rights, so that nobody who decides needs any on the jobs. A thread's id may be longer than a
// job's key.
const enqueueing = (schema: string, jobSchema: string): string => `
create function ${schema}.job_key(kind text, id text) returns text language sql immutable
set search_path = pg_catalog, pg_temp as $$
  select kind || ':' || case when length(id) <= 400 then id else encode(sha256(convert_to(id, 'UTF8')), 'hex') end
$$;

-- add_job looks for a job by its key beside the list of those it makes. Planned while there are few jobs, that would read
-- all of them ever after; and as it is handed a list, it would be planned anew each time, which takes longer than all else.
create function ${schema}.enqueue(task text, payload json, job_key text, run_at timestamptz, queue text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
set plan_cache_mode = force_generic_plan as $$
begin
  perform ${jobSchema}.add_job(task, payload, queue, run_at, null, job_key);
end $$;
revoke execute on function ${schema}.enqueue from public;
`;

const withdrawing = (schema: string): string => `
alter table ${schema}.reviews
  drop constraint reviews_status_check,
  add constraint reviews_status_check check (status in ('open', 'decided', 'expired', 'withdrawn'));

drop trigger reviews_steps on ${schema}.reviews;
create trigger reviews_steps before update on ${schema}.reviews for each row
when (not (
  (new.id, new.proposal_id, new.round, new.kind, new.digest, new.gate, new.thread_id, new.asked_at)
    = (old.id, old.proposal_id, old.round, old.kind, old.digest, old.gate, old.thread_id, old.asked_at)
  and new.version between old.version and old.version + 1
  and new.asks between old.asks and old.asks + 1
  and (
    (old.status = 'open' and new.status in ('open', 'decided', 'withdrawn')
      and new.deadline_at is not distinct from old.deadline_at
      and (new.otherwise, new.step) = (old.otherwise, old.step))
    or (old.status = 'open' and new.status in ('open', 'expired') and old.deadline_at <= clock_timestamp()
      and new.step between old.step and old.step + 1)
    or (old.status = 'withdrawn' and new.status = 'open' and new.step = 0))))
execute function ${schema}.refuse_step();

-- One that is asked again gives people as much time as a new one: nobody saw it meanwhile.
create function ${schema}.refuse_haste() returns trigger language plpgsql as $$
begin
  if new.deadline_at is null or exists (
    select from ${schema}.rounds r
    where r.proposal_id = new.proposal_id and r.round = new.round and r.routing is not null
      and coalesce(new.deadline_at >= statement_timestamp() + interval '1 millisecond' * (r.routing -> 'requires'
        ->> case r.routing ->> 'route' when 'veto' then 'windowMs' else 'withinMs' end)::float8, true)) then
    return new;
  end if;
  raise exception 'a review that is asked again has its whole time' using errcode = 'restrict_violation';
end $$;
create trigger reviews_reopened before update on ${schema}.reviews for each row
when (old.status = 'withdrawn' and new.status = 'open') execute function ${schema}.refuse_haste();
`;

// A case whose review was withdrawn has none.
const caseView = (schema: string): string => `
create or replace view ${schema}.case_view as
select p.id, json_build_object(
  'proposal', json_build_object(
    'id', p.id, 'threadId', p.thread_id, 'action', p.action, 'agent', p.agent, 'requestedBy', p.requested_by,
    'trust', p.trust, 'gate', p.gate, 'round', p.round, 'state', p.state,
    'proposedAt', ${schema}.iso(p.proposed_at)),
  'round', json_build_object(
    'round', r.round, 'args', r.args, 'argsDigest', r.args_digest, 'facts', r.facts, 'display', r.display,
    'displayDigest', r.display_digest, 'routing', r.routing),
  'review', case when v.id is null then null else json_build_object(
    'id', v.id, 'proposalId', v.proposal_id, 'round', v.round, 'kind', v.kind, 'status', v.status,
    'version', v.version, 'digest', v.digest, 'gate', v.gate, 'trust', p.trust, 'asks', v.asks,
    'askedAt', ${schema}.iso(v.asked_at), 'deadlineAt', ${schema}.iso(v.deadline_at), 'otherwise', v.otherwise, 'step', v.step,
    'address', json_build_object(
      'threadId', v.thread_id, 'checkpointNs', v.checkpoint_ns, 'checkpointId', v.checkpoint_id,
      'interruptId', v.interrupt_id)) end,
  'decisions', coalesce((
    select json_agg(json_build_object(
      'id', d.id, 'reviewId', d.review_id, 'proposalId', d.proposal_id, 'round', d.round, 'verdict', d.verdict,
      'by', d.principal, 'reasonCode', d.reason_code, 'note', d.note, 'argsDigest', d.args_digest,
      'newArgsDigest', d.new_args_digest, 'statement', d.statement, 'signatures', d.signatures,
      'decidedAt', ${schema}.iso(d.decided_at)) order by d.position)
    from ${schema}.decisions d where d.proposal_id = p.id), '[]'::json),
  'permit', case when m.id is null then null else json_build_object(
    'id', m.id, 'proposalId', m.proposal_id, 'round', m.round, 'argsDigest', m.args_digest, 'basis', m.basis,
    'state', m.state, 'owner', m.owner, 'leaseUntil', ${schema}.iso(m.lease_until), 'claims', m.claims,
    'issuedAt', ${schema}.iso(m.issued_at)) end,
  'outcome', c.outcome) as doc
from ${schema}.proposals p
join ${schema}.rounds r on r.proposal_id = p.id and r.round = p.round
left join ${schema}.reviews v on v.proposal_id = p.id and v.round = p.round and v.status <> 'withdrawn'
left join ${schema}.permits m on m.proposal_id = p.id and m.round = p.round
left join ${schema}.cases c on c.proposal_id = p.id;
`;

// Withdrawing is for graph hosts, whose threads no longer ask; what each may append of everything else stays as it is.
const auditLog = (schema: string): string => `
create or replace function ${schema}.may_append(caller name, kind text, entry text) returns boolean language sql stable
set search_path = pg_catalog, pg_temp as $$
  select case when kind in ('halted', 'lifted', 'withdrawn') then exists (
      select from ${schema}.roles r where r.part = case kind when 'withdrawn' then 'graph' else 'decider' end
        and pg_has_role(caller, r.role, 'usage'))
    else ${schema}.may_append_of_case(caller, kind, entry) end
$$;
`;

// One job for each decision, by its thread: what comes while it waits is brought with it. It is taken after the review's
// row and, where a review is decided, before the head of the audit log; keys of deadlines are nobody else's, so the order
// of locks has no circle.
const following = (schema: string, jobSchema: string): string => `
create function ${schema}.enqueue_deadline(review text, deadline_at timestamptz) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  payload json := json_build_object('review', review);
begin
  perform ${schema}.enqueue('deadline', payload, ${schema}.job_key('deadline', review), deadline_at, null);
  perform ${schema}.enqueue('remind', payload, ${schema}.job_key('remind', review),
    clock_timestamp() + 0.8 * (deadline_at - clock_timestamp()), null);
end $$;
revoke execute on function ${schema}.enqueue_deadline from public;

create function ${schema}.follow_review() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  had timestamptz;
  has timestamptz := case new.status when 'open' then new.deadline_at end;
begin
  if tg_op = 'UPDATE' then
    had := case old.status when 'open' then old.deadline_at end;
  end if;
  if has is not null and has is distinct from had then
    perform ${schema}.enqueue_deadline(new.id, has);
  elsif had is not null and has is null then
    perform ${jobSchema}.remove_job(${schema}.job_key('deadline', new.id));
    perform ${jobSchema}.remove_job(${schema}.job_key('remind', new.id));
  end if;
  if new.status in ('decided', 'expired') then
    perform ${schema}.enqueue('deliver', json_build_object('thread', new.thread_id),
      ${schema}.job_key('deliver', new.thread_id), now(), null);
  end if;
  return null;
end $$;
create trigger reviews_followed after insert or update of status, deadline_at on ${schema}.reviews for each row
  execute function ${schema}.follow_review();
`;

// The names of the tasks are there before two transactions could wait for each other to make one. What waits for a
// deadline already gets its jobs; decisions on their way are found by the first worker.
const followingSoFar = (schema: string, jobSchema: string): string => `
select ${jobSchema}.add_job(task, job_key => 'assent.migrate') from unnest(array['deliver', 'deadline', 'remind', 'sweep']) task;
select ${jobSchema}.remove_job('assent.migrate');
select ${schema}.enqueue_deadline(id, deadline_at) from ${schema}.reviews
where status = 'open' and deadline_at is not null;
`;
