import type { Migration } from "../migrate.js";

/** Standing orders that nothing of their scope may run, and what keeps a claim from slipping past one. */
export const halts: Migration = {
  id: 6,
  name: "halts",
  breaking: true,
  sql: (schema) => table(schema) + lookUp(schema) + auditLog(schema),
};

const table = (schema: string): string => `
create table ${schema}.halts (
  id text primary key,
  agent text,
  action text,
  kind text not null check (kind in ('pause', 'kill')),
  halted_by json not null,
  reason text not null,
  halted_at timestamptz not null
);
alter table ${schema}.halts enable row level security;
`;

// Who halts holds the lock alone until the commit, who claims shares it until theirs: once a halt is acknowledged no claim
// is on its way that has not seen it. The function is volatile, so its query sees what was committed while it waited for
// the lock, whenever the statement that calls it began.
const lookUp = (schema: string): string => `
create function ${schema}.lock_halts(alone boolean) returns void language sql volatile as $$
  select case when alone then pg_advisory_xact_lock(hashtextextended('assent.halts.${schema}', 7221))
    else pg_advisory_xact_lock_shared(hashtextextended('assent.halts.${schema}', 7221)) end
$$;

create function ${schema}.halt_doc(h ${schema}.halts) returns json language sql immutable as $$
  select json_build_object('id', h.id, 'agent', h.agent, 'action', h.action, 'kind', h.kind, 'by', h.halted_by,
    'reason', h.reason, 'at', ${schema}.iso(h.halted_at))
$$;

create function ${schema}.halt_of(of_agent text, of_action text) returns json language plpgsql volatile as $$
declare
  found json;
begin
  perform ${schema}.lock_halts(false);
  select ${schema}.halt_doc(h) into found from ${schema}.halts h
    where coalesce(h.agent, of_agent) = of_agent and coalesce(h.action, of_action) = of_action
    order by h.kind = 'kill' desc, h.halted_at, h.id limit 1;
  return found;
end $$;
`;

// Halting and lifting is for deciders; what each may append of everything else stays as it is.
const auditLog = (schema: string): string => `
alter function ${schema}.may_append(name, text, text) rename to may_append_of_case;
create function ${schema}.may_append(caller name, kind text, entry text) returns boolean language sql stable
set search_path = pg_catalog, pg_temp as $$
  select case when kind in ('halted', 'lifted') then exists (
      select from ${schema}.roles r where r.part = 'decider' and pg_has_role(caller, r.role, 'usage'))
    else ${schema}.may_append_of_case(caller, kind, entry) end
$$;
`;
