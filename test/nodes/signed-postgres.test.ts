import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Ledger } from "assent";
import { postgresLedger } from "assent/postgres";
import { freshSchema, type FreshSchema } from "../support/postgres.js";
import { decide, refusals, signedGate } from "./signed-gate.js";

let fresh: FreshSchema;
let ledger: Ledger;
beforeAll(async () => {
  fresh = await freshSchema();
  ledger = postgresLedger({ pool: fresh.pool, schema: fresh.schema });
});
afterAll(() => fresh.close());
beforeEach(() => alter(`truncate ${fresh.schema}.proposals cascade`));

/** Changes rows as nobody but the database's own administrator can: past every trigger. */
async function alter(sql: string): Promise<void> {
  const client = await fresh.pool.connect();
  try {
    await client.query(`set session_replication_role = replica; ${sql}; set session_replication_role = origin`);
  } finally {
    client.release();
  }
}

describe("rows in Postgres that were altered after a person had decided", () => {
  const changes: Record<string, [sql: string, why: RegExp]> = {
    "who decided": [
      `update decisions set principal = (principal::jsonb || '{"name": "The board"}')::json`,
      /not what its statement/,
    ],
    "the statement": [
      `update decisions set statement = replace(statement, 'approve', 'modify')`,
      /not what its statement/,
    ],
    "the signature": [
      `update decisions set signatures = (replace(signatures::text, '"sig":"', '"sig":"AAAA'))::json`,
      /no trusted key/,
    ],
    "the signature, which is gone": [`update decisions set signatures = '[]'`, /not signed/],
    "the decision, which is gone": [`delete from decisions`, /no decision stands/],
    "what was shown": [
      `update rounds set display = (display::jsonb || '{"summary": "Pay 1 cent"}')::json where round = 1`,
      /shown does not have/,
    ],
  };

  test.each(Object.entries(changes))("%s: no effect, and a person is asked again", async (_, [sql, why]) => {
    const { thread, host, decider, made } = signedGate({ ledger });
    await thread.start();
    const { proposal } = await thread.asked();
    await decide(decider, thread);
    await alter(sql);
    await thread.answer("go on");
    expect(made).toEqual([]);
    expect(await thread.asked()).toMatchObject({ round: 2, proposal });
    expect((await refusals(host)).at(-1)).toMatch(why);
    const { rows } = await fresh.pool.query(`select round, state from permits order by round`);
    expect(rows).toEqual([{ round: 1, state: "void" }]);
  });

  test("and then, decided anew, it runs once", async () => {
    const { thread, decider, made } = signedGate({ ledger });
    await thread.start();
    await decide(decider, thread);
    await alter(`update decisions set note = 'Very sure.'`);
    await thread.answer("go on");
    await decide(decider, thread);
    await thread.answer("go on");
    expect(made).toHaveLength(1);
    expect(await thread.outcome()).toMatchObject({ status: "executed", decidedBy: "ana" });
  });
});

describe("a signed decision in Postgres", () => {
  test("comes back as it was signed, and runs on a host with public keys only", async () => {
    const { thread, decider, made } = signedGate({ ledger });
    await thread.start();
    const held = await decide(decider, thread, "modify", { to: 'cy "the € man"', cents: 7 });
    expect(held.decisions[0]!.signatures).toHaveLength(1);
    await thread.answer("go on");
    expect(made).toMatchObject([{ args: { to: 'cy "the € man"', cents: 7 } }]);
  });

  test("is what verified trust needs here: without keys no host starts", () => {
    expect(() => signedGate({ ledger, hostKeys: null })).toThrow(expect.objectContaining({ code: "keys_missing" }));
  });
});
