import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { checkAudit, type AuditProblem } from "../../src/audit/index.js";
import type { Ledger } from "../../src/ledger/ledger.js";
import { memoryLedger } from "../../src/ledger/memory/memory-ledger.js";
import { postgresLedger } from "../../src/ledger/postgres/postgres-ledger.js";
import { auditId, type Case } from "../../src/model/case.js";
import { executed } from "../../src/testing/ledger-contract/specimens.js";
import { freshSchema, type FreshSchema } from "../support/postgres.js";
import { liveAll, type Lives } from "./lives.js";

describe("checking the audit log", () => {
  it("finds nothing wrong with an empty ledger", async () => {
    expect(await checkAudit(memoryLedger())).toEqual({ ok: true, rows: 0, cases: 0, problems: [], more: 0 });
  });

  it("finds nothing wrong with lives of every kind, and says how much it read", async () => {
    const ledger = memoryLedger();
    const lives = await liveAll(ledger);
    const { seq } = await ledger.auditHead();
    const progress: unknown[] = [];
    const check = await checkAudit(ledger, { onProgress: (step) => progress.push(step) });
    expect(check).toEqual({ ok: true, rows: seq, cases: Object.keys(lives).length, problems: [], more: 0 });
    expect(progress).toEqual([{ rows: seq, of: seq }]);
  });

  it("finds nothing wrong while the ledger is being written to", async () => {
    const { pool, schema, close } = await freshSchema();
    const ledger = postgresLedger({ pool, schema });
    const progress = { writing: true };
    const write = async (worker: number): Promise<void> => {
      for (let n = 0; n < 6; n += 1) await executed(ledger, { key: `${worker}-${n}` });
    };
    const written = Promise.all([write(1), write(2)]).finally(() => (progress.writing = false));
    let checks = 0;
    while (progress.writing) {
      expect(await checkAudit(ledger)).toMatchObject({ ok: true, problems: [] });
      checks += 1;
    }
    await written;
    expect(checks).toBeGreaterThan(0);
    expect(await checkAudit(ledger)).toMatchObject({ ok: true, rows: 12 * 7, cases: 12 });
    await close();
  });
});

