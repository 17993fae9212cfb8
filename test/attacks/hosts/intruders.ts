import { Pool } from "pg";
import { grantRoles } from "../../../src/ledger/postgres/roles.js";
import type { FreshSchema } from "../../support/postgres.js";

/** Which database user: the ledger's for graph hosts, the ledger's for deciders, or whoever may write the threads. */
export type DatabaseUser = "graph" | "decider" | "threads";

/** Somebody who got hold of a database user, and so may do what that user may. */
export interface Intruder {
  /** Reads rows. */
  read<Row extends object>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Writes rows; how many. None where the database does not let that user. */
  write(sql: string, values?: readonly unknown[]): Promise<number>;
}

/** What Postgres says to users who may not, and where a row's life has no such step. */
const FORBIDDEN = ["42501", "23001"];

/** Makes database users and lets them in, each when it is first needed. */
export class Intruders {
  readonly #ledger: FreshSchema;
  readonly #threads: FreshSchema | null;
  readonly #pools = new Map<DatabaseUser, Pool>();
  #roles: Promise<Record<"graph" | "decider", string>> | undefined;

  constructor(ledger: FreshSchema, threads: FreshSchema | null) {
    this.#ledger = ledger;
    this.#threads = threads;
  }

  /** Logs in as a database user. */
  async let(as: DatabaseUser): Promise<Intruder> {
    const pool = this.#pools.get(as) ?? (await this.#poolOf(as));
    this.#pools.set(as, pool);
    return {
      read: async <Row extends object>(sql: string, values: readonly unknown[] = []) =>
        (await pool.query<Row>(sql, [...values])).rows,
      async write(sql, values = []) {
        try {
          return (await pool.query(sql, [...values])).rowCount ?? 0;
        } catch (error) {
          if (FORBIDDEN.includes((error as { code?: string }).code ?? "")) return 0;
          throw error;
        }
      },
    };
  }

  /** Logs everybody out and removes the users. */
  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.end()));
    for (const role of Object.values((await this.#roles) ?? {})) {
      await this.#ledger.pool.query(`drop owned by ${role}; drop role ${role}`);
    }
  }

  async #poolOf(as: DatabaseUser): Promise<Pool> {
    const { schema, url } = as === "threads" && this.#threads !== null ? this.#threads : this.#ledger;
    const login = new URL(url);
    if (as !== "threads") {
      this.#roles ??= this.#makeRoles();
      login.username = (await this.#roles)[as];
      login.password = "secret";
    }
    const pool = new Pool({ connectionString: login.toString(), max: 2, options: `-c search_path=${schema}` });
    pool.on("error", () => {});
    return pool;
  }

  async #makeRoles(): Promise<Record<"graph" | "decider", string>> {
    const { pool, schema } = this.#ledger;
    const { graph, decider } = await grantRoles({
      pool,
      schema,
      graph: `${schema}_graph`,
      decider: `${schema}_decider`,
    });
    for (const role of [graph, decider]) await pool.query(`alter role ${role} login password 'secret'`);
    return { graph, decider };
  }
}
