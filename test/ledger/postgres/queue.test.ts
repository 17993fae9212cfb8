import { afterEach, beforeEach, expect, it } from "vitest";
import { postgresLedger } from "../../../src/ledger/postgres/index.js";
import type { Ledger } from "../../../src/ledger/ledger.js";
import { SCAN_MAX, type QueueFilter } from "../../../src/ledger/queueing.js";
import {
  asked,
  askRequest,
  decided,
  moment,
  reviewOf,
  routed,
} from "../../../src/testing/ledger-contract/specimens.js";
import { freshSchema, type FreshSchema } from "../../support/postgres.js";

let fresh: FreshSchema;
let ledger: Ledger;
beforeEach(async () => {
  fresh = await freshSchema();
  ledger = postgresLedger({ pool: fresh.pool, schema: fresh.schema });
});
afterEach(() => fresh.close());

async function ids(filter: QueueFilter = {}): Promise<string[]> {
  return (await ledger.queue({ filter, order: "oldest", limit: 100 })).items.map(({ id }) => id);
}

it("lets in what its agent's budget has room for, whoever held it when the one before it left", async () => {
  await ledger.setQueueSettings({ perAgent: 1 });
  const [first, second, third] = [
    await asked(ledger, { key: "first" }),
    await ledger.ask({ ...askRequest(await routed(ledger, "review", { key: "second" })), at: moment(3) }),
    await ledger.ask({ ...askRequest(await routed(ledger, "review", { key: "third" })), at: moment(4) }),
  ];
  const client = await fresh.pool.connect();
  try {
    await client.query("begin");
    // As somebody does who claims it, or puts it aside.
    await client.query("select from queue where review_id = $1 for update", [reviewOf(second).id]);
    await client.query("select from queue where review_id = $1 for update", [reviewOf(third).id]);
    await decided(ledger, first, "approve");
  } finally {
    await client.query("rollback");
    client.release();
  }
  expect(await ids()).toEqual([]);
  await ledger.refreshQueue();
  expect(await ids()).toEqual([reviewOf(second).id]);
  await ledger.refreshQueue();
  expect(await ids()).toEqual([reviewOf(second).id]);
});

/** Copies an open review in the queue so many times, each a moment younger. */
async function copies(id: string, count: number, keptFrom: string): Promise<void> {
  const { rows } = await fresh.pool.query<{ names: string }>(
    `select string_agg(column_name, ', ') as names from information_schema.columns where table_schema = $1
       and table_name = 'queue' and column_name not in ('review_id', 'asked_at', 'kept_from', 'parked')`,
    [fresh.schema],
  );
  await fresh.pool.query(
    `insert into queue (review_id, asked_at, kept_from, ${rows[0]?.names})
     select 'rv_copy_' || n, asked_at + n * interval '1 microsecond', array[$3], ${rows[0]?.names}
     from queue, generate_series(1, $2::int) n where review_id = $1`,
    [id, count, keptFrom],
  );
}

it("looks no further than it may for a page of what is not somebody's own", async () => {
  const held = await asked(ledger, { key: "one", requestedBy: null });
  await copies(reviewOf(held).id, SCAN_MAX + 10, "ana");
  const request = { filter: { notOf: "ana" }, order: "oldest", limit: 10 } as const;
  const first = await ledger.queue(request);
  expect([first.items.map(({ id }) => id), first.isCapped]).toEqual([[reviewOf(held).id], true]);
  const rest = await ledger.queue({ ...request, cursor: first.next });
  expect([rest.items, rest.next, rest.isCapped]).toEqual([[], null, false]);
  const others = await ledger.queue({ filter: { notOf: "bo" }, order: "oldest", limit: 10 });
  expect([others.items.length, others.isCapped, others.next === null]).toEqual([10, false, false]);
});
