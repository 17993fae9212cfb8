import type { Migration } from "../migrate.js";

/**
 * Reviews of every kind, with deadlines: until when somebody has to decide, what happens otherwise, and how often it was
 * escalated. A row may pass its deadline only once that is really over, by the database's clock, whoever asks.
 */
export const deadlines: Migration = {
  id: 3,
  name: "deadlines",
  breaking: true,
  sql: (schema) => reviews(schema) + legalSteps(schema) + auditLog(schema) + caseView(schema),
};

const reviews = (schema: string): string => `
alter table ${schema}.reviews
  add column deadline_at timestamptz,
  add column otherwise text not null default 'hold' check (otherwise in ('execute', 'escalate', 'reject', 'hold')),
  add column step int not null default 0,
  drop constraint reviews_status_check,
  add constraint reviews_status_check check (status in ('open', 'decided', 'expired'));
create index reviews_due on ${schema}.reviews (deadline_at, id) where status = 'open' and deadline_at is not null;
`;

// What a deadline changes may change only after it.
const legalSteps = (schema: string): string => `
drop trigger reviews_steps on ${schema}.reviews;
create trigger reviews_steps before update on ${schema}.reviews for each row
when (not (
  (new.id, new.proposal_id, new.round, new.kind, new.digest, new.gate, new.thread_id, new.asked_at)
    = (old.id, old.proposal_id, old.round, old.kind, old.digest, old.gate, old.thread_id, old.asked_at)
  and old.status = 'open'
  and new.version between old.version and old.version + 1
  and new.asks between old.asks and old.asks + 1
  and (
    (new.status in ('open', 'decided') and new.deadline_at is not distinct from old.deadline_at
      and (new.otherwise, new.step) = (old.otherwise, old.step))
    or (new.status in ('open', 'expired') and old.deadline_at <= clock_timestamp()
      and new.step between old.step and old.step + 1))))
execute function ${schema}.refuse_step();
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
      else kind in ('decided', 'routed', 'closed', 'refused') end)
$$;
`;

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
left join ${schema}.reviews v on v.proposal_id = p.id and v.round = p.round
left join ${schema}.permits m on m.proposal_id = p.id and m.round = p.round
left join ${schema}.cases c on c.proposal_id = p.id;
`;
