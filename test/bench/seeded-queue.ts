import type { Pool } from "pg";
import { quoteSchema } from "../../src/ledger/postgres/schema.js";

/** How many different actions, agents, roles and assignees the seeded reviews have. */
export const SPREAD = { actions: 12, agents: 25, roles: 8, assignees: 200 } as const;

/**
 * Fills a migrated, empty ledger with so many reviews that wait, straight into its tables: their indexes are made once all
 * rows are there. Half of them are somebody's; risks, deadlines and ages are spread.
 */
export async function seedQueue(pool: Pool, schema: string, count: number, log: (line: string) => void): Promise<void> {
  const s = quoteSchema(schema);
  const client = await pool.connect();
  try {
    const run = async (what: string, sql: string): Promise<void> => {
      const start = performance.now();
      await client.query(sql);
      log(`${what}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
    };
    // What the triggers would do is done by the statements below.
    await client.query("set session_replication_role = replica");
    const { rows } = await client.query<{ name: string; def: string }>(
      "select indexname as name, indexdef as def from pg_indexes where schemaname = $1 and tablename = 'queue' and indexname <> 'queue_pkey'",
      [schema],
    );
    for (const { name } of rows) await client.query(`drop index ${s}.${name}`);
    await run(
      "lanes",
      `insert into ${s}.lanes (asks, roles, groups, people, anybody)
      select json_build_array(json_build_object('role', 'role ' || n))::jsonb::text, array['role ' || n], '{}', '{}', false
      from generate_series(0, ${SPREAD.roles - 1}) n`,
    );
    await run(
      "proposals",
      `insert into ${s}.proposals (id, thread_id, action, agent, requested_by, trust, round, proposed_at)
      select 'pr_' || lpad(n::text, 8, '0'), 'thread ' || n, 'action ' || n % ${SPREAD.actions}, 'agent ' || n % ${SPREAD.agents},
        case when n % 10 = 0 then 'person ' || n % 50 end, 'verified', 1, now() - n * interval '1 second'
      from generate_series(1, ${count}) n`,
    );
    await run(
      "rounds",
      `insert into ${s}.rounds (proposal_id, round, args, args_digest, facts, display, display_digest, routing)
      select 'pr_' || lpad(n::text, 8, '0'), 1, json_build_object('order', n), 'sha256:' || md5(n::text),
        json_build_object('risk', n % 1000 / 1000.0, 'amount', json_build_object('value', n % 5000, 'currency', 'USD')),
        json_build_object('summary', 'Refund ' || n % 5000 || ' USD on order ' || n), 'sha256:' || md5(n::text),
        json_build_object('route', 'review')
      from generate_series(1, ${count}) n`,
    );
    await run(
      "reviews",
      `insert into ${s}.reviews (id, proposal_id, round, kind, status, version, digest, gate, thread_id,
        checkpoint_ns, checkpoint_id, interrupt_id, asks, asked_at, deadline_at, otherwise)
      select 'rv_' || lpad(n::text, 8, '0'), 'pr_' || lpad(n::text, 8, '0'), 1, 'approval', 'open', 1, 'sha256:' || md5(n::text),
        'gate', 'thread ' || n, 'gate:1', 'c' || n, md5(n::text), 1, now() - n * interval '1 second',
        case when n % 3 > 0 then now() + (n % 200000) * interval '1 second' end, 'hold'
      from generate_series(1, ${count}) n`,
    );
    await run(
      "queue",
      `insert into ${s}.queue (review_id, proposal_id, thread_id, round, digest, trust, requested_by, lane, step,
        action, agent, kind, risk, amount, risk_order, asked_at, due_at, urgency_order, urgency_at, group_key, summary, kept_from, assignee, assigned_at, floods)
      select v.id, p.id, v.thread_id, 1, v.digest, p.trust, p.requested_by, 1 + hashtext(v.id) % ${SPREAD.roles / 2} + ${SPREAD.roles / 2 - 1}, 0, p.action, p.agent, v.kind,
        (r.known_facts ->> 'risk')::float8, r.known_facts -> 'amount', -(r.known_facts ->> 'risk')::real, v.asked_at, coalesce(v.deadline_at, 'infinity'),
        ${s}.urgency_order(coalesce(v.deadline_at, 'infinity'), now()), ${s}.urgency_at(coalesce(v.deadline_at, 'infinity'), now()),
        md5(p.action || r.args_digest), r.display ->> 'summary', array_remove(array[p.requested_by], null),
        case when hashtext(v.id || 'a') % 2 = 0 then 'person ' || abs(hashtext(v.id || 'b')) % ${SPREAD.assignees} end, now(), false
      from ${s}.reviews v join ${s}.proposals p on p.id = v.proposal_id join ${s}.rounds r on r.proposal_id = p.id`,
    );
    for (const { name, def } of rows) await run(name, def);
    await client.query("set session_replication_role = origin");
    for (const table of ["queue", "proposals", "rounds", "reviews"])
      await run(`vacuum ${table}`, `vacuum analyze ${s}.${table}`);
    // What was written is on disk then, as where nobody has just written a million rows.
    await run("checkpoint", "checkpoint");
  } finally {
    client.release();
  }
}
