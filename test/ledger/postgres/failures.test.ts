import { Pool } from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Ledger } from "../../../src/ledger/ledger.js";
import { postgresLedger } from "../../../src/ledger/postgres/postgres-ledger.js";
import type { Case } from "../../../src/model/case.js";
import {
  asked,
  askRequest,
  claimed,
  claimRequest,
  decideRequest,
  draft,
  moment,
  proposed,
  routed,
  routeRequest,
  settleRequest,
} from "../../../src/testing/ledger-contract/specimens.js";
import { freshSchema, type FreshSchema } from "../../support/postgres.js";

const WRITES: [
  name: string,
  before: (ledger: Ledger) => Promise<Case>,
  write: (ledger: Ledger, held: Case) => Promise<unknown>,
][] = [
  ["propose", (ledger) => proposed(ledger), (ledger) => ledger.propose(draft({ key: "another" }))],
  ["route", (ledger) => proposed(ledger), (ledger, held) => ledger.route(routeRequest(held, "block"))],
  [
    "reroute",
    (ledger) => routed(ledger, "execute"),
    (ledger, { proposal: { id } }) => ledger.reroute({ proposalId: id, round: 1, reason: "No.", at: moment(3) }),
  ],
  ["ask", (ledger) => routed(ledger, "review"), (ledger, held) => ledger.ask(askRequest(held))],
  ["decide", (ledger) => asked(ledger), (ledger, held) => ledger.decide(decideRequest(held, "modify"))],
  [
    "refuse",
    (ledger) => asked(ledger),
    (ledger, { proposal: { id } }) =>
      ledger.refuse({ proposalId: id, what: "answer", reason: "No.", by: null, at: moment(3) }),
  ],
  ["claim", (ledger) => routed(ledger, "execute"), (ledger, held) => ledger.claim(claimRequest(held, "worker-1"))],
  [
    "settle",
    async (ledger) => claimed(ledger, await routed(ledger, "execute")),
    (ledger, held) => ledger.settle(settleRequest(held, "worker-1")),
  ],
];

let fresh: FreshSchema;
beforeEach(async () => {
  fresh = await freshSchema();
});
afterEach(() => fresh.close());

/** Does `work` while the head of the audit log is locked by somebody else, so every write of the ledger waits. */
async function whileLogIsLocked(work: () => Promise<void>): Promise<void> {
  const pool = new Pool({ connectionString: fresh.url, max: 1 });
  const client = await pool.connect();
  try {
    await client.query("begin");
    await client.query(`select seq from ${fresh.schema}.audit_head for update`);
    await work();
    await client.query("rollback");
  } finally {
    client.release();
    await pool.end();
  }
}

/** Ends every connection that waits for a lock on the ledger's log, once there is one. */
async function killWaiting(): Promise<void> {
  const pool = new Pool({ connectionString: fresh.url, max: 1 });
  const sql = `select pg_terminate_backend(pid) from pg_stat_activity
    where wait_event_type = 'Lock' and query like '%${fresh.schema}%'`;
  let killed: number | null = 0;
  while (killed === 0) killed = (await pool.query(sql)).rowCount;
  await pool.end();
}

