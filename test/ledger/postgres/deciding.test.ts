import { afterEach, beforeEach, expect, test } from "vitest";
import type { DecideRequest, Ledger } from "../../../src/ledger/ledger.js";
import { postgresLedger } from "../../../src/ledger/postgres/postgres-ledger.js";
import { askRequest, asked, decideRequest, reviewer, routed } from "../../../src/testing/ledger-contract/specimens.js";
import { freshSchema, type FreshSchema } from "../../support/postgres.js";
import { toldPool } from "../../support/told-pool.js";

let fresh: FreshSchema;
let ledger: Ledger;
beforeEach(async () => {
  fresh = await freshSchema();
  ledger = postgresLedger(fresh);
});
afterEach(() => fresh.close());

/** A ledger whose first decision is judged, and before it is written something else happens. */
function interrupted(before: () => Promise<unknown>): Ledger {
  let isFirst = true;
  const pool = toldPool(fresh.pool, async (text) => {
    if (!isFirst || !text.includes("record_decision")) return;
    isFirst = false;
    await before();
  });
  return postgresLedger({ ...fresh, pool });
}

const count = async (table: string): Promise<number> => {
  const { rows } = await fresh.pool.query<{ n: number }>(`select count(*)::int as n from ${fresh.schema}.${table}`);
  return rows[0]?.n ?? -1;
};

test("somebody else decides between judging and writing: theirs counts, ours is refused", async () => {
  const held = await asked(ledger);
  const mine = interrupted(() => ledger.decide(decideRequest(held, "reject", { by: reviewer("bo") })));
  expect(await mine.decide(decideRequest(held, "approve"))).toMatchObject({ ok: false, why: "closed" });
  expect(await count("decisions")).toBe(1);
  expect(await count("permits")).toBe(0);
  expect((await ledger.read(held.proposal.id))?.outcome?.status).toBe("rejected");
});

test("the same decision comes twice at once: it is recorded once, and both are told of it", async () => {
  const held = await asked(ledger);
  const request = decideRequest(held, "approve");
  const mine = interrupted(() => ledger.decide(request));
  expect(await mine.decide(request)).toMatchObject({ ok: true, repeated: true });
  expect(await count("decisions")).toBe(1);
  expect(await count("permits")).toBe(1);
});

test("the review is withdrawn between judging and writing: nothing is written", async () => {
  const held = await asked(ledger);
  const { id, address } = held.review!;
  const mine = interrupted(() =>
    ledger.withdraw({
      reviewId: id,
      interruptId: address.interruptId,
      ageMinMs: 0,
      reason: "gone",
      at: new Date().toISOString(),
    }),
  );
  expect(await mine.decide(decideRequest(held, "approve"))).toMatchObject({ ok: false, why: "closed" });
  expect(await count("decisions")).toBe(0);
});

test("the deadline passes between judging and writing: it is late", async () => {
  const held = await routed(ledger, "review");
  const open = await ledger.ask({ ...askRequest(held), withinMs: 500, otherwise: "reject" });
  const untilDue = "select pg_sleep(extract(epoch from $1::timestamptz - clock_timestamp()) + 0.01)";
  const mine = interrupted(() => fresh.pool.query(untilDue, [open.review?.deadlineAt]));
  expect(await mine.decide(decideRequest(open, "approve"))).toMatchObject({ ok: false, why: "late" });
  expect(await count("decisions")).toBe(0);
  expect(await count("permits")).toBe(0);
});

test("one decision is one statement beside what it reads, and none where it was read before", async () => {
  const texts: string[] = [];
  const pool = toldPool(fresh.pool, async (text) => void texts.push(text.trim()));
  const counting = postgresLedger({ ...fresh, pool });
  const statements = async (request: DecideRequest) => {
    texts.length = 0;
    const result = await counting.decide(request);
    expect(result).toMatchObject({ ok: true });
    const kinds = texts.map((text) => /record_decision|case_view/.exec(text)?.[0]);
    expect(result.case).toEqual(await ledger.read(request.decision.proposalId));
    return kinds;
  };
  const held = await asked(ledger);
  expect(await statements(decideRequest(held, "approve"))).toEqual(["case_view", "record_decision"]);
  const other = await asked(ledger, { key: "b" });
  const seen = { review: other.review!, case: other };
  expect(await statements({ ...decideRequest(other, "reject"), seen })).toEqual(["record_decision"]);
});

test("what was read before counts for nothing once it is no longer so", async () => {
  const held = await asked(ledger);
  const seen = { review: held.review!, case: held };
  await ledger.decide(decideRequest(held, "reject", { by: reviewer("bo") }));
  const late = await ledger.decide({ ...decideRequest(held, "approve"), seen });
  expect(late).toMatchObject({ ok: false, why: "closed", case: { outcome: { status: "rejected" } } });
  expect(await count("permits")).toBe(0);
});

test("statements need not be prepared", async () => {
  const plain = postgresLedger({ ...fresh, prepares: false });
  const held = await asked(plain);
  expect(await plain.decide(decideRequest(held, "approve"))).toMatchObject({ ok: true, repeated: false });
  const { rows } = await fresh.pool.query("select name from pg_prepared_statements");
  expect(rows).toEqual([]);
});
