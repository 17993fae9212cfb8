import { migrate, openPostgres, postgresLedger } from "assent/postgres";

/**
 * The ledger of the graphs that LangGraph Studio steps through: a schema of its own, so that a trial never mixes with
 * real work. Uses DATABASE_URL, or the embedded Postgres under `.assent/`.
 */
export const STUDIO_SCHEMA = "assent_studio";

const { pool } = await openPostgres({ url: process.env["DATABASE_URL"], connectionsMax: 5 });
await migrate({ pool, schema: STUDIO_SCHEMA });

export const studioLedger = postgresLedger({ pool, schema: STUDIO_SCHEMA });
