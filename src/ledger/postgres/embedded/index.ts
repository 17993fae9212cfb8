export { openEmbeddedPostgres } from "./open.js";
export type { EmbeddedPostgres } from "./open.js";
