import { connect } from "node:net";
import { once } from "node:events";
import { manualClock, postgresProxy, seededRandom, type PostgresProxy } from "assent/testing";
import { Client, Pool, type ClientConfig } from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { freshSchema, type FreshSchema } from "../support/postgres.js";

let fresh: FreshSchema;
let proxy: PostgresProxy;
const clients = new Set<Client>();

beforeEach(async () => {
  fresh = await freshSchema({ migrated: false });
  await fresh.pool.query(`create schema ${fresh.schema}`);
  await fresh.pool.query("create table t (n int primary key)");
  proxy = await postgresProxy({ url: fresh.url });
});

afterEach(async () => {
  await Promise.all([...clients].map((client) => client.end().catch(() => undefined)));
  clients.clear();
  await proxy.close();
  await fresh.close();
});

async function connected(config: ClientConfig = {}): Promise<Client> {
  const client = new Client({ connectionString: proxy.url, options: `-c search_path=${fresh.schema}`, ...config });
  client.on("error", () => {});
  clients.add(client);
  await client.connect();
  return client;
}

/** What is in the table, seen past the proxy. */
async function kept(): Promise<number[]> {
  const { rows } = await fresh.pool.query<{ n: number }>("select n from t order by n");
  return rows.map(({ n }) => n);
}

/** Settles once the server has let go of whatever the cut connections had begun. */
async function serverLetGo(): Promise<void> {
  await fresh.pool.query("begin; lock table t in access exclusive mode; commit");
}

type Write = (client: Client, n: number) => Promise<unknown>;
const WRITES: [name: string, write: Write][] = [
  ["a statement of its own", (client, n) => client.query(`insert into t values (${n})`)],
  ["a statement of its own, with values", (client, n) => client.query("insert into t values ($1)", [n])],
  [
    "a prepared statement",
    (client, n) => client.query({ name: "insert", text: "insert into t values ($1)", values: [n] }),
  ],
  [
    "a query that writes on the way",
    (client, n) => client.query("with made as (insert into t values ($1) returning n) select n from made", [n]),
  ],
  [
    "a transaction",
    async (client, n) => {
      await client.query("begin");
      await client.query("insert into t values ($1)", [n]);
      await client.query("select n from t for update");
      await client.query("commit");
    },
  ],
  ["a transaction in one text", (client, n) => client.query(`begin; insert into t values (${n}); commit`)],
  [
    "a transaction whose end is prepared",
    async (client, n) => {
      await client.query("start transaction");
      await client.query("insert into t values ($1)", [n]);
      await client.query({ name: "end", text: "commit" });
    },
  ],
];

describe.each(WRITES)("cutting %s", (_name, write) => {
  it("before the commit leaves nothing behind", async () => {
    const client = await connected();
    await write(client, 1);
    expect(proxy.commits).toBe(1);
    proxy.cutCommit("before");
    await expect(write(client, 2)).rejects.toThrow(/terminated|ECONNRESET|closed/i);
    await serverLetGo();
    expect(await kept()).toEqual([1]);
    expect(proxy.cuts).toEqual({ before: 1, after: 0 });
    await write(await connected(), 3);
    expect(await kept()).toEqual([1, 3]);
  });

  it("after the commit leaves it written, and the client in the dark", async () => {
    const client = await connected();
    proxy.cutCommit("after", 2);
    await write(client, 1);
    await expect(write(client, 2)).rejects.toThrow(/terminated|ECONNRESET|closed/i);
    expect(await kept()).toEqual([1, 2]);
    expect(proxy.cuts).toEqual({ before: 0, after: 1 });
  });
});

describe("what does not commit", () => {
  it("is not cut", async () => {
    const client = await connected();
    proxy.cutCommit("before");
    await client.query("select n from t for update");
    await client.query("select $1::int", [1]);
    await client.query("begin; insert into t values (1); rollback");
    await client.query("begin");
    await client.query("insert into t values (1)");
    await client.query("savepoint a");
    await client.query("rollback to a");
    await client.query("rollback");
    expect(proxy.commits).toBe(0);
    await expect(client.query("insert into t values (1)")).rejects.toThrow(/terminat/i);
    expect(await kept()).toEqual([]);
  });

  it.each([
    ["a statement that fails", "insert into t values (1)"],
    ["a transaction that failed before its end", "begin; insert into t values (1); commit"],
  ])("loses no answer: %s", async (_name, sql) => {
    const client = await connected();
    await client.query("insert into t values (1)");
    proxy.cutCommit("after");
    await expect(client.query(sql)).rejects.toMatchObject({ code: "23505" });
    await client.query("rollback");
    await expect(client.query("insert into t values (2)")).rejects.toThrow(/terminated|ECONNRESET/);
    expect(await kept()).toEqual([1, 2]);
  });

  it("loses no answer: a commit that the server turns into a rollback", async () => {
    const client = await connected();
    await client.query("insert into t values (1)");
    await client.query("begin");
    await expect(client.query("insert into t values (1)")).rejects.toMatchObject({ code: "23505" });
    proxy.cutCommit("after");
    expect((await client.query("commit")).command).toBe("ROLLBACK");
    expect(proxy.cuts.after).toBe(0);
  });
});

