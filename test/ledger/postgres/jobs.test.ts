import { Pool } from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Ledger } from "../../../src/ledger/ledger.js";
import { JOBS_NEWEST } from "../../../src/ledger/postgres/jobs.js";
import { migrate } from "../../../src/ledger/postgres/migrate.js";
import { migrations } from "../../../src/ledger/postgres/migrations/index.js";
import { postgresLedger } from "../../../src/ledger/postgres/postgres-ledger.js";
import { grantRoles } from "../../../src/ledger/postgres/roles.js";
import { jobsSchema } from "../../../src/ledger/postgres/schema.js";
import type { Case } from "../../../src/model/case.js";
import { ONE_PERSON } from "../../../src/model/requirement.js";
import {
  asked,
  askRequest,
  decided,
  decideRequest,
  outcome,
  reviewOf,
  routed,
} from "../../../src/testing/ledger-contract/specimens.js";
import { freshSchema, type FreshSchema } from "../../support/postgres.js";

let fresh: FreshSchema;
let ledger: Ledger;
beforeEach(async () => {
  fresh = await freshSchema({ migrated: false, connectionsMax: 8 });
  ledger = postgresLedger(fresh);
});
afterEach(() => fresh.close());

interface JobRow {
  task: string;
  key: string;
  payload: unknown;
  /** Milliseconds from now on, by the database's clock. */
  inMs: number;
}

async function jobs(): Promise<JobRow[]> {
  const schema = jobsSchema(fresh.schema);
  const { rows } = await fresh.pool.query<JobRow>(`
    select t.identifier as task, j.key, j.payload, extract(epoch from j.run_at - clock_timestamp())::float8 * 1000 as "inMs"
    from ${schema}._private_jobs j join ${schema}._private_tasks t on t.id = j.task_id order by j.key`);
  return rows;
}

const keys = async (): Promise<string[]> => (await jobs()).map(({ key }) => key);

async function askedWithin(withinMs: number, key = "timed"): Promise<Case> {
  const held = await routed(ledger, "review", { key });
  return ledger.ask({ ...askRequest(held), withinMs, otherwise: "reject", at: new Date().toISOString() });
}

describe("a decision", () => {
  beforeEach(() => migrate(fresh));

  test("has its job from the moment it is committed, one for the thread, due at once", async () => {
    const held = await asked(ledger, { threadId: "thread-7" });
    expect(await jobs()).toEqual([]);
    await decided(ledger, held, "approve");
    const [job, ...more] = await jobs();
    expect(more).toEqual([]);
    expect(job).toMatchObject({ task: "deliver", key: "deliver:thread-7", payload: { thread: "thread-7" } });
    expect(job!.inMs).toBeLessThanOrEqual(0);
    await decided(ledger, await asked(ledger, { threadId: "thread-7", key: "b" }), "reject");
    expect(await keys()).toEqual(["deliver:thread-7"]);
  });

  test("that is taken back leaves no job", async () => {
    const held = await asked(ledger);
    const client = await fresh.pool.connect();
    try {
      await client.query("begin");
      await client.query(`update ${fresh.schema}.reviews set status = 'decided', version = 2 where id = $1`, [
        reviewOf(held).id,
      ]);
      await client.query("rollback");
    } finally {
      client.release();
    }
    const cannotBeKept = decideRequest(held, "approve");
    // What comes after the review in its transaction fails.
    await fresh.pool.query(`alter table ${fresh.schema}.permits add constraint none check (basis <> 'decisions')`);
    await expect(ledger.decide(cannotBeKept)).rejects.toMatchObject({ code: "ledger_unavailable" });
    expect(await jobs()).toEqual([]);
  });

  test("on a thread whose id is longer than a job's key has its job too", async () => {
    const threadId = "long ".repeat(300);
    await decided(ledger, await asked(ledger, { threadId }), "approve");
    expect(await jobs()).toMatchObject([{ payload: { thread: threadId } }]);
  });

  test("does not look through the jobs of others, however few there were when its connection was made", async () => {
    const client = await fresh.pool.connect();
    const table = `${jobsSchema(fresh.schema)}._private_jobs`;
    try {
      await client.query("begin");
      const enqueue = `select ${fresh.schema}.enqueue('deliver', '{}', $1, now(), null)`;
      for (let nth = 0; nth < 50; nth += 1) await client.query(enqueue, [`job ${nth}`]);
      const looked = `select seq_tup_read::int as rows from pg_stat_xact_user_tables where relid = $1::regclass`;
      expect((await client.query(looked, [table])).rows).toEqual([{ rows: 0 }]);
      expect((await client.query(`select count(*)::int as made from ${table}`)).rows).toEqual([{ made: 50 }]);
    } finally {
      await client.query("rollback");
      client.release();
    }
  });

  test("removes the jobs of its deadline", async () => {
    const held = await askedWithin(60_000);
    await decided(ledger, held, "approve");
    expect(await keys()).toEqual([`deliver:${held.proposal.threadId}`]);
  });
});

