import { beforeAll, describe, expect, it } from "vitest";
import { showCase } from "../../src/audit/index.js";
import type { Ledger } from "../../src/ledger/ledger.js";
import { memoryLedger } from "../../src/ledger/memory/memory-ledger.js";
import { postgresLedger } from "../../src/ledger/postgres/postgres-ledger.js";
import { auditId, caseRecord } from "../../src/model/case.js";
import { freshSchema } from "../support/postgres.js";
import { liveAll, type Lives } from "./lives.js";

let ledger: Ledger;
let lives: Lives;
beforeAll(async () => {
  ledger = memoryLedger();
  lives = await liveAll(ledger);
});

describe("showing a case", () => {
  it("finds a closed case by its audit id, its proposal's id and its review's id", async () => {
    const { proposal, review } = lives.executed;
    const report = await showCase(ledger, proposal.id);
    expect(report).toMatchObject({ proposalId: proposal.id, auditId: auditId(proposal.id), integrity: "matches" });
    expect(report.record).toEqual(caseRecord(lives.executed));
    for (const id of [auditId(proposal.id), review?.id ?? ""]) expect(await showCase(ledger, id)).toEqual(report);
  });

  it("gives its rows of the log with their entries read", async () => {
    const { rows } = await showCase(ledger, lives.rejected.proposal.id);
    expect(rows.map(({ event }) => event?.kind)).toEqual(["proposed", "routed", "asked", "decided", "closed"]);
    expect(rows.map(({ event: _event, ...row }) => row)).toEqual(
      await ledger.auditRows({ afterSeq: 0, limit: 10, proposalId: lives.rejected.proposal.id }),
    );
  });

  it("derives the record of an open case from the ledger", async () => {
    const { proposal, review } = lives.waiting;
    const report = await showCase(ledger, review?.id ?? "");
    expect(report).toMatchObject({ proposalId: proposal.id, integrity: "open", record: { outcome: null } });
    expect(report.record).toEqual(caseRecord(lives.waiting));
  });

  it("says which id nothing has", async () => {
    await expect(showCase(ledger, "rv_nothing")).rejects.toMatchObject({ code: "review_unknown" });
    await expect(showCase(ledger, "pr_nothing")).rejects.toMatchObject({ code: "proposal_unknown" });
    await expect(showCase(ledger, "")).rejects.toMatchObject({ code: "proposal_unknown" });
    const open = auditId(lives.waiting.proposal.id);
    await expect(showCase(ledger, open)).rejects.toMatchObject({ code: "proposal_unknown", seen: open });
  });

  it("reads logs of any length", async () => {
    const { id } = lives.fresh.proposal;
    for (let n = 0; n < 600; n += 1) {
      await ledger.refuse({
        proposalId: id,
        what: "answer",
        reason: `attempt ${n}`,
        by: null,
        at: "2026-03-30T12:00:00.000Z",
      });
    }
    expect((await showCase(ledger, id)).rows).toHaveLength(601);
  });

  it("says when the stored record differs from what the log binds, is unreadable or missing", async () => {
    const { pool, schema, close } = await freshSchema();
    const stored = postgresLedger({ pool, schema });
    const { proposal } = (await liveAll(stored)).rejected;
    const show = () => showCase(stored, proposal.id);
    expect((await show()).integrity).toBe("matches");
    const client = await pool.connect();
    // As somebody does who may do everything.
    await client.query("set session_replication_role = replica");
    const tamper = (sql: string) => client.query(sql, [proposal.id]);
    await tamper(`update ${schema}.cases set record = replace(record, 'ANA', 'BOB') where proposal_id = $1`);
    expect(await show()).toMatchObject({ integrity: "differs", record: { human_intervention: { reviewer: "BOB" } } });
    await tamper(`update ${schema}.cases set record = 'nonsense' where proposal_id = $1`);
    expect(await show()).toMatchObject({ integrity: "differs", record: { human_intervention: { reviewer: "ANA" } } });
    await tamper(`delete from ${schema}.cases where proposal_id = $1`);
    expect((await show()).integrity).toBe("missing");
    client.release(true);
    await close();
  });
});
