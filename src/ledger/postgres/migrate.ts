import type { Pool } from "pg";
import { AssentError } from "../../model/error.js";
import { migrations } from "./migrations/index.js";
import { quoteSchema } from "./schema.js";
import { connection, inTransaction } from "./transaction.js";

/** One numbered step of the schema. */
export interface Migration {
  id: number;
  name: string;
  /** Whether code that does not know this step must not touch the database. */
  breaking: boolean;
  /** The statements, for a quoted schema name. */
  sql: (schema: string) => string;
}

/** How long one step, or the wait for another process that migrates, may take. */
const MIGRATION_MS_MAX = 3_600_000;

/** What a migration run did. */
export interface MigrationReport {
  schema: string;
  /** Names of the steps that were applied, in order. */
  applied: string[];
  /** The step the schema is at now. */
  at: number;
}

/**
 * Brings the schema up to this version, in one transaction under an advisory lock, so any number of processes may
 * start at once. If we die here nothing is applied; the next run starts over.
 *
 * @throws AssentError `ledger_outdated` if the database was migrated by a newer, breaking version.
 */
export async function migrate({ pool, schema = "assent" }: { pool: Pool; schema?: string }): Promise<MigrationReport> {
  const quoted = quoteSchema(schema);
  return inTransaction(connection(pool, MIGRATION_MS_MAX), async (run) => {
    await run("select pg_advisory_xact_lock(hashtextextended($1, 7221))", [`assent.migrate.${schema}`]);
    await run(`create schema if not exists ${quoted}`);
    await run(`create table if not exists ${quoted}.migrations (
      id int primary key, name text not null, breaking boolean not null, applied_at timestamptz not null default now())`);
    const rows = await run<{ id: number; name: string; breaking: boolean }>(
      `select id, name, breaking from ${quoted}.migrations order by id`,
    );
    const newest = migrations.at(-1)?.id ?? 0;
    const ahead = rows.find((row) => row.id > newest && row.breaking);
    if (ahead !== undefined) {
      throw new AssentError("ledger_outdated", {
        what: `The schema "${schema}" was migrated by a newer version`,
        where: `migration ${ahead.id} (${ahead.name})`,
        seen: `this version knows migrations up to ${newest}`,
        fix: "Upgrade this process",
      });
    }
    const done = new Set(rows.map((row) => row.id));
    const applied: string[] = [];
    for (const migration of migrations.filter((step) => !done.has(step.id))) {
      await run(migration.sql(quoted));
      await run(`insert into ${quoted}.migrations (id, name, breaking) values ($1, $2, $3)`, [
        migration.id,
        migration.name,
        migration.breaking,
      ]);
      applied.push(migration.name);
    }
    return { schema, applied, at: Math.max(newest, ...done) };
  });
}
