import type { Migration } from "../migrate.js";

/**
 * A decision and everything that follows from it in one statement, which is a transaction of its own unless it is part of
 * one: what other decisions wait for is then held for no longer than the database takes, wherever its users are.
 *
 * `seen`, the version of the review and the number of the case's decisions, is what the decision was judged by; where that
 * has changed, or the deadline has passed since, nothing is written, and the answer is false. What many decisions wait
 * for, the agent's stage and the head of the log, comes last. It runs with its caller's rights. A connection plans what is
 * in it once, not five times over before a plan is kept.
 */
export const deciding: Migration = {
  id: 10,
  name: "deciding",
  breaking: false,
  sql: (schema) => `
create function ${schema}.record_decision(
  seen int[], at timestamptz,
  id text, proposal text, review text, of_round int, verdict text, principal json, reason_code text, note text,
  args_digest text, new_args_digest text, statement text, decided_at timestamptz, signatures json,
  follows text, next_otherwise text, next_within_ms float8,
  next_round int, next_args json, next_args_digest text, next_facts json, next_display json, next_display_digest text,
  next_routing json,
  permit text, permit_round int, permit_args_digest text,
  case_id text, outcome json, record text,
  kinds text[], entries text[]
) returns boolean language plpgsql set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_variable
declare
  moment timestamptz;
begin
  perform from ${schema}.proposals p where p.id = proposal for update;
  perform from ${schema}.reviews v where v.id = review for update;
  moment := coalesce(at, clock_timestamp());
  if not exists (
    select from ${schema}.reviews v join ${schema}.proposals p on p.id = v.proposal_id
    where v.id = review and v.status = 'open' and v.version = seen[1] and p.state = 'open' and p.round = v.round
      and (v.otherwise = 'hold' or coalesce(v.deadline_at > moment, true))
      and (select count(*) from ${schema}.decisions d where d.proposal_id = proposal) = seen[2]) then
    return false;
  end if;
  if follows = 'decided' then
    update ${schema}.reviews v set status = 'decided', version = v.version + 1 where v.id = review;
  elsif follows = 'escalated' then
    update ${schema}.reviews v set step = v.step + 1, version = v.version + 1, otherwise = next_otherwise,
      deadline_at = moment + next_within_ms * interval '1 millisecond' where v.id = review;
  end if;
  insert into ${schema}.decisions (id, proposal_id, review_id, round, verdict, principal, reason_code, note, args_digest,
    new_args_digest, statement, decided_at, signatures, recorded_at)
  values (id, proposal, review, of_round, verdict, principal, reason_code, note, args_digest, new_args_digest, statement,
    decided_at, signatures, moment);
  if next_round is not null then
    insert into ${schema}.rounds (proposal_id, round, args, args_digest, facts, display, display_digest, routing)
    values (proposal, next_round, next_args, next_args_digest, next_facts, next_display, next_display_digest, next_routing);
    update ${schema}.proposals p set round = next_round where p.id = proposal;
  end if;
  if permit is not null then
    insert into ${schema}.permits (id, proposal_id, round, args_digest, basis, state, issued_at)
    values (permit, proposal, permit_round, permit_args_digest, 'decisions', 'issued', decided_at);
  end if;
  if case_id is not null then
    update ${schema}.proposals p set state = 'closed' where p.id = proposal;
    insert into ${schema}.cases (audit_id, proposal_id, outcome, record, closed_at)
    values (case_id, proposal, outcome, record, decided_at);
  end if;
  perform ${schema}.append_audit(proposal, kinds, entries);
  return true;
end $$;
`,
};
