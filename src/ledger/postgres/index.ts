/**
 * The ledger in Postgres, and an embedded Postgres for trials and tests.
 *
 * @packageDocumentation
 */
export { postgresLedger } from "./postgres-ledger.js";
export type { PostgresLedgerOptions } from "./postgres-ledger.js";
export { migrate } from "./migrate.js";
export type { MigrationReport } from "./migrate.js";
export { grantRoles } from "./roles.js";
export type { GrantRolesOptions, RolesGranted } from "./roles.js";
export { openPostgres } from "./open-postgres.js";
export type { OpenPostgres, OpenPostgresOptions } from "./open-postgres.js";
