import { Logger, runMigrations } from "graphile-worker";
import type { Pool } from "pg";
import { jobsSchema } from "./schema.js";

/** The newest step of the jobs' schema that this version's graphile-worker knows. */
export const JOBS_NEWEST = 19;

/** What graphile-worker has to say goes nowhere: what matters throws. */
export const silent = new Logger(() => () => {});

/** Brings the schema of a ledger's jobs up to date; each step is a transaction of its own. */
export async function installJobs(pool: Pool, schema: string): Promise<void> {
  await runMigrations({ pgPool: pool, schema: jobsSchema(schema), logger: silent });
}
