import type { Pool, PoolClient, QueryResultRow } from "pg";
import { AssentError } from "../../model/error.js";

/** Runs one statement and gives its rows. */
export type Run = <Row extends QueryResultRow = QueryResultRow>(text: string, values?: unknown[]) => Promise<Row[]>;

/** Runs one statement on the pool, in a transaction of its own. */
export async function once<Row extends QueryResultRow>(pool: Pool, text: string, values: unknown[]): Promise<Row[]> {
  try {
    return (await pool.query<Row>(text, values)).rows;
  } catch (error) {
    throw ledgerError(error);
  }
}

/**
 * Runs `work` in one transaction. If we die before `commit` is acknowledged, Postgres keeps all of it or nothing; the
 * caller repeats the call, and every ledger method bears that.
 */
export async function inTransaction<Result>(pool: Pool, work: (run: Run) => Promise<Result>): Promise<Result> {
  let client: PoolClient;
  try {
    client = await pool.connect();
  } catch (error) {
    throw ledgerError(error);
  }
  // A connection that breaks while checked out emits "error"; the statement in flight rejects too, which is enough.
  const ignore = (): void => {};
  client.on("error", ignore);
  let broken: Error | undefined;
  try {
    await client.query("begin");
    const result = await work(async (text, values) => (await client.query(text, values)).rows);
    await client.query("commit");
    return result;
  } catch (error) {
    try {
      await client.query("rollback");
    } catch (rollbackError) {
      broken = rollbackError as Error;
    }
    throw ledgerError(error);
  } finally {
    client.off("error", ignore);
    client.release(broken);
  }
}

const CONFLICTS = new Set(["40001", "40P01", "55P03"]);
const MISSING = new Set(["42P01", "3F000", "42883", "42703"]);

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
