import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkAudit } from "../../src/audit/index.js";
import { StagesInLog } from "../../src/audit/stages-in-log.js";
import type { StageRule } from "../../src/autonomy/stage-rule.js";
import type { Ledger } from "../../src/ledger/ledger.js";
import { postgresLedger } from "../../src/ledger/postgres/postgres-ledger.js";
import { stageId, type Stage } from "../../src/model/stage.js";
import { asked, decideRequest, moment, reviewer } from "../../src/testing/ledger-contract/specimens.js";
import { freshSchema, type FreshSchema } from "../support/postgres.js";

const OF = { agent: "support", action: "refund", trust: "verified" } as const;
const ID = stageId(OF);
type Staged = Parameters<StagesInLog["add"]>[1];

/** A change as the log has it: by the rule, after one judged case that was right. */
function change(given: Partial<Staged> = {}): Staged {
  const places = { from: 1, to: 2, ceilingBefore: 5, ceiling: 5 } as const;
  return { ...OF, ...places, judged: 1, recent: 1, right: 1, by: null, judgement: "pr_1", ...given };
}

/** A log in which one case was judged. */
function logged(verdict = "approve"): StagesInLog {
  const log = new StagesInLog();
  const row = { v: 1, at: moment(0), proposal: "pr_1" } as const;
  log.note({ ...row, kind: "proposed", data: { ...OF } });
  log.note({ ...row, kind: "decided", data: { verdict, by: { ...reviewer() } } });
  log.note({ ...row, kind: "decided", data: { verdict: "reject", by: { ...reviewer() } } });
  return log;
}

const byPerson = { by: reviewer("cy"), judgement: null };

describe("a change of a stage in the log", () => {
  it.each<[string, Partial<Staged>]>([
    ["a rule's step up", {}],
    ["a person's, by several steps", { to: 4, ...byPerson }],
    ["a person's ceiling", { to: 1, ceiling: 3, ...byPerson }],
  ])("may be %s", (_title, given) => {
    expect(logged().add(ID, change(given))).toBeNull();
  });

  it.each<[string, Partial<Staged>, string]>([
    ["of another stage", { agent: "other" }, "it changes another stage than it names"],
    ["from elsewhere", { from: 2, to: 3 }, "it begins elsewhere than the last change ended"],
    ["from another ceiling", { ceilingBefore: 4, ceiling: 4 }, "it begins elsewhere than the last change ended"],
    ["above its ceiling", { to: 4, ceiling: 3, ...byPerson }, "it sets a stage above its ceiling"],
    ["by a rule, of two steps", { to: 3 }, "a rule moved it by more than one step"],
    ["by a rule, of the ceiling", { ceiling: 4 }, "a rule moved it by more than one step"],
    ["by a rule, after another judgement", { judgement: "pr_2" }, "a rule moved it without a judgement"],
    ["by a rule, after none", { judgement: null }, "a rule moved it without a judgement"],
    ["by a person, after a judgement", { by: reviewer("cy") }, "a person's change names a judgement"],
    ["on more cases than were judged", { judged: 1_001 }, "it rests on other judgements than the log has"],
    ["on other recent ones", { recent: 2 }, "it rests on other judgements than the log has"],
    ["on fewer right ones", { right: 0 }, "it rests on other judgements than the log has"],
  ])("may not be %s", (_title, given, illegal) => {
    expect(logged().add(ID, change(given))).toBe(illegal);
  });

  it("begins where the one before ended", () => {
    const log = logged();
    expect(log.add(ID, change({ to: 3, ...byPerson }))).toBeNull();
    expect(log.add(ID, change({ from: 3, to: 2 }))).toBeNull();
    expect(log.add(ID, change())).not.toBeNull();
  });

  it("counts a judgement by what was said first", () => {
    expect(logged("reject").add(ID, change({ from: 1, to: 1, ceiling: 4, right: 0, ...byPerson }))).toBeNull();
  });
});

describe("stages in Postgres", () => {
  let fresh: FreshSchema;
  let ledger: Ledger;
  beforeAll(async () => {
    // One connection, so that tampering, check and rollback happen in one transaction.
    fresh = await freshSchema({ connectionsMax: 1 });
    ledger = postgresLedger(fresh);
    const stageRule: StageRule = () => ({ step: "up", because: "One by one." });
    for (const key of ["a", "b"]) {
      const request = decideRequest(await asked(ledger, { key }), "approve");
      await ledger.decide({ ...request, stageRule });
    }
    const ceiling: Stage = 4;
    await ledger.setCeiling({ of: OF, ceiling, by: reviewer("cy"), reason: "So far.", at: moment(60) });
  });
  afterAll(() => fresh.close());

  /** What the check says after a change behind the ledger's back. */
  async function problemsAfter(sql: string): Promise<string[]> {
    await fresh.pool.query(
      `begin; set local search_path = ${fresh.schema}; set local session_replication_role = replica`,
    );
    try {
      expect((await fresh.pool.query(sql)).rowCount, "the tampering changed nothing").not.toBe(0);
      return (await checkAudit(ledger)).problems.map(({ what }) => what);
    } finally {
      await fresh.pool.query("rollback");
    }
  }

  it("check out as they were left", async () => {
    expect(await checkAudit(ledger)).toMatchObject({ ok: true, problems: [] });
  });

  it.each([
    ["update stages set stage = 4", "is not the one in the log"],
    ["update stages set ceiling = 5", "is not the one in the log"],
    ["update stages set changed_by = null", "is not the one in the log"],
    ["update judgements set is_right = false where n = 1", "counts other judgements than the log has"],
    ["delete from judgements where n = 2", "counts other judgements than the log has"],
    ["delete from stages", "is in the log only"],
  ])("that somebody tampered with are named: %s", async (sql, what) => {
    expect(await problemsAfter(sql)).toEqual([`The stage of support with refund (verified) ${what}`]);
  });

  it("that the log does not know are named", async () => {
    const sql = `insert into stages select 'sg_x', 'other', action, trust, stage, ceiling, judged_before, changed_by,
      reason, changed_at from stages`;
    expect(await problemsAfter(sql)).toContain("The stage of other with refund (verified) is not the one in the log");
  });
});
