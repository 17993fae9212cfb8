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
