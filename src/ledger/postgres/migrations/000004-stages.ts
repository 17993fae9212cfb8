import type { Migration } from "../migrate.js";

/**
 * Stages of agents and actions, and what people judged. A judgement is written by a trigger on decisions, so it is in the
 * transaction of the decision that it follows from, whoever made it and by whatever program.
 */
export const stages: Migration = {
  id: 4,
  name: "stages",
  breaking: true,
  sql: (schema) => tables(schema) + judging(schema) + judgedBefore(schema) + auditLog(schema),
};

const tables = (schema: string): string => `
create table ${schema}.judgements (
  proposal_id text primary key references ${schema}.proposals,
  agent text not null,
  action text not null,
  trust text not null,
  n bigint not null,
  is_right boolean not null,
  unique (agent, action, trust, n)
);
create trigger judgements_final before update or delete or truncate on ${schema}.judgements
  for each statement execute function ${schema}.refuse_step();

create table ${schema}.stages (
  id text primary key,
  agent text not null,
  action text not null,
  trust text not null check (trust in ('verified', 'open')),
  stage int not null check (stage between 1 and ceiling),
  ceiling int not null check (ceiling between 1 and 5),
  judged_before bigint not null,
  changed_by json,
  reason text not null,
  changed_at timestamptz not null,
  unique (agent, action, trust)
);
create trigger stages_kept before delete or truncate on ${schema}.stages
  for each statement execute function ${schema}.refuse_step();
-- Nobody named: the rule, which moves one step and leaves the ceiling as it is. After the insert, for one that turns into an
-- update is none.
create trigger stages_begin after insert on ${schema}.stages for each row
when (not (new.changed_by is not null or (new.stage, new.ceiling) = (2, 5)))
execute function ${schema}.refuse_step();
create trigger stages_steps before update on ${schema}.stages for each row
when (not (
  (new.id, new.agent, new.action, new.trust) = (old.id, old.agent, old.action, old.trust)
  and new.judged_before >= old.judged_before
  and (new.changed_by is not null or (abs(new.stage - old.stage) = 1 and new.ceiling = old.ceiling))))
execute function ${schema}.refuse_step();

alter table ${schema}.judgements enable row level security;
alter table ${schema}.stages enable row level security;
`;

// The judgements of one agent and action are numbered without gaps, so they are written one after the other. A principal
// is JSON that may hold escapes which Postgres cannot unpack; within a string its quotes would be escaped, so what is
// looked for is a member. It runs with its owner's rights: nobody else has any on the judgements.
const judging = (schema: string): string => `
create function ${schema}.lock_stage(agent text, action text, trust text) returns void language sql volatile as $$
  select pg_advisory_xact_lock(hashtextextended('assent.stages.${schema}' || json_build_array(agent, action, trust), 7221))
$$;

create function ${schema}.judges(verdict text, principal json, trust text) returns boolean language sql immutable as $$
  select verdict in ('approve', 'modify', 'reject', 'revise') and strpos(principal::text, '"kind":"person"') > 0
    and (trust = 'open' or strpos(principal::text, '"level":"unverified"') = 0)
$$;

create function ${schema}.judge() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
declare
  p ${schema}.proposals;
begin
  select * into strict p from ${schema}.proposals where id = new.proposal_id;
  if not ${schema}.judges(new.verdict, new.principal, p.trust)
    or exists (select from ${schema}.judgements where proposal_id = p.id) then
    return null;
  end if;
  perform ${schema}.lock_stage(p.agent, p.action, p.trust);
  insert into ${schema}.judgements (proposal_id, agent, action, trust, n, is_right)
  select p.id, p.agent, p.action, p.trust, coalesce(max(j.n), 0) + 1, new.verdict = 'approve'
  from ${schema}.judgements j where (j.agent, j.action, j.trust) = (p.agent, p.action, p.trust);
  return null;
end $$;
create trigger decisions_judge after insert on ${schema}.decisions for each row execute function ${schema}.judge();
`;

// What people decided before there were stages counts as well.
const judgedBefore = (schema: string): string => `
insert into ${schema}.judgements (proposal_id, agent, action, trust, n, is_right)
select id, agent, action, trust, row_number() over (partition by agent, action, trust order by position),
  verdict = 'approve'
from (
  select distinct on (p.id) p.id, p.agent, p.action, p.trust, d.position, d.verdict
  from ${schema}.decisions d join ${schema}.proposals p on p.id = d.proposal_id
  where ${schema}.judges(d.verdict, d.principal, p.trust)
  order by p.id, d.position
) firsts;
`;

const auditLog = (schema: string): string => `
create or replace function ${schema}.may_append(caller name, kind text, entry text) returns boolean language sql stable
set search_path = pg_catalog, pg_temp as $$
  select exists (
    select from ${schema}.roles r where pg_has_role(caller, r.role, 'usage') and case
      when kind = 'permitted' then
        strpos(entry, case r.part when 'graph' then '"basis":"policy"' else '"basis":"decisions"' end) > 0
      when r.part = 'graph' then
        kind in ('proposed', 'routed', 'asked', 'expired', 'redrafted', 'claimed', 'executed', 'failed', 'closed', 'refused')
      else kind in ('decided', 'routed', 'closed', 'refused', 'staged') end)
$$;
`;
