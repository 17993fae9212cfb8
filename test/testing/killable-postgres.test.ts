import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killablePostgres, type KillablePostgres } from "assent/testing";
import { Client } from "pg";
import { childrenOf, lifeOf } from "../../src/ledger/postgres/embedded/process-life.js";
import { afterAll, beforeAll, expect, it } from "vitest";

let folder: string;
let postgres: KillablePostgres;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "assent-killable-"));
  // Run as root, Postgres works as another user, who must be able to enter.
  await chmod(folder, 0o755);
  postgres = killablePostgres({ directory: folder });
});
afterAll(async () => {
  await postgres.stop().catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
});

async function connected(): Promise<Client> {
  const client = new Client({ connectionString: postgres.url });
  client.on("error", () => {});
  await client.connect();
  return client;
}

it("comes back on the same address with what was committed, and nothing else", async () => {
  await expect(postgres.kill()).rejects.toThrow(/not running/);
  await postgres.start();
  const { url } = postgres;
  const client = await connected();
  await client.query("create table t (n int)");
  await client.query("insert into t values (1)");
  await client.query("begin");
  await client.query("insert into t values (2)");
  const asked = client.query("select pg_sleep(600)");
  // Whatever it was doing is cut off.
  const died = asked.then(
    () => "it answered",
    (error: unknown) => String(error),
  );
  await postgres.kill();
  expect(await died).toMatch(/terminat/i);
  await expect(connected()).rejects.toThrow(/ECONNREFUSED/);
  await client.end().catch(() => undefined);

  await postgres.start();
  expect(postgres.url).toBe(url);
  const again = await connected();
  expect((await again.query("select n from t")).rows).toEqual([{ n: 1 }]);
  await again.end();
  const log = await readFile(join(folder, "postgres.log"), "utf8");
  expect(log).toMatch(/received immediate shutdown request/);
  expect(log).toMatch(/automatic recovery in progress/);
  expect(log).not.toMatch(/received fast shutdown request/);

  await postgres.stop();
  await expect(connected()).rejects.toThrow(/ECONNREFUSED/);
  await expect(postgres.stop()).rejects.toMatchObject({ code: "program_failed" });
});

it("crashes with every process of its own, and comes back with what was committed", async () => {
  await postgres.start();
  const client = await connected();
  await client.query("create table kept (n int)");
  await client.query("insert into kept values (1)");
  const died = client.query("select pg_sleep(600)").then(
    () => "it answered",
    () => "cut off",
  );
  const server = Number.parseInt(await readFile(join(folder, "data", "postmaster.pid"), "utf8"), 10);
  const all = [server, ...childrenOf(server)];
  expect(all.length).toBeGreaterThan(2);
  await postgres.kill("crash");
  expect(await died).toBe("cut off");
  expect(all.filter((pid) => lifeOf(pid) !== undefined)).toEqual([]);
  await client.end().catch(() => undefined);

  const before = (await readFile(join(folder, "postgres.log"), "utf8")).length;
  await postgres.start();
  const again = await connected();
  expect((await again.query("select n from kept")).rows).toEqual([{ n: 1 }]);
  await again.end();
  const log = (await readFile(join(folder, "postgres.log"), "utf8")).slice(before);
  expect(log).toMatch(/automatic recovery in progress/);
  expect(log).not.toMatch(/shutdown request/);
});