describe("checking a ledger in Postgres that somebody tampered with", () => {
  let fresh: FreshSchema;
  let ledger: Ledger;
  let lives: Lives;
  let last: number;

  beforeAll(async () => {
    // One connection, so that tampering, check and rollback happen in one transaction.
    fresh = await freshSchema({ connectionsMax: 1 });
    ledger = postgresLedger(fresh);
    lives = await liveAll(ledger);
    last = (await ledger.auditHead()).seq;
  });
  afterAll(() => fresh.close());
  beforeEach(async () => {
    await fresh.pool.query(
      `begin; set local search_path = ${fresh.schema}; set local session_replication_role = replica`,
    );
  });
  afterEach(async () => {
    await fresh.pool.query("rollback");
  });

  const tamper = async (sql: string, values: unknown[] = []): Promise<void> => {
    const { rowCount } = await fresh.pool.query(sql, values);
    expect(rowCount, "the tampering changed nothing").not.toBe(0);
  };
  /** Makes the links right again from the first row on, as somebody would who covers their traces. */
  const relink = async (): Promise<void> => {
    await fresh.pool.query(`do $$
      declare linked bytea := decode(repeat('00', 32), 'hex'); seqs bigint := 0; r record;
      begin
        for r in select * from audit_log order by seq loop
          linked := sha256(linked || sha256(convert_to(r.entry, 'UTF8')));
          seqs := seqs + 1;
          delete from audit_log where seq = r.seq;
          insert into audit_log values (seqs, r.kind, r.proposal_id, r.entry, linked);
        end loop;
        update audit_head set seq = seqs, hash = linked;
      end $$`);
  };
  const seqOf = async (kind: string, { proposal }: Case): Promise<number> => {
    const rows = await ledger.auditRows({ afterSeq: 0, limit: 1_000, proposalId: proposal.id });
    return rows.find((row) => row.kind === kind)?.seq ?? 0;
  };
  const about = ({ proposal }: Case) => ({ auditId: auditId(proposal.id), proposalId: proposal.id });
  const problems = async (): Promise<AuditProblem[]> => {
    const check = await checkAudit(ledger);
    expect(check.ok).toBe(false);
    return check.problems;
  };
  const linkBroken = (seq: number) => ({
    seq,
    what: "The hash does not follow from the entry and the row before: one of them was altered",
  });

  it("finds nothing wrong before anybody tampers", async () => {
    expect(await checkAudit(ledger)).toEqual({ ok: true, rows: last, cases: 12, problems: [], more: 0 });
  });

  it("names the row whose entry was altered", async () => {
    const seq = await seqOf("decided", lives.executed);
    await tamper("update audit_log set entry = replace(entry, 'Verified.', 'Verified!') where seq = $1", [seq]);
    expect(await problems()).toEqual([linkBroken(seq)]);
  });

  it("names the next row where the altered entry got a fitting hash", async () => {
    const seq = await seqOf("decided", lives.executed);
    await tamper(
      `update audit_log a set entry = n.entry, hash = sha256(b.hash || sha256(convert_to(n.entry, 'UTF8')))
       from audit_log b, (select replace(entry, 'Verified.', 'Verified!') as entry from audit_log where seq = $1) n
       where a.seq = $1 and b.seq = $1 - 1`,
      [seq],
    );
    expect(await problems()).toEqual([linkBroken(seq + 1)]);
  });

  it("names a row whose hash was altered, and the one that builds on it", async () => {
    await tamper("update audit_log set hash = sha256(hash) where seq = 5");
    expect(await problems()).toEqual([linkBroken(5), linkBroken(6)]);
  });

  it("names the last row's altered hash by the recorded end", async () => {
    await tamper("update audit_head set hash = sha256(hash)");
    expect(await problems()).toEqual([
      { seq: last, what: "The row has another hash than the recorded end of the log" },
    ]);
  });

  it("names rows that were removed from the middle", async () => {
    const seq = await seqOf("refused", lives.doubtful);
    await tamper("delete from audit_log where seq = $1", [seq]);
    expect(await problems()).toEqual([{ seq, what: `Row ${seq} is missing` }]);
  });

  it("names a decision that was removed from the log, with what rested on it", async () => {
    const seq = await seqOf("decided", lives.executed);
    await tamper("delete from audit_log where seq = $1", [seq]);
    const what = "Out of order: a permit of basis decisions was issued without an approval";
    expect(await problems()).toEqual(
      expect.arrayContaining([
        { seq, what: `Row ${seq} is missing` },
        { seq: seq + 1, ...about(lives.executed), what },
      ]),
    );
  });

  it("names the first rows where those were removed", async () => {
    await tamper("delete from audit_log where seq <= 2");
    expect(await problems()).toEqual(expect.arrayContaining([{ seq: 1, what: "Rows 1 to 2 are missing" }]));
    const what = 'Out of order: "asked" comes before "proposed"';
    expect(await problems()).toEqual(expect.arrayContaining([{ seq: 3, ...about(lives.executed), what }]));
  });

  it("names where the log was cut off", async () => {
    await tamper("delete from audit_log where seq > $1", [last - 3]);
    expect(await problems()).toEqual(
      expect.arrayContaining([{ seq: last - 2, what: `The log ends at row ${last - 3} and should reach row ${last}` }]),
    );
  });

  it("finds a cut-off end that the recorded end was moved to, by the cases", async () => {
    const end = await seqOf("failed", lives.doubtful);
    await tamper("delete from audit_log where seq >= $1", [end]);
    await relink();
    expect(await problems()).toEqual(
      expect.arrayContaining([
        { ...about(lives.doubtful), what: "The case is closed, the log has no closing row" },
        { ...about(lives.doubtful), what: "The case has a stored record, the log no closing row" },
        { ...about(lives.waiting), what: "The ledger holds the case, the log has no row of it" },
        { ...about(lives.fresh), what: "The ledger holds the case, the log has no row of it" },
      ]),
    );
  });

  it("finds a log that was emptied", async () => {
    await tamper("delete from audit_log");
    expect(await problems()).toEqual(
      expect.arrayContaining([
        { seq: 1, what: `The log ends at row 0 and should reach row ${last}` },
        { ...about(lives.executed), what: "The ledger holds the case, the log has no row of it" },
      ]),
    );
  });

  it("finds rows beyond the recorded end, and a recorded end that is gone", async () => {
    await tamper(
      "update audit_head set seq = seq - 1, hash = (select hash from audit_log where seq = audit_head.seq - 1)",
    );
    expect(await problems()).toEqual([{ seq: last, what: "The log goes on after its recorded end" }]);
    await tamper("delete from audit_head");
    expect(await problems()).toEqual([{ seq: 1, what: "The log goes on after its recorded end" }]);
  });

  it("names a row whose columns contradict its entry", async () => {
    const seq = await seqOf("decided", lives.rejected);
    await tamper("update audit_log set kind = 'asked' where seq = $1", [seq]);
    const says = (what: string) => ({ seq, ...about(lives.rejected), what });
    expect(await problems()).toEqual([
      says(`The row says "asked" of ${lives.rejected.proposal.id}, its entry says otherwise`),
    ]);
    await tamper("update audit_log set kind = 'decided', proposal_id = 'pr_other' where seq = $1", [seq]);
    expect(await problems()).toEqual([says('The row says "decided" of pr_other, its entry says otherwise')]);
  });

  for (const [title, replacement] of [
    ["is not canonical", `replace(entry, '"at":', '"at": ')`],
    ["is no JSON", "'nonsense'"],
    ["is no event", `'{"kind":"decided"}'`],
    ["names an unknown kind", `replace(entry, '"kind":"refused"', '"kind":"praised"')`],
    ["has a field too many", `regexp_replace(entry, '"v":1}$', '"v":1,"w":2}')`],
  ] as const) {
    it(`names a row whose entry ${title}, also where all hashes fit`, async () => {
      const seq = await seqOf("refused", lives.doubtful);
      await tamper(`update audit_log set entry = ${replacement} where seq = $1`, [seq]);
      await relink();
      expect(await problems()).toEqual([
        { seq, ...about(lives.doubtful), what: "The entry is not the canonical text of an audit event" },
      ]);
    });
  }

  it("names a row whose data are incomplete, also where all hashes fit", async () => {
    const seq = await seqOf("claimed", lives.automatic);
    await tamper(`update audit_log set entry = replace(entry, '"permit":', '"pernit":') where seq = $1`, [seq]);
    await relink();
    expect(await problems()).toEqual(
      expect.arrayContaining([{ seq, ...about(lives.automatic), what: 'The data of "claimed" are incomplete' }]),
    );
  });

  it("finds a forged approval in the log, also where all hashes fit", async () => {
    const seq = await seqOf("decided", lives.rejected);
    await tamper(`update audit_log set entry = replace(entry, '"reject"', '"approve"') where seq = $1`, [seq]);
    await relink();
    const what = "Out of order: it was closed as rejected without a rejection";
    expect(await problems()).toEqual([{ seq: seq + 1, ...about(lives.rejected), what }]);
  });

  it("finds a decision that was taken out of the log, also where all hashes fit", async () => {
    await tamper("delete from audit_log where seq = $1", [await seqOf("decided", lives.executed)]);
    await relink();
    const [decision] = lives.executed.decisions;
    expect(await problems()).toEqual(
      expect.arrayContaining([{ ...about(lives.executed), what: `Decision ${decision?.id} is not in the log` }]),
    );
  });

  it("finds a case that was taken out of the log altogether, also where all hashes fit", async () => {
    await tamper("delete from audit_log where proposal_id = $1", [lives.blocked.proposal.id]);
    await relink();
    expect(await problems()).toEqual(
      expect.arrayContaining([
        { ...about(lives.blocked), what: "The ledger holds the case, the log has no row of it" },
      ]),
    );
  });

  const editRecord = "The stored record is not the one that the closing row binds";
  it("finds an edited case record", async () => {
    const { id } = lives.rejected.proposal;
    await tamper("update cases set record = replace(record, 'reject', 'approve') where proposal_id = $1", [id]);
    expect(await problems()).toEqual([{ ...about(lives.rejected), what: editRecord }]);
    await tamper("update cases set record = 'nonsense' where proposal_id = $1", [id]);
    expect(await problems()).toEqual([{ ...about(lives.rejected), what: editRecord }]);
  });

  it("finds a case record filed under another id", async () => {
    await tamper("update cases set audit_id = 'au_other' where proposal_id = $1", [lives.rejected.proposal.id]);
    expect(await problems()).toEqual([{ ...about(lives.rejected), what: "The stored record is filed under au_other" }]);
  });

  it("finds a removed case record", async () => {
    await tamper("delete from cases where proposal_id = $1", [lives.rejected.proposal.id]);
    expect(await problems()).toEqual([
      { ...about(lives.rejected), what: "The case is closed and has no outcome" },
      { ...about(lives.rejected), what: "The stored record of the closed case is missing" },
    ]);
  });

  it("finds a closed case that was opened again", async () => {
    const { id } = lives.rejected.proposal;
    await tamper("update proposals set state = 'open' where id = $1", [id]);
    expect(await problems()).toEqual(
      expect.arrayContaining([
        { ...about(lives.rejected), what: "The case is open and has an outcome" },
        { ...about(lives.rejected), what: "The log has closed the case, the ledger has it open" },
      ]),
    );
  });

  it("finds an outcome that differs from the record's", async () => {
    const { id } = lives.executed.proposal;
    await tamper(`update cases set outcome = replace(outcome::text, 'true', 'false')::json where proposal_id = $1`, [
      id,
    ]);
    expect(await problems()).toEqual([
      {
        ...about(lives.executed),
        what: "The outcome in the ledger is not the one in the stored record",
      },
    ]);
  });

  it("finds an outcome of another kind than the log's", async () => {
    const { id } = lives.executed.proposal;
    await tamper(
      `update cases set outcome = replace(outcome::text, 'executed', 'failed')::json where proposal_id = $1`,
      [id],
    );
    const what = "The case ended as failed, in the log as executed";
    expect(await problems()).toContainEqual({ ...about(lives.executed), what });
  });

  it("finds a case that was removed from the tables", async () => {
    const { id } = lives.fresh.proposal;
    await tamper("delete from proposals where id = $1", [id]);
    expect(await problems()).toEqual([
      { ...about(lives.fresh), what: "The log has rows of a case that the ledger does not hold" },
    ]);
  });

  it("finds edited, removed and forged decisions", async () => {
    const [decision] = lives.executed.decisions;
    const id = decision?.id ?? "";
    const found = (what: string) => [{ ...about(lives.executed), what }];
    const edited = `Decision ${id} says something else than its own statement`;
    await tamper("update decisions set note = 'Verified!' where id = $1", [id]);
    expect(await problems()).toEqual(found(edited));
    await tamper("update decisions set note = 'Verified.', verdict = 'reject' where id = $1", [id]);
    expect(await problems()).toEqual(found(edited));
    await tamper("update decisions set verdict = 'approve', statement = statement || ' ' where id = $1", [id]);
    expect(await problems()).toEqual(found(`The statement of decision ${id} is not the one that the log binds`));
    await tamper("update decisions set id = 'dc_other', statement = rtrim(statement) where id = $1", [id]);
    expect(await problems()).toEqual(
      expect.arrayContaining([{ ...about(lives.executed), what: "Decision dc_other is not in the log" }]),
    );
    expect(await problems()).toEqual(
      expect.arrayContaining([
        { ...about(lives.executed), what: `Decision ${id} is in the log, but not in the ledger` },
      ]),
    );
    await tamper("delete from decisions where id = 'dc_other'");
    expect(await problems()).toEqual([
      ...found("Its permit rests on votes that do not let it run"),
      ...found(`Decision ${id} is in the log, but not in the ledger`),
    ]);
  });

  it("finds edited arguments, displays and routings", async () => {
    const { id } = lives.waiting.proposal;
    const found = (what: string) => [{ ...about(lives.waiting), what }];
    const routing = lives.waiting.round.routing;
    await tamper(
      `update rounds set routing = replace(routing::text, 'review', 'execute')::json where proposal_id = $1`,
      [id],
    );
    expect(await problems()).toEqual(found("The routing of round 1 is not the one in the log"));
    await tamper("update rounds set routing = $2, args = '{}' where proposal_id = $1", [id, JSON.stringify(routing)]);
    expect(await problems()).toEqual(found("The arguments of round 1 are not those in the log"));
    const { argsDigest } = lives.executed.round;
    await tamper("update rounds set args = $2, args_digest = $3 where proposal_id = $1", [
      id,
      JSON.stringify(lives.executed.round.args),
      argsDigest,
    ]);
    expect(await problems()).toEqual(found("The arguments of round 1 are not those in the log"));
    const { args, argsDigest: own } = lives.waiting.round;
    await tamper("update rounds set args = $2, args_digest = $3 where proposal_id = $1", [
      id,
      JSON.stringify(args),
      own,
    ]);
    await tamper(`update rounds set display = replace(display::text, 'Refund', 'Keep')::json where proposal_id = $1`, [
      id,
    ]);
    expect(await problems()).toEqual(found("What round 1 displayed does not have its recorded digest"));
  });

  it("finds forged and altered permits", async () => {
    const { id } = lives.waiting.proposal;
    await tamper(
      `insert into permits (id, proposal_id, round, args_digest, basis, state, issued_at)
       values ('pm_forged', $1, 1, $2, 'decisions', 'issued', now())`,
      [id, lives.waiting.round.argsDigest],
    );
    expect(await problems()).toEqual([{ ...about(lives.waiting), what: "Permit pm_forged is not in the log" }]);
    const permit = lives.rerouted.permit?.id ?? "";
    await tamper("delete from permits where id = 'pm_forged'");
    await tamper("update permits set state = 'spent' where id = $1", [permit]);
    expect(await problems()).toEqual([
      { ...about(lives.rerouted), what: `Permit ${permit} is spent, the log has no claim` },
    ]);
    await tamper("update permits set state = 'issued', args_digest = 'sha256:0' where id = $1", [permit]);
    expect(await problems()).toEqual([
      { ...about(lives.rerouted), what: `Permit ${permit} is for other arguments than in the log` },
    ]);
    await tamper("update permits set basis = 'policy' where id = $1", [permit]);
    expect(await problems()).toEqual([{ ...about(lives.rerouted), what: `Permit ${permit} is not in the log` }]);
  });

  it("finds an effect that was run on a forged permit", async () => {
    const { id, threadId } = lives.waiting.proposal;
    const { argsDigest } = lives.waiting.round;
    await tamper(
      `insert into permits (id, proposal_id, round, args_digest, basis, state, issued_at)
       values ('pm_forged', $1, 1, $2, 'decisions', 'issued', now())`,
      [id, argsDigest],
    );
    const at = { at: "2026-03-30T11:00:00.000Z", leaseMs: 60_000 };
    const claim = { proposalId: id, threadId, round: 1, argsDigest, owner: "thief", takeover: false, ...at };
    expect((await ledger.claim(claim)).claimed).toBe(true);
    const what = "Out of order: a permit was claimed that had not been issued for its round";
    expect(await problems()).toEqual(expect.arrayContaining([{ seq: last + 1, ...about(lives.waiting), what }]));
  });
});
