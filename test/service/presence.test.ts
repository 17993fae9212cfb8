import { postgresProxy } from "assent/testing";
import { Pool } from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Presence } from "../../src/service/presence.js";
import { freshSchema, type FreshSchema } from "../support/postgres.js";

let fresh: FreshSchema;
let one: Presence;
let other: Presence;
let name: string;
beforeEach(async () => {
  fresh = await freshSchema({ migrated: false });
  [one, other] = [new Presence(fresh.pool), new Presence(fresh.pool)];
  name = `presence.${fresh.schema}`;
});
afterEach(async () => {
  await Promise.all([one.close(), other.close()]);
  await fresh.close();
});

test("what one holds the other cannot, until it is let go", async () => {
  expect(await one.tryHold(name)).toBe(true);
  expect(await one.tryHold(name)).toBe(false);
  expect(await other.tryHold(name)).toBe(false);
  await one.letGo(name);
  expect(await other.tryHold(name)).toBe(true);
});

test("what is closed holds nothing, and gives its connection back", async () => {
  await one.hold(name);
  await one.hold(`${name}.too`);
  await one.close();
  expect(await other.tryHold(name)).toBe(true);
  expect(await other.tryHold(`${name}.too`)).toBe(true);
});

test("many at once are held one after the other, each once", async () => {
  const names = Array.from({ length: 20 }, (_, nth) => `${name}.${nth % 10}`);
  const held = await Promise.all(names.flatMap((each) => [one.tryHold(each), other.tryHold(each)]));
  expect(held.filter(Boolean)).toHaveLength(10);
});

/** Ends the connection that the name is held on. */
async function endHolder(): Promise<void> {
  const { rows } = await fresh.pool.query<{ pid: number }>(
    `select pid from pg_locks where locktype = 'advisory' and (classid::bigint << 32) | objid::bigint
      = hashtextextended($1, 7221)`,
    [name],
  );
  await fresh.pool.query("select pg_terminate_backend($1, 10_000)", [rows[0]!.pid]);
}

test("on a connection that does not answer it lets go with the connection, and holds on another", async () => {
  const proxy = await postgresProxy({ url: fresh.url });
  const pool = new Pool({ connectionString: proxy.url, max: 1 });
  const unanswered = new Presence(pool, 50);
  await unanswered.hold(name);
  await unanswered.hold(`${name}.too`);
  proxy.halfOpen();
  await unanswered.letGo(name);
  expect(pool.totalCount).toBe(0);
  proxy.cutAll();
  proxy.heal();
  await unanswered.hold(`${name}.too`).catch(() => undefined);
  await other.hold(name);
  proxy.halfOpen();
  await unanswered.close();
  expect(pool.totalCount).toBe(0);
  await pool.end();
  await proxy.close();
});

test("what cannot be held again at once is, as soon as it can be", async () => {
  await one.hold(name);
  await endHolder();
  // As a connection does that broke, and of which the server has not heard yet.
  await other.hold(name);
  await one.hold(name).catch(() => one.hold(name));
  await other.letGo(name);
  await one.hold(name);
  expect(await other.tryHold(name)).toBe(false);
});

test("a connection that breaks is replaced, and what was held is held again", async () => {
  await one.hold(name);
  await endHolder();
  expect(await one.tryHold(`${name}.another`).catch(() => one.tryHold(`${name}.another`))).toBe(true);
  expect(await other.tryHold(name)).toBe(false);
});
