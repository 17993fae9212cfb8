import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { migrate } from "../../../src/ledger/postgres/migrate.js";
import { migrations } from "../../../src/ledger/postgres/migrations/index.js";
import { postgresLedger } from "../../../src/ledger/postgres/postgres-ledger.js";
import { executed } from "../../../src/testing/ledger-contract/specimens.js";
import { freshSchema, type FreshSchema } from "../../support/postgres.js";

let fresh: FreshSchema;
beforeEach(async () => {
  fresh = await freshSchema({ migrated: false, connectionsMax: 8 });
});
afterEach(() => fresh.close());

const names = migrations.map(({ name }) => name);
const newest = migrations.length;

describe("migrating", () => {
  it("applies every step once, in order, and says where the schema is", async () => {
    const { schema } = fresh;
    expect(await migrate(fresh)).toEqual({ schema, applied: names, at: newest });
    expect(await migrate(fresh)).toEqual({ schema, applied: [], at: newest });
    expect(migrations.map(({ id }) => id)).toEqual(names.map((_, index) => index + 1));
  });

  it("keeps what the ledger holds", async () => {
    await migrate(fresh);
    const ledger = postgresLedger(fresh);
    const held = await executed(ledger);
    await migrate(fresh);
    expect(await ledger.read(held.proposal.id)).toEqual(held);
  });

  it("works when 8 processes start at once: one of them does it", async () => {
    const reports = await Promise.all(Array.from({ length: 8 }, () => migrate(fresh)));
    expect(reports.filter(({ applied }) => applied.length === names.length)).toHaveLength(1);
    expect(reports.filter(({ applied }) => applied.length === 0)).toHaveLength(7);
    expect((await executed(postgresLedger(fresh))).outcome?.status).toBe("executed");
  });

  it("applies nothing at all if one statement fails", async () => {
    const { pool, schema } = fresh;
    await pool.query(`create schema ${schema}; create table ${schema}.permits (mine int)`);
    await expect(migrate(fresh)).rejects.toMatchObject({ code: "ledger_unavailable" });
    const { rows } = await pool.query("select table_name from information_schema.tables where table_schema = $1", [
      schema,
    ]);
    expect(rows).toEqual([{ table_name: "permits" }]);
  });

  const pretend = async (breaking: boolean): Promise<void> => {
    await migrate(fresh);
    const sql = `insert into ${fresh.schema}.migrations (id, name, breaking) values (999, 'from-the-future', $1)`;
    await fresh.pool.query(sql, [breaking]);
  };

  it("refuses a schema that a newer version has broken for this one", async () => {
    await pretend(true);
    await expect(migrate(fresh)).rejects.toMatchObject({
      code: "ledger_outdated",
      retryable: false,
      where: "migration 999 (from-the-future)",
    });
  });

  it("accepts a schema that a newer version has only added to", async () => {
    await pretend(false);
    expect(await migrate(fresh)).toMatchObject({ applied: [], at: 999 });
  });

  it("takes only plain lower-case schema names", async () => {
    for (const schema of ["", "Assent", "a-b", 'a"b', "1a", "a.b", "a".repeat(64)]) {
      await expect(migrate({ pool: fresh.pool, schema })).rejects.toMatchObject({
        code: "config_invalid",
        seen: schema,
      });
      expect(() => postgresLedger({ pool: fresh.pool, schema })).toThrow(
        expect.objectContaining({ code: "config_invalid" }),
      );
    }
  });
});
