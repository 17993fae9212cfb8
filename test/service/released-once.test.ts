import { Pool } from "pg";
import { expect, test } from "vitest";
import { releasedOnce } from "../../src/service/released-once.js";
import { freshSchema } from "../support/postgres.js";

test("a client that is given back twice is taken back once, and serves the next", async () => {
  const { pool, close } = await freshSchema();
  const once = releasedOnce(pool);
  await new Promise<void>((given, failed) => {
    once.connect((error, _client, release) => {
      if (error) failed(error);
      release();
      release();
      given();
    });
  });
  expect(pool.totalCount - pool.idleCount).toBe(0);
  const client = await once.connect();
  expect((await client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  client.release();
  expect((await once.query("select 2 as two")).rows).toEqual([{ two: 2 }]);
  expect(once.totalCount).toBe(pool.totalCount);
  await close();
});

test("who connects to a database that is away, or with a pool that has ended, is told so, and may give back nothing", async () => {
  const pool = new Pool({ host: "127.0.0.1", port: 1 });
  const told = (): Promise<Error | undefined> =>
    new Promise((tell) => {
      releasedOnce(pool).connect((error, _client, release) => {
        release();
        tell(error);
      });
    });
  expect(await told()).toMatchObject({ code: "ECONNREFUSED" });
  await pool.end();
  expect(await told()).toMatchObject({ message: "Cannot use a pool after calling end on the pool" });
});
