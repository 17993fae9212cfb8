import type { Pool } from "pg";
import { AssentError } from "../../model/error.js";
import { grantSql, notePartsSql } from "./queries/grant.js";
import { quoteSchema } from "./schema.js";
import { connection, inTransaction } from "./transaction.js";

/** Which database roles get which part of the ledger. */
export interface GrantRolesOptions {
  /** A pool whose user owns the schema, and may make roles where these do not exist yet. */
  pool: Pool;
  /** The schema that `migrate` made; `assent` unless said. */
  schema?: string;
  /** The role of graph hosts; `assent_graph` unless said. */
  graph?: string;
  /** The role of those that decide; `assent_decider` unless said. */
  decider?: string;
}

/** What {@link grantRoles} did. */
export interface RolesGranted {
  schema: string;
  graph: string;
  decider: string;
  /** Those that did not exist before. */
  created: string[];
}

/**
 * Splits the ledger between two database roles, so that nobody who takes over a graph host's connection can decide
 * anything, and nobody who takes over a decider's can run anything: rights per table and column, and row security.
 * Roles that do not exist are made, without login; grant them to the users that your processes connect as, for example
 * `grant assent_graph to my_worker`. The owner keeps every right.
 *
 * In one transaction; run it again after each `migrate`. If we die in here nothing is granted.
 *
 * @throws AssentError `config_invalid` for names that cannot be used, `ledger_outdated` before `migrate`.
 */
export async function grantRoles({
  pool,
  schema = "assent",
  graph = "assent_graph",
  decider = "assent_decider",
}: GrantRolesOptions): Promise<RolesGranted> {
  const quoted = quoteSchema(schema);
  const names = { graph: quoteRole("graph", graph), decider: quoteRole("decider", decider) };
  if (graph === decider) {
    throw new AssentError("config_invalid", {
      what: "Graph hosts and deciders need a role each",
      where: "graph, decider",
      seen: graph,
    });
  }
  return inTransaction(connection(pool, undefined, false), async (run) => {
    // Roles belong to the whole server: two that are made at the same moment would otherwise collide.
    await run("select pg_advisory_xact_lock(hashtextextended('assent.roles', 7221))");
    const known = await run<{ rolname: string }>("select rolname from pg_roles where rolname = any($1)", [
      [graph, decider],
    ]);
    const created = [graph, decider].filter((role) => !known.some(({ rolname }) => rolname === role));
    for (const role of created) await run(`create role ${quoteRole("role", role)} nologin`);
    await run(notePartsSql(quoted), [graph, decider]);
    for (const statement of grantSql(quoted, names)) await run(statement);
    return { schema, graph, decider, created };
  });
}

function quoteRole(where: string, name: string): string {
  if (/^[a-z_][a-z0-9_]{0,62}$/.test(name)) return `"${name}"`;
  throw new AssentError("config_invalid", {
    what: "A role's name must start with a letter or _, and hold lower-case letters, digits and _ (63 at most)",
    where,
    seen: name,
  });
}
