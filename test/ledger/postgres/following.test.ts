import { afterEach, beforeEach, expect, test } from "vitest";
import { postgresLedger } from "../../../src/ledger/postgres/postgres-ledger.js";
import { followUpId } from "../../../src/model/follow-up.js";
import { claimed, followUpRequest, routed, settleRequest } from "../../../src/testing/ledger-contract/specimens.js";
import { freshSchema, type FreshSchema } from "../../support/postgres.js";

let fresh: FreshSchema;
beforeEach(async () => {
  fresh = await freshSchema();
});
afterEach(() => fresh.close());

/** Lets a write to a table fail, as a server that dies in the middle would. */
async function breaking(table: string, work: () => Promise<unknown>): Promise<void> {
  await fresh.pool.query(`create function break_here() returns trigger language plpgsql as $$
    begin raise exception 'the server went away' using errcode = '57P01'; end $$;
    create trigger break_here before insert on ${table} for each statement execute function break_here()`);
  await expect(work()).rejects.toMatchObject({ code: "ledger_unavailable", retryable: true });
  await fresh.pool.query(`drop trigger break_here on ${table}; drop function break_here()`);
}

test.each(["cases", "proposals", "rounds", "reviews", "queue", "audit_log"])(
  "an end and what follows on it are there together or not at all, whatever fails: %s",
  async (table) => {
    const ledger = postgresLedger(fresh);
    const held = await claimed(ledger, await routed(ledger, "execute"));
    const id = followUpId("reconciliation", held.proposal.id);
    const settle = () =>
      ledger.settle({ ...settleRequest(held, "worker-1", "in-doubt"), followUps: [followUpRequest(held)] });
    const head = await ledger.auditHead();
    await breaking(table, settle);
    expect([await ledger.read(held.proposal.id), await ledger.read(id)]).toEqual([held, null]);
    expect(await ledger.auditHead()).toEqual(head);
    expect((await settle()).outcome?.status).toBe("in-doubt");
    expect((await ledger.read(id))?.review?.status).toBe("open");
  },
);
