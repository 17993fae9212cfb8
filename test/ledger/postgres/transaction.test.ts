import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { postgresProxy, type PostgresProxy } from "assent/testing";
import { Pool } from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connection, inTransaction, once } from "../../../src/ledger/postgres/transaction.js";
import { freshSchema, type FreshSchema } from "../../support/postgres.js";

let fresh: FreshSchema;
beforeEach(async () => {
  fresh = await freshSchema({ migrated: false });
});
afterEach(() => fresh.close());

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])("a limit of %s ms is none", (limitMs) => {
  expect(() => connection(fresh.pool, limitMs)).toThrow(expect.objectContaining({ code: "config_invalid" }));
});

test("the longest limit that a timer knows holds", async () => {
  expect(await once(connection(fresh.pool, 2 ** 31 - 1), "select pg_sleep(0.01)", [])).toHaveLength(1);
});

describe("on a connection that does not answer", () => {
  let proxy: PostgresProxy;
  let pool: Pool;
  beforeEach(async () => {
    proxy = await postgresProxy({ url: fresh.url });
    pool = new Pool({ connectionString: proxy.url, max: 1 });
  });
  afterEach(async () => {
    await pool.end();
    await proxy.close();
  });

  const asked: [string, (limitMs: number, before?: () => void) => Promise<unknown>][] = [
    [
      "a statement",
      async (limitMs, before) => {
        before?.();
        return once(connection(pool, limitMs), "select $1::int as n", [1]);
      },
    ],
    [
      "a transaction",
      (limitMs, before) =>
        inTransaction(connection(pool, limitMs), async (run) => {
          before?.();
          return run("select $1::int as n", [1]);
        }),
    ],
  ];

  test.each(asked)("%s is given up with its connection, and the next one has another", async (_name, ask) => {
    expect(await ask(30_000)).toEqual([{ n: 1 }]);
    await expect(ask(50, () => proxy.halfOpen())).rejects.toMatchObject({
      code: "ledger_unavailable",
      message: expect.stringContaining("nothing within 50 ms"),
    });
    expect(pool.totalCount).toBe(0);
    proxy.heal();
    expect(await ask(30_000)).toEqual([{ n: 1 }]);
  });
});

test("what a statement gave is no longer there after the next small garbage collection", async () => {
  const program = join(import.meta.dirname, "reading-child.ts");
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", program, fresh.url]);
  const { kept, read } = JSON.parse(stdout) as { kept: number; read: number };
  // Else most of it is, until the next full one.
  expect(kept / read).toBeLessThan(0.1);
});
