import type { Pool } from "pg";
import { AssentError } from "../../model/error.js";
import { installJobs, JOBS_NEWEST } from "./jobs.js";
import { migrations } from "./migrations/index.js";
import { jobsSchema, quoteSchema } from "./schema.js";
import { connection, inTransaction, onOneConnection, type Run } from "./transaction.js";

/** One numbered step of the schema. */
export interface Migration {
  id: number;
  name: string;
  /** Whether code that does not know this step must not touch the database. */
  breaking: boolean;
  /** The statements, for a quoted schema name and that of its jobs. */
  sql: (schema: string, jobs: string) => string;
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
 * Brings the schema up to this version, and the schema of its jobs beside it (`<schema>_jobs`), under an advisory lock,
 * so any number of processes may start at once. The ledger's own steps are one transaction: if we die here none of them
 * is applied, and the next run starts over. The jobs' steps come first, each in a transaction of its own; without the
 * ledger's they do nothing, and the next run goes on after the last one.
 *
 * @throws AssentError `ledger_outdated` if the database was migrated by a newer, breaking version.
 */
export async function migrate({ pool, schema = "assent" }: { pool: Pool; schema?: string }): Promise<MigrationReport> {
  const quoted = quoteSchema(schema);
  return onOneConnection(pool, async (lent) => {
    const lock = ["hashtextextended($1, 7221)", [`assent.migrate.${schema}`]] as const;
    await lent.query(`select pg_advisory_lock(${lock[0]})`, [...lock[1]]);
    try {
      await requireKnown(lent, schema, quoted);
      await installJobs(lent, schema);
      return await inTransaction(connection(lent, MIGRATION_MS_MAX, false), (run) => applyMissing(run, schema, quoted));
    } finally {
      // A connection that is broken has lost the lock already.
      await lent.query(`select pg_advisory_unlock(${lock[0]})`, [...lock[1]]).catch(() => undefined);
    }
  });
}

/** Before anything is changed: a newer version's schema is not ours to add jobs to. */
async function requireKnown(pool: Pool, schema: string, quoted: string): Promise<void> {
  const { rows } = await pool.query<{ known: string | null }>("select to_regclass($1)::text as known", [
    `${quoted}.migrations`,
  ]);
  if (rows[0]?.known === null) return;
  const applied = await pool.query<{ id: number; name: string; breaking: boolean }>(
    `select id, name, breaking from ${quoted}.migrations order by id`,
  );
  refuseNewer(schema, applied.rows);
}

function refuseNewer(schema: string, rows: readonly { id: number; name: string; breaking: boolean }[]): void {
  const newest = migrations.at(-1)?.id ?? 0;
  const ahead = rows.find((row) => row.id > newest && row.breaking);
  if (ahead === undefined) return;
  throw new AssentError("ledger_outdated", {
    what: `The schema "${schema}" was migrated by a newer version`,
    where: `migration ${ahead.id} (${ahead.name})`,
    seen: `this version knows migrations up to ${newest}`,
    fix: "Upgrade this process",
  });
}

async function applyMissing(run: Run, schema: string, quoted: string): Promise<MigrationReport> {
  await run(`create schema if not exists ${quoted}`);
  await run(`create table if not exists ${quoted}.migrations (
      id int primary key, name text not null, breaking boolean not null, applied_at timestamptz not null default now())`);
  const rows = await run<{ id: number }>(`select id from ${quoted}.migrations order by id`);
  const done = new Set(rows.map((row) => row.id));
  const applied: string[] = [];
  for (const migration of migrations.filter((step) => !done.has(step.id))) {
    await run(migration.sql(quoted, quoteSchema(jobsSchema(schema))));
    await run(`insert into ${quoted}.migrations (id, name, breaking) values ($1, $2, $3)`, [
      migration.id,
      migration.name,
      migration.breaking,
    ]);
    applied.push(migration.name);
  }
  return { schema, applied, at: Math.max(migrations.at(-1)?.id ?? 0, ...done) };
}

/** How far a ledger's schema and that of its jobs are migrated; null where there is none. */
export interface MigrationState {
  ledger: { at: number | null; newest: number };
  jobs: { at: number | null; newest: number };
}

/** Tells how far a schema is migrated, without changing anything. */
export async function migrationState({ pool, schema }: { pool: Pool; schema: string }): Promise<MigrationState> {
  const at = async (table: string): Promise<number | null> => {
    const { rows: known } = await pool.query<{ known: string | null }>("select to_regclass($1)::text as known", [
      table,
    ]);
    if (known[0]?.known === null) return null;
    const { rows } = await pool.query<{ at: number | null }>(`select max(id) as at from ${table}`);
    return rows[0]?.at ?? null;
  };
  return {
    ledger: { at: await at(`${quoteSchema(schema)}.migrations`), newest: migrations.at(-1)?.id ?? 0 },
    jobs: { at: await at(`${quoteSchema(jobsSchema(schema))}.migrations`), newest: JOBS_NEWEST },
  };
}
