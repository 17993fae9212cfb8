import { createHash } from "node:crypto";
import { AssentError } from "../../model/error.js";

/**
 * A schema name as it stands in SQL. Schema names cannot be parameters, so only plain lower-case names are let in.
 *
 * @throws AssentError `config_invalid` for any other name.
 */
export function quoteSchema(schema: string): string {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    throw new AssentError("config_invalid", {
      what: "A schema name must be lower-case letters, digits and underscores, starting with a letter",
      where: "schema",
      seen: schema,
    });
  }
  return `"${schema}"`;
}

/** The most letters that a name may have in Postgres. */
const NAME_MAX = 63;
const JOBS = "_jobs";

/** The schema that holds the jobs of a ledger's schema; beside a very long name it has a short one of its own. */
export function jobsSchema(schema: string): string {
  if (schema.length + JOBS.length <= NAME_MAX) return schema + JOBS;
  const mark = createHash("sha256").update(schema).digest("hex").slice(0, 16);
  return `${schema.slice(0, NAME_MAX - JOBS.length - mark.length - 1)}_${mark}${JOBS}`;
}
