export { openEmbeddedPostgres } from "./open.js";
export type { EmbeddedPostgres, EmbeddedPostgresOptions } from "./open.js";