describe("a deadline", () => {
  beforeEach(() => migrate(fresh));

  test("has a job at its time, and a reminder when four fifths of the time are over", async () => {
    const held = await askedWithin(1_000_000);
    const { id } = reviewOf(held);
    const [deadline, remind] = await jobs();
    expect(deadline).toMatchObject({ task: "deadline", key: `deadline:${id}`, payload: { review: id } });
    expect(remind).toMatchObject({ task: "remind", key: `remind:${id}`, payload: { review: id } });
    expect(remind!.inMs / deadline!.inMs).toBeCloseTo(0.8, 1);
  });

  test("of a review without one has none, also when it is asked again", async () => {
    const held = await asked(ledger);
    await ledger.ask(askRequest(held, "interrupt-2"));
    expect(await jobs()).toEqual([]);
  });

  const passed = async (held: Case, next: Parameters<Ledger["expire"]>[0]["next"] = null): Promise<Case> => {
    const at = new Date(Date.now() + 1).toISOString();
    return ledger.expire({ reviewId: reviewOf(held).id, outcome: outcome(held, "expired", at), next, at });
  };

  test("that has passed is brought to the thread, and has no job any more", async () => {
    const held = await askedWithin(0);
    const ended = await passed(held);
    expect(ended.outcome?.status).toBe("expired");
    expect(await keys()).toEqual([`deliver:${held.proposal.threadId}`]);
  });

  test("that moves to the next people moves its jobs; that ends without more people leaves none", async () => {
    const held = await routed(ledger, "review");
    const timed = await ledger.ask({ ...askRequest(held), withinMs: 0, otherwise: "escalate" });
    const { id } = reviewOf(timed);
    expect((await passed(timed, { withinMs: 500_000, otherwise: "hold" })).review?.step).toBe(1);
    const [deadline] = await jobs();
    expect(deadline!.inMs).toBeGreaterThan(400_000);
    expect(await keys()).toEqual([`deadline:${id}`, `remind:${id}`]);
  });

  test("of a review that is withdrawn has none until it is asked again", async () => {
    const held = await askedWithin(60_000);
    const { id, address } = reviewOf(held);
    const { interruptId } = address;
    await ledger.withdraw({ reviewId: id, interruptId, ageMinMs: 0, reason: "gone", at: new Date().toISOString() });
    expect(await jobs()).toEqual([]);
    await ledger.ask({ ...askRequest(held), withinMs: 60_000, otherwise: "reject" });
    expect(await keys()).toEqual([`deadline:${id}`, `remind:${id}`]);
  });
});

test("a withdrawn review that comes back gives people no less than its time, whoever writes it", async () => {
  await migrate(fresh);
  const requires = { ...ONE_PERSON, withinMs: 60_000 };
  const held = await routed(ledger, "review", {}, { requires });
  const timed = await ledger.ask({ ...askRequest(held), withinMs: 60_000, otherwise: "reject" });
  const { id, address } = reviewOf(timed);
  await ledger.withdraw({
    reviewId: id,
    interruptId: address.interruptId,
    ageMinMs: 0,
    reason: "gone",
    at: new Date().toISOString(),
  });
  await expect(
    fresh.pool.query(
      `update ${fresh.schema}.reviews set status = 'open', version = version + 1, deadline_at = clock_timestamp()`,
    ),
  ).rejects.toThrow("its whole time");
});

