import type { Migration } from "../migrate.js";

/**
 * Proposals with their rounds, reviews, decisions, permits and outcomes; the audit log, append-only and hash-linked;
 * one record per closed case; and the view that gathers a case.
 */
export const ledger: Migration = {
  id: 1,
  name: "ledger",
  breaking: true,
  sql: (schema) => proposals(schema) + decisions(schema) + auditLog(schema) + caseView(schema),
};

const proposals = (schema: string): string => `
create function ${schema}.iso(moment timestamptz) returns text language sql immutable as $$
  select to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

create table ${schema}.proposals (
  id text primary key,
  thread_id text not null,
  action text not null,
  agent text not null,
  requested_by text,
  trust text not null check (trust in ('verified', 'open')),
  gate text,
  round int not null,
  state text not null default 'open' check (state in ('open', 'closed')),
  proposed_at timestamptz not null,
  delivered_at timestamptz
);
create index proposals_thread on ${schema}.proposals (thread_id);
create index proposals_undelivered on ${schema}.proposals (proposed_at, id) where delivered_at is null;

create table ${schema}.rounds (
  proposal_id text not null references ${schema}.proposals,
  round int not null,
  args json not null,
  args_digest text not null,
  facts json not null,
  display json not null,
  display_digest text not null,
  routing json,
  primary key (proposal_id, round)
);

create table ${schema}.reviews (
  id text primary key,
  proposal_id text not null,
  round int not null,
  kind text not null,
  status text not null check (status in ('open', 'decided')),
  version int not null,
  digest text not null,
  gate text not null,
  thread_id text not null,
  checkpoint_ns text not null,
  checkpoint_id text not null,
  interrupt_id text not null,
  asks int not null,
  asked_at timestamptz not null,
  unique (proposal_id, round),
  foreign key (proposal_id, round) references ${schema}.rounds
);
create index reviews_open on ${schema}.reviews (asked_at, id) where status = 'open';
create index reviews_thread on ${schema}.reviews (thread_id) where status = 'open';
`;

const decisions = (schema: string): string => `
create table ${schema}.decisions (
  id text primary key,
  position bigint generated always as identity,
  proposal_id text not null references ${schema}.proposals,
  review_id text not null references ${schema}.reviews,
  round int not null,
  verdict text not null,
  principal json not null,
  reason_code text,
  note text,
  args_digest text not null,
  new_args_digest text,
  statement text not null,
  decided_at timestamptz not null
);
create index decisions_proposal on ${schema}.decisions (proposal_id, position);

create table ${schema}.permits (
  id text primary key,
  proposal_id text not null,
  round int not null,
  args_digest text not null,
  basis text not null check (basis in ('decisions', 'policy')),
  state text not null check (state in ('issued', 'claimed', 'spent', 'void')),
  owner text,
  lease_until timestamptz,
  claims int not null default 0,
  issued_at timestamptz not null,
  unique (proposal_id, round),
  foreign key (proposal_id, round) references ${schema}.rounds
);

create table ${schema}.cases (
  audit_id text primary key,
  proposal_id text not null unique references ${schema}.proposals,
  outcome json not null,
  record text not null,
  closed_at timestamptz not null
);
`;

// The entry's kind and proposal come beside it: an entry may hold escapes that Postgres cannot unpack from JSON.
const auditLog = (schema: string): string => `
create table ${schema}.audit_log (
  seq bigint primary key,
  kind text not null,
  proposal_id text not null,
  entry text not null,
  hash bytea not null
);
create index audit_log_proposal on ${schema}.audit_log (proposal_id, seq);
create table ${schema}.audit_head (
  singleton boolean primary key default true check (singleton),
  seq bigint not null,
  hash bytea not null
);
insert into ${schema}.audit_head (seq, hash) values (0, decode(repeat('00', 32), 'hex'));

create function ${schema}.append_audit(proposal text, kinds text[], entries text[]) returns bigint language plpgsql as $$
declare
  last_seq bigint;
  last_hash bytea;
begin
  select seq, hash into strict last_seq, last_hash from ${schema}.audit_head for update;
  for i in 1 .. cardinality(entries) loop
    last_seq := last_seq + 1;
    last_hash := sha256(last_hash || sha256(convert_to(entries[i], 'UTF8')));
    insert into ${schema}.audit_log (seq, kind, proposal_id, entry, hash)
    values (last_seq, kinds[i], proposal, entries[i], last_hash);
  end loop;
  update ${schema}.audit_head set seq = last_seq, hash = last_hash;
  return last_seq;
end $$;

create function ${schema}.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log only grows: % is refused', tg_op using errcode = 'restrict_violation';
end $$;
create trigger audit_log_append_only before update or delete or truncate on ${schema}.audit_log
  for each statement execute function ${schema}.refuse_change();
`;

const caseView = (schema: string): string => `
create view ${schema}.case_view as
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
      'newArgsDigest', d.new_args_digest, 'statement', d.statement, 'decidedAt', ${schema}.iso(d.decided_at))
      order by d.position)
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
