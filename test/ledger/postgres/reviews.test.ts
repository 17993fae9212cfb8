import { afterAll, beforeAll, expect, it } from "vitest";
import { reviewsQuery } from "../../../src/ledger/postgres/queries/list.js";
import { freshSchema, type FreshSchema } from "../../support/postgres.js";

let fresh: FreshSchema;
beforeAll(async () => {
  fresh = await freshSchema();
});
afterAll(() => fresh.close());

/** How the database would go about it, for any values, if it can avoid to look at every row. */
async function planOf(filter: Parameters<typeof reviewsQuery>[1]): Promise<string> {
  const { text, values } = reviewsQuery(fresh.schema, filter);
  const client = await fresh.pool.connect();
  try {
    await client.query("begin");
    await client.query("set local enable_seqscan = off; set local plan_cache_mode = force_generic_plan");
    await client.query(`prepare listed as ${text}`);
    const given = values.map((value) =>
      typeof value === "number" ? String(value) : client.escapeLiteral(String(value)),
    );
    const { rows } = await client.query<{ "QUERY PLAN": string }>(`explain execute listed(${given.join(", ")})`);
    return rows.map((row) => row["QUERY PLAN"]).join("\n");
  } finally {
    await client.query("rollback; deallocate listed");
    client.release();
  }
}

it("finds the reviews of one thread by an index, be they open or not", async () => {
  const found = /Index Cond: \(thread_id = \$2\)/;
  expect(await planOf({ threadId: "t", limit: 10 })).toMatch(found);
  const after = { askedAt: "2026-03-30T10:30:00Z", id: "rv" };
  expect(await planOf({ threadId: "t", limit: 10, after })).toMatch(found);
});

it("walks the open reviews by their own index", async () => {
  expect(await planOf({ status: "open", limit: 10 })).toMatch(/using reviews_open/);
});
