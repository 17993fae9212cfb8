import type { Migration } from "../migrate.js";

/**
 * When each review was asked last, by the database's clock: who withdraws what nobody waits for does not go by the clock of
 * the process that asked, nor by their own.
 */
export const addressed: Migration = {
  id: 11,
  name: "addressed",
  breaking: false,
  sql: (schema) => `
alter table ${schema}.reviews add column addressed_at timestamptz not null default clock_timestamp();
`,
};