describe("the Postgres ledger, when something fails", () => {
  for (const [name, before, write] of WRITES) {
    it(`${name}: a connection killed half-way is retryable, nothing is half-written, and the repeat counts once`, async () => {
      const ledger = postgresLedger(fresh);
      const held = await before(ledger);
      const head = await ledger.auditHead();
      await whileLogIsLocked(async () => {
        const [attempt] = await Promise.allSettled([write(ledger, held), killWaiting()]);
        expect(attempt).toMatchObject({ status: "rejected", reason: { code: "ledger_unavailable", retryable: true } });
      });
      expect(await ledger.read(held.proposal.id)).toEqual(held);
      expect(await ledger.auditHead()).toEqual(head);
      expect(await ledger.cases({ afterId: "", limit: 10 })).toHaveLength(1);
      await write(ledger, held);
      const after = await ledger.auditHead();
      expect(after.seq).toBeGreaterThan(head.seq);
      await write(ledger, held);
      expect(await ledger.auditHead()).toEqual(after);
    });
  }

  it("connections killed while idle are replaced", async () => {
    const ledger = postgresLedger(fresh);
    const held = await proposed(ledger);
    const admin = new Pool({ connectionString: fresh.url, max: 1 });
    const gone = new Promise((resolve) => fresh.pool.once("remove", resolve));
    await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity
      where pid <> pg_backend_pid() and query like '%${fresh.schema}%'`);
    await admin.end();
    await gone;
    expect(await ledger.read(held.proposal.id)).toEqual(held);
  });

  it("a lock that cannot be had in time is a conflict, which is retryable", async () => {
    const pool = new Pool({ connectionString: fresh.url, max: 2, options: "-c lock_timeout=20" });
    const ledger = postgresLedger({ pool, schema: fresh.schema });
    const held = await asked(ledger);
    await whileLogIsLocked(async () => {
      for (const write of [
        () => ledger.decide(decideRequest(held, "approve")),
        () => ledger.ask(askRequest(held, "again")),
      ]) {
        await expect(write()).rejects.toMatchObject({ code: "ledger_conflict", retryable: true });
      }
    });
    expect(await ledger.read(held.proposal.id)).toEqual(held);
    expect(pool.idleCount).toBe(pool.totalCount);
    await pool.end();
  });

  it("a server that cannot be reached is unavailable, which is retryable", async () => {
    const pool = new Pool({ connectionString: "postgres://nobody@127.0.0.1:1/nothing", max: 1 });
    const ledger = postgresLedger({ pool });
    const refused = { code: "ledger_unavailable", retryable: true };
    await expect(ledger.read("pr_1")).rejects.toMatchObject(refused);
    await expect(ledger.propose(draft())).rejects.toMatchObject(refused);
    const noted = { proposalId: "pr_1", what: "claim", reason: "?", by: null, at: moment(1) } as const;
    await expect(ledger.refuse(noted)).rejects.toMatchObject(refused);
    await pool.end();
  });

  it("without its tables every method says that the schema is outdated and names the command", async () => {
    const held = await asked(postgresLedger(fresh));
    for (const schema of ["no_such_schema", "pg_catalog"]) {
      const ledger = postgresLedger({ pool: fresh.pool, schema });
      const { id: proposalId, threadId } = held.proposal;
      const calls = [
        () => ledger.propose(draft()),
        () => ledger.read(proposalId),
        () => ledger.take({ threadId, gate: "gate", ids: [proposalId] }),
        () => ledger.route(routeRequest(held, "execute")),
        () => ledger.ask(askRequest(held)),
        () => ledger.decide(decideRequest(held, "approve")),
        () => ledger.claim(claimRequest(held, "worker")),
        () => ledger.settle(settleRequest(held, "worker")),
        () => ledger.reviews({ limit: 1 }),
        () => ledger.undelivered({ limit: 1 }),
        () => ledger.delivered(threadId),
        () => ledger.auditRows({ afterSeq: 0, limit: 1 }),
        () => ledger.cases({ afterId: "", limit: 1 }),
        () => ledger.auditHead(),
      ];
      for (const call of calls) {
        await expect(call()).rejects.toMatchObject({
          code: "ledger_outdated",
          retryable: false,
          fix: expect.stringContaining("assent migrate") as string,
        });
      }
    }
  });

  it("a value that Postgres cannot keep is refused for good, not to be tried again", async () => {
    const ledger = postgresLedger(fresh);
    const { proposal } = await proposed(ledger);
    const at = "the day before yesterday";
    const noted = {
      proposalId: proposal.id,
      round: 1,
      routing: routeRequest(await proposed(ledger), "execute").routing,
    };
    await expect(ledger.route({ ...noted, outcome: null, at })).rejects.toMatchObject({
      code: "json_invalid",
      retryable: false,
    });
    expect((await ledger.auditHead()).seq).toBe(1);
  });
});
