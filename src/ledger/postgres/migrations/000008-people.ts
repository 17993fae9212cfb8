import type { Migration } from "../migrate.js";

/**
 * Several people on one review: what is known of reviewers, what each has let run by the database's clock, and escalation
 * by a person, before the deadline.
 */
export const people: Migration = {
  id: 8,
  name: "people",
  breaking: true,
  sql: (schema) => reviewers(schema) + decisions(schema) + legalSteps(schema) + auditLog(schema),
};

const reviewers = (schema: string): string => `
create table ${schema}.reviewers (
  id text primary key,
  doc json not null,
  roles text[] not null,
  groups text[] not null,
  active boolean not null
);
create trigger reviewers_kept before delete or truncate on ${schema}.reviewers
  for each statement execute function ${schema}.refuse_step();
alter table ${schema}.reviewers enable row level security;
`;

// Decisions that were made before were recorded when they say that they were made, as far as anybody knows.
const decisions = (schema: string): string => `
alter table ${schema}.decisions
  add column recorded_at timestamptz,
  add column voter text generated always as (
    (${schema}.readable(principal) ->> 'authenticator') || chr(10) || (${schema}.readable(principal) ->> 'id')) stored;
drop trigger decisions_final on ${schema}.decisions;
update ${schema}.decisions set recorded_at = decided_at;
create trigger decisions_final before update or delete or truncate on ${schema}.decisions
  for each statement execute function ${schema}.refuse_step();
alter table ${schema}.decisions
  alter column recorded_at set default clock_timestamp(),
  alter column recorded_at set not null;
create index decisions_voter on ${schema}.decisions (voter, recorded_at);

create function ${schema}.lock_voter(voter text) returns void language sql volatile as $$
  select pg_advisory_xact_lock(hashtextextended('assent.voter.${schema}' || voter, 7221))
$$;
`;

// Who escalates does so one step at a time, and what nobody decides after that never executes.
const legalSteps = (schema: string): string => `
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
    or (old.status = 'open' and new.status = 'open' and new.step = old.step + 1 and new.otherwise <> 'execute')
    or (old.status = 'open' and new.status in ('open', 'expired') and old.deadline_at <= clock_timestamp()
      and new.step between old.step and old.step + 1)
    or (old.status = 'withdrawn' and new.status = 'open' and new.step = 0))))
execute function ${schema}.refuse_step();
`;

const auditLog = (schema: string): string => `
alter function ${schema}.may_append(name, text, text) rename to may_append_of_halt;
create function ${schema}.may_append(caller name, kind text, entry text) returns boolean language sql stable
set search_path = pg_catalog, pg_temp as $$
  select case when kind = 'registered' then exists (
      select from ${schema}.roles r where r.part = 'decider' and pg_has_role(caller, r.role, 'usage'))
    else ${schema}.may_append_of_halt(caller, kind, entry) end
$$;
`;
