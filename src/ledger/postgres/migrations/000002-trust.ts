import type { Migration } from "../migrate.js";

/**
 * What keeps the rows honest: signatures on decisions; triggers that let every row take only the steps that its life
 * has, whoever asks; an audit log that only its function appends to, each role its own kinds of rows; and row security,
 * whose policies `grantRoles` makes for the roles that it is given.
 */
export const trust: Migration = {
  id: 2,
  name: "trust",
  breaking: true,
  sql: (schema) => signatures(schema) + legalSteps(schema) + auditLog(schema) + rowSecurity(schema),
};

const signatures = (schema: string): string => `
alter table ${schema}.decisions add column signatures json not null default '[]'::json;

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
    'askedAt', ${schema}.iso(v.asked_at), 'address', json_build_object(
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
left join ${schema}.reviews v on v.proposal_id = p.id and v.round = p.round
left join ${schema}.permits m on m.proposal_id = p.id and m.round = p.round
left join ${schema}.cases c on c.proposal_id = p.id;
`;

// Each condition says what may change, and how; all else stays as it was written.
const legalSteps = (schema: string): string => `
create function ${schema}.refuse_step() returns trigger language plpgsql as $$
begin
  raise exception 'this step of % is not legal: % is refused', tg_table_name, tg_op
    using errcode = 'restrict_violation';
end $$;

create trigger proposals_steps before update on ${schema}.proposals for each row
when (not (
  (new.id, new.thread_id, new.action, new.agent, new.trust, new.proposed_at)
    = (old.id, old.thread_id, old.action, old.agent, old.trust, old.proposed_at)
  and new.requested_by is not distinct from old.requested_by
  and (new.gate is not distinct from old.gate or old.gate is null)
  and new.round between old.round and old.round + 1
  and (new.state = old.state or old.state = 'open')
  and (old.state = 'open' or (new.round = old.round and new.gate is not distinct from old.gate))))
execute function ${schema}.refuse_step();

create trigger rounds_steps before update on ${schema}.rounds for each row
when (not (
  (new.proposal_id, new.round, new.args::text, new.args_digest, new.facts::text, new.display::text, new.display_digest)
    = (old.proposal_id, old.round, old.args::text, old.args_digest, old.facts::text, old.display::text,
      old.display_digest)
  and old.routing is null and new.routing is not null))
execute function ${schema}.refuse_step();

create trigger reviews_steps before update on ${schema}.reviews for each row
when (not (
  (new.id, new.proposal_id, new.round, new.kind, new.digest, new.gate, new.thread_id, new.asked_at)
    = (old.id, old.proposal_id, old.round, old.kind, old.digest, old.gate, old.thread_id, old.asked_at)
  and old.status = 'open'
  and new.version between old.version and old.version + 1
  and new.asks between old.asks and old.asks + 1))
execute function ${schema}.refuse_step();

create trigger permits_steps before update on ${schema}.permits for each row
when (not (
  (new.id, new.proposal_id, new.round, new.args_digest, new.basis, new.issued_at)
    = (old.id, old.proposal_id, old.round, old.args_digest, old.basis, old.issued_at)
  and (old.state, new.state) in (('issued', 'claimed'), ('issued', 'void'), ('claimed', 'claimed'), ('claimed', 'spent'))
  and new.claims between old.claims and old.claims + 1))
execute function ${schema}.refuse_step();

create trigger decisions_final before update or delete or truncate on ${schema}.decisions
  for each statement execute function ${schema}.refuse_step();
create trigger cases_final before update or delete or truncate on ${schema}.cases
  for each statement execute function ${schema}.refuse_step();
create trigger permits_kept before delete or truncate on ${schema}.permits
  for each statement execute function ${schema}.refuse_step();
`;

// It runs with its owner's rights, so that no role needs any on the log itself. Who calls it is who set the role, or
// who logged in. An entry is canonical JSON, whose last members are its kind and its proposal.
const auditLog = (schema: string): string => `
create table ${schema}.roles (
  part text primary key check (part in ('graph', 'decider')),
  role name not null
);

create function ${schema}.may_append(caller name, kind text, entry text) returns boolean language sql stable
set search_path = pg_catalog, pg_temp as $$
  select exists (
    select from ${schema}.roles r where pg_has_role(caller, r.role, 'usage') and case
      when kind = 'permitted' then
        strpos(entry, case r.part when 'graph' then '"basis":"policy"' else '"basis":"decisions"' end) > 0
      when r.part = 'graph' then
        kind in ('proposed', 'routed', 'asked', 'claimed', 'executed', 'failed', 'closed', 'refused')
      else kind in ('decided', 'routed', 'closed', 'refused') end)
$$;

create or replace function ${schema}.append_audit(proposal text, kinds text[], entries text[]) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  caller name := coalesce(nullif(current_setting('role', true), 'none'), session_user);
  is_owner boolean := pg_has_role(caller, current_user, 'usage');
  last_seq bigint;
  last_hash bytea;
  tail text;
begin
  select seq, hash into strict last_seq, last_hash from ${schema}.audit_head for update;
  for i in 1 .. cardinality(entries) loop
    tail := '"kind":' || to_json(kinds[i]) || ',"proposal":' || to_json(proposal) || ',"v":1}';
    if not is_owner and
      (right(entries[i], length(tail)) <> tail or not ${schema}.may_append(caller, kinds[i], entries[i])) then
      raise exception '% may not append this % to the audit log', caller, kinds[i]
        using errcode = 'insufficient_privilege';
    end if;
    last_seq := last_seq + 1;
    last_hash := sha256(last_hash || sha256(convert_to(entries[i], 'UTF8')));
    insert into ${schema}.audit_log (seq, kind, proposal_id, entry, hash)
    values (last_seq, kinds[i], proposal, entries[i], last_hash);
  end loop;
  update ${schema}.audit_head set seq = last_seq, hash = last_hash;
  return last_seq;
end $$;
revoke execute on function ${schema}.append_audit from public;
`;

const rowSecurity = (schema: string): string =>
  ["proposals", "rounds", "reviews", "decisions", "permits", "cases", "audit_log", "audit_head"]
    .map((table) => `alter table ${schema}.${table} enable row level security;\n`)
    .join("");
