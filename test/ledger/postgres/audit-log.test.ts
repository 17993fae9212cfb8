import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GENESIS_HASH, linkHash } from "../../../src/model/audit-event.js";
import { postgresLedger } from "../../../src/ledger/postgres/postgres-ledger.js";
import { executed } from "../../../src/testing/ledger-contract/specimens.js";
import { freshSchema, type FreshSchema } from "../../support/postgres.js";

let fresh: FreshSchema;
beforeAll(async () => {
  fresh = await freshSchema();
});
afterAll(() => fresh.close());

describe("the audit log in Postgres", () => {
  it("refuses to be changed, deleted from or emptied, also where no row matches", async () => {
    const ledger = postgresLedger(fresh);
    await executed(ledger);
    const rows = await ledger.auditRows({ afterSeq: 0, limit: 100 });
    const log = `${fresh.schema}.audit_log`;
    for (const sql of [
      `update ${log} set entry = 'x' where seq = 1`,
      `update ${log} set kind = kind`,
      `update ${log} set kind = kind where false`,
      `delete from ${log} where seq = 7`,
      `delete from ${log} where false`,
      `truncate ${log}`,
      `insert into ${log} select * from ${log} on conflict (seq) do update set entry = 'x'`,
    ]) {
      await expect(fresh.pool.query(sql)).rejects.toMatchObject({ code: "23001" });
    }
    expect(await ledger.auditRows({ afterSeq: 0, limit: 100 })).toEqual(rows);
  });

  it("links entries of any text in SQL exactly as linkHash does", async () => {
    const { pool, schema, close } = await freshSchema();
    const ledger = postgresLedger({ pool, schema });
    let previous = { seq: 0, hash: GENESIS_HASH };
    const entries = fc.array(
      fc.string({ unit: "grapheme", minLength: 1 }).map((text) => text.replaceAll("\0", "")),
      {
        minLength: 1,
        maxLength: 5,
      },
    );
    await fc.assert(
      fc.asyncProperty(entries, async (texts) => {
        const kinds = texts.map(() => "refused");
        await pool.query(`select ${schema}.append_audit('pr_1', $1, $2)`, [kinds, texts]);
        for (const row of await ledger.auditRows({ afterSeq: previous.seq, limit: 10 })) {
          expect(row.seq).toBe(previous.seq + 1);
          expect(row.hash).toBe(linkHash(previous.hash, row.entry));
          previous = row;
        }
        expect(previous.seq).toBe((await ledger.auditHead()).seq);
      }),
      { numRuns: 50 },
    );
    expect((await ledger.auditHead()).seq).toBeGreaterThan(50);
    await close();
  });
});
