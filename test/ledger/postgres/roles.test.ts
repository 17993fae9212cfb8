import { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from "vitest";
import { GENESIS_HASH } from "../../../src/model/audit-event.js";
import type { Case } from "../../../src/model/case.js";
import type { Ledger } from "../../../src/ledger/ledger.js";
import { migrate } from "../../../src/ledger/postgres/migrate.js";
import { postgresLedger } from "../../../src/ledger/postgres/postgres-ledger.js";
import { grantRoles } from "../../../src/ledger/postgres/roles.js";
import { ledgerContract } from "../../../src/testing/ledger-contract.js";
import {
  asked,
  claimed,
  decided,
  executed,
  moment,
  proposed,
  reviewer,
  routed,
} from "../../../src/testing/ledger-contract/specimens.js";
import { freshSchema, type FreshSchema } from "../../support/postgres.js";

type Part = "graph" | "decider" | "nobody";

let fresh: FreshSchema;
let roles: { graph: string; decider: string };
const pools = {} as Record<Part, Pool>;

/** A pool that logs in as a user of its own, who has a part's role or none. */
async function loginAs(part: Part): Promise<Pool> {
  const user = `${fresh.schema}_${part}_user`;
  await fresh.pool.query(`create user ${user} password 'secret'`);
  if (part !== "nobody") await fresh.pool.query(`grant ${roles[part]} to ${user}`);
  const url = new URL(fresh.url);
  url.username = user;
  url.password = "secret";
  const pool = new Pool({
    connectionString: url.toString(),
    max: 8,
    options: `-c search_path=${fresh.schema}`,
  });
  pool.on("error", () => undefined);
  return pool;
}

beforeAll(async () => {
  fresh = await freshSchema();
  roles = { graph: `${fresh.schema}_graph`, decider: `${fresh.schema}_decider` };
  const granted = await grantRoles({ pool: fresh.pool, schema: fresh.schema, ...roles });
  expect(granted.created).toEqual([roles.graph, roles.decider]);
  for (const part of ["graph", "decider", "nobody"] as const) pools[part] = await loginAs(part);
});
afterAll(async () => {
  await Promise.all(Object.values(pools).map((pool) => pool.end()));
  const users = ["graph", "decider", "nobody"].map((part) => `${fresh.schema}_${part}_user`);
  for (const role of [...users, ...Object.values(roles)])
    await fresh.pool.query(`drop owned by ${role}; drop role ${role}`);
  await fresh.close();
});

async function empty(): Promise<void> {
  const { pool, schema } = fresh;
  await pool.query(`
    set session_replication_role = replica;
    truncate ${schema}.proposals, ${schema}.audit_log, ${schema}.halts, ${schema}.reviewers, ${schema}.stages, ${schema}.queue cascade;
    update ${schema}.settings set per_agent = 1000;
    set session_replication_role = origin;
    update ${schema}.audit_head set seq = 0, hash = decode('${GENESIS_HASH}', 'hex')`);
}

/** A ledger whose decisions go through one user's connection and everything else through the other's. */
function split(clock?: Parameters<typeof postgresLedger>[0]["clock"]): Ledger {
  const at = { schema: fresh.schema, ...(clock && { clock }) };
  const graph = postgresLedger({ pool: pools.graph, ...at });
  const decider = postgresLedger({ pool: pools.decider, ...at });
  const split = Object.create(graph) as Ledger;
  split.decide = (request) => decider.decide(request);
  return new Proxy(graph, {
    get(target, name) {
      const owner = [
        "decide",
        "halt",
        "lift",
        "setStage",
        "setCeiling",
        "register",
        "handle",
        "setQueueSettings",
        "refreshQueue",
      ].includes(String(name))
        ? decider
        : target;
      const member: unknown = Reflect.get(owner, name);
      return typeof member === "function" ? (member.bind(owner) as unknown) : member;
    },
  });
}

describe("with a database user for graph hosts and one for deciders", () => {
  ledgerContract({ describe, it }, async (clock) => {
    await empty();
    const ledger = split(clock);
    return { ledger, close: () => ledger.close() };
  });
});

describe("what a user may not do, whatever it tries", () => {
  let waiting: Case;
  let approved: Case;
  let running: Case;
  let done: Case;
  let automatic: Case;

  beforeEach(async () => {
    await empty();
    const ledger = split();
    waiting = await asked(ledger, { key: "waiting" });
    approved = await decided(ledger, await asked(ledger, { key: "approved" }), "approve");
    running = await claimed(ledger, await routed(ledger, "execute", { key: "running" }));
    done = await executed(ledger, { key: "done" });
    automatic = await routed(ledger, "execute", { key: "automatic" });
  });

  /** Everything that counts, as text. */
  async function everything(): Promise<string> {
    const { rows } = await fresh.pool.query<{ all: string }>(`select concat(
      (select json_agg(c.doc order by c.id) from case_view c), (select json_agg(a order by a.seq) from audit_log a),
      (select json_agg(h) from audit_head h), (select json_agg(r order by r.part) from roles r),
      (select json_agg(d order by d.id) from decisions d), (select json_agg(m order by m.id) from permits m),
      (select json_agg(x order by x.audit_id) from cases x), (select json_agg(s order by s.id) from stages s),
      (select json_agg(j order by j.proposal_id) from judgements j)) as all`);
    return rows[0]?.all ?? "";
  }

  /** Runs it and sees that it was refused, or did nothing. */
  async function expectFutile(part: Part, sql: string, values: unknown[] = []): Promise<void> {
    const before = await everything();
    await pools[part].query(sql, values).catch(() => undefined);
    expect(await everything(), `${part}: ${sql}`).toBe(before);
  }

  /** Runs it as the owner inside a transaction that is taken back: it would change something, so `expectFutile` means it. */
  async function expectToCount(sql: string, values: unknown[] = []): Promise<void> {
    const client = await fresh.pool.connect();
    try {
      await client.query("begin; set local session_replication_role = replica");
      expect((await client.query(sql, values)).rowCount, sql).not.toBe(0);
    } finally {
      await client.query("rollback");
      client.release();
    }
  }

  const forgedDecision = `insert into decisions (id, proposal_id, review_id, round, verdict, principal, args_digest,
      statement, decided_at)
    select 'dc_forged', v.proposal_id, v.id, v.round, 'approve', '{"id":"boss"}', v.digest, '{}', now()
    from reviews v where v.proposal_id = $1`;
  const forgedPermit = (
    basis: string,
  ): string => `insert into permits (id, proposal_id, round, args_digest, basis, state, issued_at)
    select 'pm_forged', proposal_id, round, args_digest, '${basis}', 'issued', now() from rounds where proposal_id = $1`;

  test("a graph host's user decides nothing", async () => {
    expect.hasAssertions();
    for (const [sql, values] of [
      [forgedDecision, [waiting.proposal.id]],
      [forgedPermit("decisions"), [waiting.proposal.id]],
      ["update reviews set status = 'decided', version = 2 where proposal_id = $1", [waiting.proposal.id]],
      ["update decisions set verdict = 'approve'", []],
      ["delete from decisions where proposal_id = $1", [approved.proposal.id]],
      ["update permits set basis = 'decisions' where proposal_id = $1", [automatic.proposal.id]],
    ] as const) {
      await expectToCount(sql, [...values]);
      await expectFutile("graph", sql, [...values]);
    }
  });

  test("a decider's user runs nothing", async () => {
    for (const [sql, values] of [
      [forgedPermit("policy"), [waiting.proposal.id]],
      ["update permits set state = 'claimed', owner = 'me', claims = 1 where proposal_id = $1", [approved.proposal.id]],
      ["update permits set state = 'spent' where proposal_id = $1", [running.proposal.id]],
      [
        `insert into proposals (id, thread_id, action, agent, trust, round, proposed_at)
         values ('pr_forged', 't', 'refund', 'me', 'verified', 1, now())`,
        [],
      ],
      ["update proposals set gate = 'mine', delivered_at = now() where id = $1", [waiting.proposal.id]],
      ['update rounds set routing = \'{"route":"execute"}\' where proposal_id = $1', [waiting.proposal.id]],
      [
        `insert into cases (audit_id, proposal_id, outcome, record, closed_at)
         values ('au_forged', $1, '{"status":"executed"}', '{}', now())`,
        [approved.proposal.id],
      ],
    ] as const) {
      await expectToCount(sql, [...values]);
      await expectFutile("decider", sql, [...values]);
    }
    const rounds = `insert into rounds (proposal_id, round, args, args_digest, facts, display, display_digest, routing)
      values ($1, 9, '{}', 'x', '{}', '{}', 'x', $2)`;
    for (const noRouting of [null, "null", '"execute"']) {
      await expectToCount(rounds, [waiting.proposal.id, noRouting]);
      await expectFutile("decider", rounds, [waiting.proposal.id, noRouting]);
    }
    // Without a decision there is nothing that a permit could rest on.
    await expectFutile("decider", forgedPermit("decisions"), [waiting.proposal.id]);
    const claim = { proposalId: approved.proposal.id, threadId: approved.proposal.threadId, round: 1 };
    const ledger = postgresLedger({ pool: pools.decider, schema: fresh.schema });
    const request = {
      ...claim,
      argsDigest: approved.round.argsDigest,
      owner: "me",
      leaseMs: 1,
      at: "",
      takeover: true,
    };
    await expect(ledger.claim({ ...request, at: new Date().toISOString() })).rejects.toMatchObject({
      code: "ledger_unavailable",
    });
  });

  test("what no policy says is no routing, whoever writes it", async () => {
    expect.hasAssertions();
    const { proposal } = await proposed(split(), { key: "fresh" });
    const sql = "update rounds set routing = 'null' where proposal_id = $1";
    await expectToCount(sql, [proposal.id]);
    for (const part of ["graph", "decider"] as const) await expectFutile(part, sql, [proposal.id]);
  });

  test("a permit that a graph host's user makes void leads to another round, once", async () => {
    const { id } = approved.proposal;
    await pools.graph.query("update permits set state = 'void' where proposal_id = $1", [id]);
    const request = { proposalId: id, round: 1, reason: "there is no permit", at: approved.proposal.proposedAt };
    for (const ledger of [split(), split()]) {
      expect(await ledger.reroute(request)).toMatchObject({ round: { round: 2, routing: null }, permit: null });
    }
    const { rows } = await pools.graph.query("select state from permits where proposal_id = $1", [id]);
    expect(rows).toEqual([{ state: "void" }]);
  });

  test("a graph host's user moves no stage, and nobody writes judgements or moves a stage without a name", async () => {
    expect.hasAssertions();
    const ledger = split();
    const of = { agent: "support", action: "refund", trust: "verified" } as const;
    await ledger.setStage({ of, stage: 3, by: reviewer("cy"), reason: "Known.", at: moment(50) });
    const stage = (name: string, place: string, by: string): string => `insert into stages (id, agent, action, trust,
      stage, ceiling, judged_before, changed_by, reason, changed_at)
      values ('${name}', '${name}', 'refund', 'verified', ${place}, 0, ${by}, 'x', now())`;
    const refused: [Part, string][] = [
      ["graph", stage("forged", "5, 5", "'{}'")],
      ["graph", "update stages set stage = 5, changed_by = '{}'"],
      ["graph", "insert into judgements select id, agent, action, trust, 99, true from proposals limit 1"],
      ["decider", "insert into judgements select id, agent, action, trust, 99, true from proposals limit 1"],
      ["decider", "update judgements set is_right = false"],
      ["decider", "update stages set stage = 5, changed_by = null"],
      ["decider", "update stages set stage = stage + 1, ceiling = 4, changed_by = null"],
      ["decider", stage("forged", "3, 5", "null")],
      ["decider", "update stages set agent = 'other', changed_by = '{}'"],
      ["decider", "delete from stages"],
      ["decider", "delete from judgements"],
    ];
    for (const [part, sql] of refused) {
      await expectToCount(sql);
      await expectFutile(part, sql);
    }
    await expectFutile("decider", "update stages set stage = 5, ceiling = 4, changed_by = '{}'");
  });

  test("neither rewrites what was recorded, and neither deletes anything", async () => {
    expect.hasAssertions();
    const rewrites: [string, unknown[]][] = [
      ["update rounds set args = '{}', args_digest = 'x' where proposal_id = $1", [waiting.proposal.id]],
      ["update rounds set display = '{}' where proposal_id = $1", [waiting.proposal.id]],
      ["update rounds set facts = '{\"confidence\":1}' where proposal_id = $1", [waiting.proposal.id]],
      ["update proposals set thread_id = 'mine' where id = $1", [approved.proposal.id]],
      ["update proposals set trust = 'open' where id = $1", [waiting.proposal.id]],
      ["update proposals set state = 'open' where id = $1", [done.proposal.id]],
      ["update proposals set round = round - 1 where id = $1", [waiting.proposal.id]],
      ["update reviews set digest = 'x' where proposal_id = $1", [waiting.proposal.id]],
      ["update reviews set status = 'open' where proposal_id = $1", [approved.proposal.id]],
      ["update permits set state = 'issued', owner = null where proposal_id = $1", [done.proposal.id]],
      ["update permits set state = 'issued' where proposal_id = $1", [running.proposal.id]],
      ["update permits set args_digest = 'x' where proposal_id = $1", [approved.proposal.id]],
      ["update permits set proposal_id = $2 where proposal_id = $1", [approved.proposal.id, waiting.proposal.id]],
      ["update decisions set proposal_id = $2 where proposal_id = $1", [approved.proposal.id, waiting.proposal.id]],
      ["update decisions set signatures = '[]'", []],
      ['update cases set outcome = \'{"status":"rejected"}\'', []],
      ["update audit_log set entry = '{}' where seq = 1", []],
      ["update audit_head set seq = 0", []],
      ["update roles set role = 'public'", []],
      ["insert into migrations (id, name, breaking) values (99, 'x', true)", []],
      ...["decisions", "permits", "cases", "reviews", "rounds", "proposals", "audit_log", "audit_head", "roles"].map(
        (table): [string, unknown[]] => [`delete from ${table}`, []],
      ),
    ];
    for (const [sql, values] of rewrites) {
      await expectToCount(sql, values);
      for (const part of ["graph", "decider", "nobody"] as const) await expectFutile(part, sql, values);
    }
    for (const table of ["decisions", "permits", "cases", "audit_log", "proposals"]) {
      for (const part of ["graph", "decider"] as const) await expectFutile(part, `truncate ${table} cascade`);
    }
  });

  test("none of them undoes what holds it", async () => {
    const { schema } = fresh;
    for (const part of ["graph", "decider", "nobody"] as const) {
      for (const sql of [
        `alter table ${schema}.permits disable trigger all`,
        `alter table ${schema}.permits disable row level security`,
        `drop policy graph_by_policy on ${schema}.permits`,
        `create or replace function ${schema}.may_append(caller name, kind text, entry text) returns boolean
           language sql as 'select true'`,
        `grant ${roles.decider} to ${roles.graph}`,
        `set role ${roles[part === "decider" ? "graph" : "decider"]}`,
        "set session_replication_role = replica",
        `set session authorization "${roles.graph}"`,
      ]) {
        await expect(pools[part].query(sql), `${part}: ${sql}`).rejects.toMatchObject({
          code: expect.stringMatching(/^(42501|42704)$/),
        });
      }
    }
  });

  test("the audit log takes from each only what its part does, and nothing that says otherwise", async () => {
    const entry = (kind: string, data: object = {}): string =>
      JSON.stringify({ at: "2026-03-30T10:30:00.000Z", data, kind, proposal: waiting.proposal.id, v: 1 });
    const append = `select append_audit($1, array[$2::text], array[$3::text])`;
    const { id } = waiting.proposal;
    const policyPermit = { argsDigest: "x", basis: "policy", permit: "pm_1", round: 1 };
    const refused: [Part, string, string][] = [
      ["graph", "decided", entry("decided")],
      ["graph", "permitted", entry("permitted", { ...policyPermit, basis: "decisions" })],
      ["decider", "claimed", entry("claimed")],
      ["decider", "executed", entry("executed")],
      ["decider", "proposed", entry("proposed")],
      ["decider", "permitted", entry("permitted", policyPermit)],
      // The words beside the entry are others than those in it.
      ["graph", "refused", entry("decided")],
      ["graph", "refused", entry("refused").replace(id, approved.proposal.id)],
      ["graph", "refused", "nonsense"],
      ["nobody", "refused", entry("refused")],
    ];
    for (const [part, kind, text] of refused) await expectFutile(part, append, [id, kind, text]);
    for (const part of ["graph", "decider"] as const) {
      await expectFutile(part, "insert into audit_log values (99, 'refused', $1, $2, '\\x00')", [id, entry("refused")]);
      const { rowCount } = await pools[part].query(append, [id, "refused", entry("refused")]);
      expect(rowCount).toBe(1);
    }
  });

  test("somebody without a part sees nothing", async () => {
    for (const table of ["proposals", "rounds", "decisions", "permits", "audit_log", "case_view"]) {
      await expect(pools.nobody.query(`select * from ${fresh.schema}.${table}`)).rejects.toMatchObject({
        code: "42501",
      });
    }
  });
});

describe("granting", () => {
  test("again changes nothing, also after a migration and from several processes at once", async () => {
    const options = { pool: fresh.pool, schema: fresh.schema, ...roles };
    await migrate(fresh);
    const again = await Promise.all([grantRoles(options), grantRoles(options), grantRoles(options)]);
    expect(again.map(({ created }) => created)).toEqual([[], [], []]);
    await empty();
    expect((await executed(split())).outcome?.status).toBe("executed");
  });

  test.each([
    [{ graph: "Graph" }, /role's name/],
    [{ decider: 'x"; drop table permits; --' }, /role's name/],
    [{ graph: "same", decider: "same" }, /a role each/],
  ])("refuses %j", async (names, message) => {
    await expect(grantRoles({ pool: fresh.pool, schema: fresh.schema, ...names })).rejects.toThrow(message);
  });

  test("before migrate says what to do", async () => {
    const bare = await freshSchema({ migrated: false });
    await expect(grantRoles({ pool: bare.pool, schema: bare.schema, ...roles })).rejects.toMatchObject({
      code: "ledger_outdated",
    });
    await bare.close();
  });
});