describe("with a database role for graph hosts and one for deciders", () => {
  test("both enqueue what follows, and neither has any right on the jobs", async () => {
    await migrate(fresh);
    const { pool, schema, url } = fresh;
    const roles = { graph: `${schema}_graph`, decider: `${schema}_decider` };
    await grantRoles({ pool, schema, ...roles });
    const as = (role: string): Pool =>
      new Pool({ connectionString: url, max: 2, options: `-c search_path=${schema} -c role=${role}` });
    const [graph, decider] = [as(roles.graph), as(roles.decider)];
    try {
      ledger = postgresLedger({ pool: graph, schema });
      const held = await askedWithin(60_000);
      expect(await keys()).toHaveLength(2);
      await decided(postgresLedger({ pool: decider, schema }), held, "approve");
      expect(await keys()).toEqual([`deliver:${held.proposal.threadId}`]);
      const gone = await askedWithin(60_000, "gone");
      const { id, address } = reviewOf(gone);
      const at = new Date().toISOString();
      await ledger.withdraw({ reviewId: id, interruptId: address.interruptId, ageMinMs: 0, reason: "gone", at });
      expect(await keys()).toHaveLength(1);
      for (const user of [graph, decider]) {
        for (const sql of [
          `select ${schema}.enqueue('deliver', '{}', 'x', now(), null)`,
          `select ${schema}.enqueue_deadline('x', now())`,
          `select * from ${jobsSchema(schema)}.jobs`,
          `select ${jobsSchema(schema)}.add_job('deliver')`,
        ]) {
          await expect(user.query(sql), sql).rejects.toThrow("permission denied");
        }
      }
    } finally {
      await Promise.all([graph.end(), decider.end()]);
      for (const role of Object.values(roles)) await pool.query(`drop owned by ${role}; drop role ${role}`);
    }
  });
});

describe("a ledger from before there were jobs", () => {
  test("is migrated with what it holds, and its deadlines get their jobs", async () => {
    const { pool, schema } = fresh;
    await pool.query(`create schema ${schema}; create table ${schema}.migrations (
      id int primary key, name text not null, breaking boolean not null, applied_at timestamptz not null default now())`);
    for (const { id, name, breaking, sql } of migrations.slice(0, 6)) {
      await pool.query(sql(`"${schema}"`, "none"));
      await pool.query(`insert into ${schema}.migrations (id, name, breaking) values ($1, $2, $3)`, [
        id,
        name,
        breaking,
      ]);
    }
    // The ledger of today writes what there was no column for then.
    await pool.query(`alter table ${schema}.reviews add column addressed_at timestamptz`);
    const held = await askedWithin(60_000);
    const open = await asked(ledger, { key: "without a deadline" });
    await pool.query(`alter table ${schema}.reviews drop column addressed_at`);
    expect((await migrate(fresh)).applied).toEqual(migrations.slice(6).map(({ name }) => name));
    expect(await ledger.read(held.proposal.id)).toEqual(held);
    const { id } = reviewOf(held);
    expect(await keys()).toEqual([`deadline:${id}`, `remind:${id}`]);
    await decided(ledger, open, "approve");
    expect(await keys()).toContain(`deliver:${open.proposal.threadId}`);
  });
});

describe("migrating the jobs", () => {
  const newest = async (): Promise<number> => {
    const { rows } = await fresh.pool.query<{ id: number }>(
      `select max(id) as id from ${jobsSchema(fresh.schema)}.migrations`,
    );
    return rows[0]!.id;
  };

  test("brings them to the newest step that is known", async () => {
    await migrate(fresh);
    expect(await newest()).toBe(JOBS_NEWEST);
  });

  test("goes well when many start at once, on a pool of one connection each", async () => {
    const { schema, url } = fresh;
    const pools = Array.from({ length: 6 }, () => new Pool({ connectionString: url, max: 1 }));
    try {
      const reports = await Promise.all(pools.map((pool) => migrate({ pool, schema })));
      expect(reports.filter(({ applied }) => applied.length > 0)).toHaveLength(1);
      expect(await newest()).toBe(JOBS_NEWEST);
    } finally {
      await Promise.all(pools.map((pool) => pool.end()));
    }
  });

  test("beside a schema with the longest name there is", async () => {
    const names = ["a".repeat(58), "a".repeat(59), `${"a".repeat(62)}b`, `${"a".repeat(62)}c`];
    const jobNames = names.map(jobsSchema);
    expect(new Set(jobNames).size).toBe(4);
    for (const name of jobNames) expect(name.length).toBeLessThanOrEqual(63);
    const long = `${fresh.schema}${"x".repeat(63 - fresh.schema.length)}`;
    try {
      await migrate({ pool: fresh.pool, schema: long });
      ledger = postgresLedger({ pool: fresh.pool, schema: long });
      expect((await decided(ledger, await asked(ledger), "approve")).permit?.state).toBe("issued");
    } finally {
      await fresh.pool.query(`drop schema if exists ${long}, ${jobsSchema(long)} cascade`);
    }
  });
});
