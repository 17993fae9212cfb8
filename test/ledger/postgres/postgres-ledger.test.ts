import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GENESIS_HASH } from "../../../src/model/audit-event.js";
import { postgresLedger } from "../../../src/ledger/postgres/postgres-ledger.js";
import { ledgerContract } from "../../../src/testing/ledger-contract.js";
import { freshSchema, type FreshSchema } from "../../support/postgres.js";

let fresh: FreshSchema;
beforeAll(async () => {
  fresh = await freshSchema({ connectionsMax: 8 });
});
afterAll(() => fresh.close());

/** Emptying the tables is several times faster than making them for every case. */
async function empty({ pool, schema }: FreshSchema): Promise<void> {
  await pool.query(`
    set session_replication_role = replica;
    truncate ${schema}.proposals, ${schema}.audit_log, ${schema}.halts, ${schema}.reviewers, ${schema}.stages, ${schema}.queue cascade;
    update ${schema}.settings set per_agent = 1000;
    set session_replication_role = origin;
    update ${schema}.audit_head set seq = 0, hash = decode('${GENESIS_HASH}', 'hex')`);
}

describe("the Postgres ledger", () => {
  ledgerContract({ describe, it }, async (clock) => {
    await empty(fresh);
    const { pool, schema } = fresh;
    const ledger = postgresLedger({ pool, schema, clock });
    return { ledger, close: () => ledger.close() };
  });

  it("says that what it keeps outlives the process", () => {
    expect(postgresLedger(fresh).durable).toBe(true);
  });
});
