import { randomBytes } from "node:crypto";
import { Pool } from "pg";
import { inject } from "vitest";

/** A database of one's own on the Postgres that all test files share. */
export interface FreshDatabase {
  url: string;
  pool: Pool;
  /** Drops it, whoever is still connected. */
  close(): Promise<void>;
}

/** Makes a database, for programs that choose the names of their schemas themselves. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const name = `test_${randomBytes(8).toString("hex")}`;
  const server = new Pool({ connectionString: inject("postgresUrl"), max: 1 });
  await server.query(`create database ${name}`);
  const url = new URL(inject("postgresUrl"));
  url.pathname = `/${name}`;
  const pool = new Pool({ connectionString: url.href, max: 2 });
  pool.on("error", () => {});
  return {
    url: url.href,
    pool,
    async close() {
      await pool.end();
      await server.query(`drop database ${name} with (force)`);
      await server.end();
    },
  };
}
