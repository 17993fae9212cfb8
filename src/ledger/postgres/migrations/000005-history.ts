import type { Migration } from "../migrate.js";

/**
 * What sums and counts over earlier cases read: when a permit was used up, by the database's clock, how a case ended, and
 * the facts in a form that Postgres can look into, each with an index.
 */
export const history: Migration = {
  id: 5,
  name: "history",
  breaking: true,
  sql: (schema) => readable(schema) + spentAt(schema),
};

// A json value may hold escapes that jsonb cannot (a NUL, half a surrogate pair): whoever could plant one in a fact would
// otherwise stop every sum that meets it. Two texts that differ in nothing else pass for equal.
const readable = (schema: string): string => `
create function ${schema}.readable(value json) returns jsonb language sql immutable as $$
  select regexp_replace(value::text, '\\\\u(0000|d[89a-f][0-9a-f]{2})', '\\\\ufffd', 'gi')::jsonb
$$;
alter table ${schema}.rounds add column known_facts jsonb generated always as (${schema}.readable(facts)) stored;
alter table ${schema}.cases add column status text generated always as (${schema}.readable(outcome) ->> 'status') stored;
create index rounds_known_facts on ${schema}.rounds using gin (known_facts jsonb_path_ops);
`;

// Null until it is used up: what may run at any moment counts, however old it is.
const spentAt = (schema: string): string => `
drop trigger permits_steps on ${schema}.permits;
alter table ${schema}.permits add column spent_at timestamptz;
update ${schema}.permits m set spent_at = c.closed_at
  from ${schema}.cases c where c.proposal_id = m.proposal_id and m.state = 'spent';
create index permits_let_through on ${schema}.permits (spent_at) where state <> 'void';
create trigger permits_steps before update on ${schema}.permits for each row
when (not (
  (new.id, new.proposal_id, new.round, new.args_digest, new.basis, new.issued_at)
    = (old.id, old.proposal_id, old.round, old.args_digest, old.basis, old.issued_at)
  and (old.state, new.state) in (('issued', 'claimed'), ('issued', 'void'), ('claimed', 'claimed'), ('claimed', 'spent'))
  and (new.state = 'spent') = (new.spent_at is not null)
  and new.claims between old.claims and old.claims + 1))
execute function ${schema}.refuse_step();
`;