describe("cutting at random", () => {
  async function cutsBy(seed: number): Promise<string> {
    await fresh.pool.query("truncate t");
    proxy.cutAtRandom({ before: 0.2, after: 0.2, random: seededRandom(seed) });
    let story = "";
    for (let n = 0; n < 40; n += 1) {
      const client = await connected();
      const told = await client.query("insert into t values ($1)", [n]).then(
        () => true,
        () => false,
      );
      await client.end().catch(() => undefined);
      story += told ? "." : "x";
    }
    proxy.heal();
    return `${story} ${(await kept()).join(",")}`;
  }

  it("repeats itself for a seed", async () => {
    const story = await cutsBy(11);
    expect(proxy.cuts.before).toBeGreaterThan(0);
    expect(proxy.cuts.after).toBeGreaterThan(0);
    const told = (story.split(" ")[0] ?? "").split(".").length - 1;
    expect((await kept()).length).toBe(told + proxy.cuts.after);
    expect(await cutsBy(11)).toBe(story);
    expect(await cutsBy(12)).not.toBe(story);
  });
});

describe("a half-open network", () => {
  it.each(["both", "to-server", "to-client"] as const)("answers nothing until it is healed (%s)", async (direction) => {
    const client = await connected();
    proxy.halfOpen(direction);
    let answered = false;
    const asked = client.query("insert into t values (1)").then(() => (answered = true));
    // Past the proxy, and so long that an answer would have come.
    if (direction === "to-client") {
      await expect.poll(kept).toEqual([1]);
    } else {
      for (let n = 0; n < 20; n += 1) expect(await kept()).toEqual([]);
    }
    expect(answered).toBe(false);
    expect(proxy.connections).toBe(1);
    proxy.heal();
    await asked;
    expect(await kept()).toEqual([1]);
  });

  it("accepts connections all the same, and starts them once it is healed", async () => {
    proxy.halfOpen();
    const connecting = connected();
    await expect.poll(() => proxy.connections).toBe(1);
    proxy.heal();
    expect((await (await connecting).query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  });

  it("can be cut while nothing passes", async () => {
    const client = await connected();
    proxy.halfOpen();
    const asked = client.query("select 1");
    proxy.cutAll();
    await expect(asked).rejects.toThrow(/terminated|ECONNRESET/);
    await expect.poll(() => proxy.connections).toBe(0);
  });
});

describe("a slow network", () => {
  it("passes everything on, later", async () => {
    const clock = manualClock();
    const slow = await postgresProxy({ url: fresh.url, clock });
    const client = new Client({ connectionString: slow.url });
    await client.connect();
    slow.delay(5_000);
    const asked = client.query("select 1 as one");
    await clock.untilAsleep();
    await clock.advance(4_999);
    expect(clock.asleep).toBe(1);
    await clock.advance(1);
    await clock.untilAsleep();
    await clock.advance(5_000);
    expect((await asked).rows).toEqual([{ one: 1 }]);
    slow.heal();
    await client.end();
    await slow.close();
  });
});

describe("the proxy itself", () => {
  it("cuts all connections, and serves new ones", async () => {
    const pool = new Pool({ connectionString: proxy.url, max: 3 });
    pool.on("error", () => {});
    await Promise.all([1, 2, 3].map(() => pool.query("select pg_sleep(0.01)")));
    expect(proxy.connections).toBe(3);
    proxy.cutAll();
    await expect.poll(() => proxy.connections).toBe(0);
    expect((await pool.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
    await pool.end();
    await expect.poll(() => proxy.connections).toBe(0);
  });

  it("passes large answers and copies of large values", async () => {
    const client = await connected();
    const text = "é".repeat(3_000_000);
    const { rows } = await client.query<{ text: string }>("select $1 as text", [text]);
    expect(rows[0]?.text === text).toBe(true);
  });

  it("declines to encrypt, in plain words", async () => {
    const client = new Client({ connectionString: `${proxy.url}?sslmode=require` });
    await expect(client.connect()).rejects.toThrow(/does not support SSL/);
    expect(new URL((await opened(`${fresh.url}?sslmode=require`)).url).search).toBe("");
  });

  it("tells a client by closing that the server is away, and serves it when the server is back", async () => {
    const gone = await opened(fresh.url.replace(/:\d+\//, ":1/"));
    await expect(new Client({ connectionString: gone.url }).connect()).rejects.toThrow(/terminat/i);
    await expect.poll(() => gone.connections).toBe(0);
  });

  it("leaves nothing open after it was closed, whatever was under way", async () => {
    const client = await connected();
    await client.query("begin");
    await client.query("insert into t values (1)");
    proxy.halfOpen();
    proxy.delay(1_000);
    const asked = client.query("commit").catch(() => "cut");
    await Promise.all([proxy.close(), proxy.close()]);
    expect(await asked).toBe("cut");
    expect(proxy.connections).toBe(0);
    const knock = connect(Number(new URL(proxy.url).port), "127.0.0.1");
    await expect(once(knock, "connect")).rejects.toThrow(/ECONNREFUSED/);
    const others = "select count(*)::int as n from pg_stat_activity where query = 'insert into t values (1)'";
    await expect.poll(async () => (await fresh.pool.query(others)).rows).toEqual([{ n: 0 }]);
    expect(await kept()).toEqual([]);
  });

  it.each([
    ["not a url", () => postgresProxy({ url: "nowhere" })],
    ["a socket folder", () => postgresProxy({ url: "postgres:///db?host=/tmp" })],
    ["the commit before the next", async () => proxy.cutCommit("before", 0)],
    ["rates above certainty", async () => proxy.cutAtRandom({ before: 0.6, after: 0.6, random: () => 0 })],
    ["no number", async () => proxy.delay(Number.NaN)],
  ])("refuses %s", async (_what, act) => {
    await expect(act()).rejects.toMatchObject({ code: "config_invalid" });
  });

  async function opened(url: string): Promise<PostgresProxy> {
    const other = await postgresProxy({ url });
    extra.add(other);
    return other;
  }
  const extra = new Set<PostgresProxy>();
  afterEach(async () => {
    await Promise.all([...extra].map((other) => other.close()));
    extra.clear();
  });
});
