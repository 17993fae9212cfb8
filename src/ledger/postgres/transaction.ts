import { EventEmitter } from "node:events";
import type { Pool, PoolClient, QueryResultRow } from "pg";
import { AssentError } from "../../model/error.js";

/** Runs one statement and gives its rows. */
export type Run = <Row extends QueryResultRow = QueryResultRow>(text: string, values?: unknown[]) => Promise<Row[]>;

/** A pool, how long its statements may take, and whether each connection prepares them. */
export interface Connection {
  pool: Pool;
  statementMs: number;
  prepares: boolean;
}

/** Node's timers know no longer time: what is set for longer goes off at once. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/**
 * Binds a pool to how its statements are run.
 *
 * @throws AssentError `config_invalid` for a limit that is none.
 */
export function connection(pool: Pool, statementMs = 30_000, prepares = true): Connection {
  const isLimit = Number.isInteger(statementMs) && statementMs > 0 && statementMs <= TIMER_MAX_MS;
  if (isLimit) return { pool, statementMs, prepares };
  throw new AssentError("config_invalid", {
    what: `A statement may take a whole number of milliseconds, from 1 to ${TIMER_MAX_MS}`,
    where: "statementMs",
    seen: statementMs,
  });
}

/** The names under which statements are prepared, by their texts: the same on every connection. */
const preparedNames = new Map<string, string>();

function preparedName(text: string): string {
  const name = preparedNames.get(text) ?? `assent_${preparedNames.size + 1}`;
  preparedNames.set(text, name);
  return name;
}

// A connection whose other end has gone without a word would otherwise keep its caller waiting for ever. The client
// has no way to take a statement back, so the connection is given up. pg has such a limit too, but
// sets the callback of its query anew for it, as it does for a promise: then V8 takes what a query allocates for
// long-lived, and what it gave is kept until the next full collection. A process that reads pages of a queue stood
// still for 10 to 20 ms at each small collection; if the callback is there from the beginning, for less than one.
function ask<Row extends QueryResultRow>(
  client: PoolClient,
  { statementMs, prepares }: Omit<Connection, "pool">,
  [text, values = []]: [text: string, values?: unknown[]],
  giveUp: () => void,
): Promise<Row[]> {
  // To plan a statement takes longer than to run it, so each connection plans it once.
  const isPlanned = prepares && values.length > 0;
  const config = { ...(isPlanned && { name: preparedName(text) }), text, values };
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => {
      giveUp();
      reject(unanswered(statementMs));
    }, statementMs);
    client.query<Row>(config, (error: Error | undefined, result) => {
      clearTimeout(limit);
      if (error) reject(error);
      else resolve(result.rows);
    });
  });
}

/** Runs one statement on the pool, in a transaction of its own. */
export async function once<Row extends QueryResultRow>(
  connected: Connection,
  text: string,
  values: unknown[],
): Promise<Row[]> {
  return onClient(
    connected,
    (run) => run(text, values),
    async (_run, error) => error as Error,
  );
}

/**
 * Runs `work` in one transaction. If we die before `commit` is acknowledged, Postgres keeps all of it or nothing; the
 * caller repeats the call, and every ledger method bears that.
 */
export async function inTransaction<Result>(
  connected: Connection,
  work: (run: Run) => Promise<Result>,
): Promise<Result> {
  return onClient(
    connected,
    async (run) => {
      await run("begin");
      const result = await work(run);
      await run("commit");
      return result;
    },
    rollBack,
  );
}

/** Runs `work` on a connection of the pool; `mend` says after an error what makes the connection unusable. */
async function onClient<Result>(
  connected: Connection,
  work: (run: Run) => Promise<Result>,
  mend: (run: Run, error: unknown) => Promise<Error | undefined>,
): Promise<Result> {
  let client: PoolClient;
  try {
    client = await connected.pool.connect();
  } catch (error) {
    throw ledgerError(error);
  }
  // A connection that breaks while checked out emits "error"; the statement in flight rejects too, which is enough.
  const ignore = (): void => {};
  client.on("error", ignore);
  let isGivenUp = false;
  const giveUp = (): void => {
    isGivenUp = true;
  };
  const run: Run = (...statement) => ask(client, connected, statement, giveUp);
  let broken: Error | undefined;
  try {
    return await work(run);
  } catch (error) {
    broken = isGivenUp ? (error as Error) : await mend(run, error);
    throw ledgerError(error);
  } finally {
    client.off("error", ignore);
    client.release(broken);
  }
}

