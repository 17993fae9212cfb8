import { join } from "node:path";
import pg from "pg";
import { AssentError } from "../../model/error.js";
import { openEmbeddedPostgres } from "./embedded/index.js";

/**
 * How long a connection is kept that nobody uses. A new one takes a tenth of a second to plan its first statements; were
 * they given up after some seconds, as pg does, then a busy moment after a quiet one would open many at once, and wait.
 */
const KEPT_IDLE_MS = 10 * 60_000;

/** What pg connects by: a URL, or where a socket is. It takes anything else for the name of a database on a host `base`. */
const OF_POSTGRES = /^(postgres(ql)?:\/\/|socket:|\/)/i;

/** Which Postgres to use. */
export interface OpenPostgresOptions {
  /** Connection URL of your own Postgres; it wins over the embedded one. */
  url?: string | undefined;
  /** Folder of the embedded Postgres that is used without `url`; `.assent/postgres` unless said. */
  directory?: string;
  /** How many connections the pool may open; 10 unless said. */
  connectionsMax?: number;
  /** Told one line about what is being done. */
  log?: (line: string) => void;
}

/** A Postgres that answers, and a pool of connections to it. */
export interface OpenPostgres {
  pool: pg.Pool;
  url: string;
  /** Whether it is the embedded one. */
  embedded: boolean;
  /** Opens one more pool, for example for a checkpointer; `close` ends it too. */
  anotherPool(connectionsMax?: number): pg.Pool;
  /** Ends the pools and leaves the embedded server, which the last process out stops. */
  close(): Promise<void>;
}

/**
 * Connects to your Postgres, or starts (or joins) the embedded one, and waits until it answers.
 *
 * @throws AssentError `postgres_unavailable` if neither can be had; `config_invalid` if `url` is none of Postgres.
 */
export async function openPostgres(options: OpenPostgresOptions = {}): Promise<OpenPostgres> {
  const { url, directory = join(".assent", "postgres"), connectionsMax = 10, log } = options;
  if (url !== undefined && url !== "" && !OF_POSTGRES.test(url)) throw notOfPostgres(url);
  const embedded =
    url === undefined || url === "" ? await openEmbeddedPostgres({ directory, ...(log && { log }) }) : undefined;
  const connectionString = embedded?.url ?? url ?? "";
  const pools: pg.Pool[] = [];
  const anotherPool = (max = connectionsMax): pg.Pool => {
    // What is only kept holds up no process that has come to its end without `close`.
    const pool = new pg.Pool({ connectionString, max, idleTimeoutMillis: KEPT_IDLE_MS, allowExitOnIdle: true });
    // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
    pool.on("error", () => undefined);
    // So would one that breaks while somebody uses it, such as a checkpointer, which only hears of its statement.
    pool.on("connect", (client) => client.on("error", () => undefined));
    pools.push(pool);
    return pool;
  };
  const close = async (): Promise<void> => {
    await Promise.all(pools.splice(0).map((pool) => pool.end()));
    await embedded?.close();
  };
  const pool = anotherPool();
  try {
    await pool.query("select 1");
  } catch (cause) {
    await close();
    throw new AssentError("postgres_unavailable", {
      what: "Postgres does not answer",
      where: withoutPassword(connectionString),
      seen: cause instanceof Error ? cause.message : cause,
      fix: "Check DATABASE_URL, or unset it to use the embedded Postgres",
      cause,
    });
  }
  return { pool, url: connectionString, embedded: embedded !== undefined, anotherPool, close };
}

function notOfPostgres(url: string): AssentError {
  return new AssentError("config_invalid", {
    what: "This is no address of a Postgres, such as postgres://user:password@127.0.0.1:5432/name",
    where: "DATABASE_URL, or the `url` of openPostgres",
    // No more of it: there may be a secret in it.
    seen: /^[a-z]+:\/\//i.exec(url)?.[0] ?? `${url.length} characters`,
    fix: "Correct it, or unset it to use the embedded Postgres",
  });
}

function withoutPassword(url: string): string {
  try {
    const parsed = new URL(url);
    parsed.password = parsed.password === "" ? "" : "***";
    return parsed.toString();
  } catch {
    return "a URL that cannot be read";
  }
}
