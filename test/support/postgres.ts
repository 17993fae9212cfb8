import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { Client, Pool } from "pg";
import { inject } from "vitest";
import { migrate } from "../../src/ledger/postgres/migrate.js";
import { jobsSchema } from "../../src/ledger/postgres/schema.js";

/** A schema of one's own on the Postgres that all test files share. */
export interface FreshSchema {
  /** Its name; the connections also search it first. */
  schema: string;
  pool: Pool;
  /** Connection URL of the server, for pools and processes of one's own. */
  url: string;
  /** Drops the schema, that of its jobs, and ends the pool. Fails if a client was not given back. */
  close: () => Promise<void>;
}

/** The ways in which a fresh schema may differ. */
export interface FreshSchemaOptions {
  /** Whether the ledger's migrations run in it; true unless said. */
  migrated?: boolean;
  /** The most connections of its pool; 4 unless said. */
  connectionsMax?: number;
  /** Whether it is in a database of its own, where nobody hears what others notify of; false unless said. */
  isAlone?: boolean;
}

/** Makes a schema with a random name, so that test files which run at the same time never meet. */
export async function freshSchema({
  migrated = true,
  connectionsMax = 4,
  isAlone = false,
}: FreshSchemaOptions = {}): Promise<FreshSchema> {
  const schema = `test_${randomBytes(8).toString("hex")}`;
  const shared = inject("postgresUrl");
  if (isAlone) await once(shared, `create database ${schema}`);
  const url = isAlone ? Object.assign(new URL(shared), { pathname: schema }).href : shared;
  const pool = new Pool({ connectionString: url, max: connectionsMax, options: `-c search_path=${schema},public` });
  // A connection that the server ends while idle would otherwise end the worker; the pool replaces it.
  pool.on("error", () => {});
  if (migrated) await migrate({ pool, schema });
  return {
    schema,
    pool,
    url,
    async close() {
      const kept = pool.totalCount - pool.idleCount;
      assert.equal(kept, 0, `${kept} client(s) of the pool on ${schema} were never given back`);
      await pool.query(`drop schema if exists ${schema}, ${jobsSchema(schema)} cascade`);
      await pool.end();
      if (isAlone) await once(shared, `drop database ${schema} with (force)`);
    },
  };
}

async function once(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