/**
 * Lends one connection as a pool of its own, for as long as `work` runs: what it does there, one thing after the other,
 * takes no second connection, and what is bound to the session, such as a lock, holds throughout.
 */
export async function onOneConnection<Result>(pool: Pool, work: (lent: Pool) => Promise<Result>): Promise<Result> {
  let client: PoolClient;
  try {
    client = await pool.connect();
  } catch (error) {
    throw ledgerError(error);
  }
  const ignore = (): void => {};
  client.on("error", ignore);
  let broken: Error | boolean = false;
  const connect = async (): Promise<PoolClient> =>
    new Proxy(client, {
      get(target, name) {
        if (name === "release") return (error?: Error | boolean) => void (broken ||= error ?? false);
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === "function" ? (member.bind(target) as unknown) : member;
      },
    });
  const query = (text: string, values?: unknown[]): Promise<unknown> => client.query(text, values);
  // Whoever borrows it looks for listeners before they trust a pool with their connections.
  const lent = new EventEmitter().on("error", ignore).on("connect", ignore);
  try {
    return await work(Object.assign(lent, { connect, query, options: { max: 1 } }) as unknown as Pool);
  } catch (error) {
    if (!AssentError.isInstance(error) && (error as { code?: unknown }).code === undefined) broken ||= true;
    throw ledgerError(error);
  } finally {
    client.off("error", ignore);
    client.release(broken);
  }
}

/** Takes a transaction back. Gives what makes the connection unusable; Postgres then takes the transaction back. */
async function rollBack(run: Run, error: unknown): Promise<Error | undefined> {
  // What the server refused has an SQLSTATE, and so have our own errors no doubt about the connection.
  const answered = AssentError.isInstance(error) || (error as { code?: unknown }).code !== undefined;
  if (!answered) return error as Error;
  try {
    await run("rollback");
    return undefined;
  } catch (rollbackError) {
    return rollbackError as Error;
  }
}

const CONFLICTS = new Set(["40001", "40P01", "55P03"]);
const MISSING = new Set(["42P01", "3F000", "42883", "42703"]);

function unanswered(statementMs: number): AssentError {
  return new AssentError("ledger_unavailable", {
    what: "The ledger's database did not answer",
    seen: `nothing within ${statementMs} ms`,
    fix: "What it was asked may have been done or not; repeat the call when the database is back",
  });
}

/** What a failing store becomes: a retryable AssentError, except where the schema is missing or a value is wrong. */
function ledgerError(error: unknown): AssentError {
  if (AssentError.isInstance(error)) return error;
  const { code, message } = error as { code?: string; message?: string };
  if (code !== undefined && MISSING.has(code)) {
    return new AssentError("ledger_outdated", {
      what: "The ledger's tables are not there, or of another version",
      seen: message,
      fix: "Run `assent migrate`, or call migrate({ pool, schema }) once when you deploy",
      cause: error,
    });
  }
  if (code !== undefined && CONFLICTS.has(code)) {
    return new AssentError("ledger_conflict", {
      what: "Two transactions met on the same rows",
      seen: message,
      fix: "Repeat the call",
      cause: error,
    });
  }
  // SQLSTATE class 22: data that Postgres cannot keep. Repeating the call would not help.
  if (code?.startsWith("22") === true) {
    return new AssentError("json_invalid", {
      what: "A value cannot be kept in the ledger's database",
      seen: message,
      cause: error,
    });
  }
  return new AssentError("ledger_unavailable", {
    what: "The ledger's database did not carry out the statement",
    seen: message,
    fix: "Nothing was lost; repeat the call when the database is back",
    cause: error,
  });
}
