import assert from "node:assert/strict";
import { rollingAccuracy, type StageRule } from "../../autonomy/stage-rule.js";
import type { StageRecord } from "../../autonomy/stage-record.js";
import type { Ledger } from "../../ledger/ledger.js";
import type { Case } from "../../model/case.js";
import type { Verdict } from "../../model/decision.js";
import { stageId, type Stage, type StageKey } from "../../model/stage.js";
import { changesNothing, countOf, race, rejectsWith, reread, type Check } from "./check.js";
import { asked, askRequest, decided, decideRequest, moment, reviewer, routed, type DraftOptions } from "./specimens.js";

const OF: StageKey = { agent: "support", action: "refund", trust: "verified" };
/** Up at each case that was right, down at each that was wrong. */
const ONE_BY_ONE: StageRule = ({ recent }) => ({
  step: recent.at(-1) === true ? "up" : "down",
  because: "One by one.",
});

/** `stage`, `stages`, `setStage`, `setCeiling`, and what decisions do to stages. */
export function stagingContract(check: Check): void {
  judging(check);
  moving(check);
  setting(check);
  racing(check);
}

let made = 0;

/** Records a case that a person decides, by a rule if there is one. */
async function judged(
  ledger: Ledger,
  verdict: Verdict,
  stageRule?: StageRule,
  options: DraftOptions = {},
): Promise<Case> {
  made += 1;
  const held = await asked(ledger, { key: `judged-${made}`, ...options });
  const result = await ledger.decide({ ...decideRequest(held, verdict), ...(stageRule && { stageRule }) });
  assert.ok(result.ok);
  return result.case;
}

async function several(ledger: Ledger, verdicts: readonly Verdict[], stageRule?: StageRule): Promise<void> {
  for (const verdict of verdicts) await judged(ledger, verdict, stageRule);
}

const set = (stage: Stage, reason = "Because.") => ({ of: OF, stage, by: reviewer("cy"), reason, at: moment(50) });
const upTo = (ceiling: Stage, reason = "So far.") => ({ of: OF, ceiling, by: reviewer("cy"), reason, at: moment(51) });

function placeOf({ stage, ceiling, judged: count, judgedSince }: StageRecord): number[] {
  return [stage, ceiling, count, judgedSince];
}

function judging(check: Check): void {
  check("where nothing is known the stage is 1, and nothing holds it", async (ledger) => {
    const first = {
      id: stageId(OF),
      ...OF,
      stage: 1,
      ceiling: 5,
      judged: 0,
      judgedSince: 0,
      recent: [],
      changed: null,
    };
    assert.deepEqual(await ledger.stage(OF), first);
    assert.deepEqual(await ledger.stages({ afterId: "", limit: 10 }), []);
  });

  check("the first judgement of a person counts: only `approve` says that the agent was right", async (ledger) => {
    await several(ledger, ["approve", "modify", "reject", "revise"]);
    const { judged: count, recent, stage } = await ledger.stage(OF);
    assert.deepEqual([count, recent, stage], [4, [true, false, false, false], 1]);
  });

  check("a case counts once, by what was said first", async (ledger) => {
    const first = await decided(ledger, await asked(ledger, { key: "a" }), "modify", { permitted: false });
    await decided(ledger, await ledger.ask(askRequest(first, "interrupt-2")), "approve");
    assert.deepEqual((await ledger.stage(OF)).recent, [false]);
  });

  check("to answer is not to judge; services do not judge", async (ledger) => {
    const request = { ...askRequest(await routed(ledger, "clarify", { key: "a" })), kind: "clarification" as const };
    const unclear = await ledger.ask(request);
    const said = decideRequest(unclear, "answer");
    const next = { round: { ...unclear.round, round: 2 }, permitted: false };
    const answered = await ledger.decide({ ...said, next });
    assert.ok(answered.ok);
    const service = { ...reviewer("bot"), kind: "service" as const };
    await decided(ledger, await asked(ledger, { key: "b" }), "approve", { by: service });
    assert.equal((await ledger.stage(OF)).judged, 0);
    await decided(ledger, await ledger.ask(askRequest(answered.case, "interrupt-2")), "approve");
    assert.deepEqual((await ledger.stage(OF)).recent, [true]);
  });

  check("each agent, action and trust has its own, and nobody unknown judges a verified case", async (ledger) => {
    await judged(ledger, "approve", undefined, { agent: "other \u2028 é" });
    await judged(ledger, "approve", undefined, { action: "transfer" });
    await judged(ledger, "reject", undefined, { trust: "open" });
    await decided(ledger, await asked(ledger, { key: "x" }), "approve", { by: reviewer("ana", "unverified") });
    await decided(ledger, await asked(ledger, { key: "y", trust: "open" }), "approve", {
      by: reviewer("ana", "unverified"),
    });
    assert.equal((await ledger.stage(OF)).judged, 0);
    assert.deepEqual((await ledger.stage({ ...OF, agent: "other \u2028 é" })).recent, [true]);
    assert.deepEqual((await ledger.stage({ ...OF, action: "transfer" })).recent, [true]);
    assert.deepEqual((await ledger.stage({ ...OF, trust: "open" })).recent, [false, true]);
  });

  check("of many judged cases the last 100 are told, oldest first, and all are counted", async (ledger) => {
    for (let n = 0; n < 103; n += 1) await judged(ledger, n % 10 === 3 ? "reject" : "approve");
    const { judged: count, recent } = await ledger.stage(OF);
    assert.equal(count, 103);
    assert.deepEqual(
      recent,
      Array.from({ length: 100 }, (_, n) => (n + 3) % 10 !== 3),
    );
  });
}

function moving(check: Check): void {
  check("a rule moves the stage with the decision, up to the ceiling, with a row in the log", async (ledger) => {
    await ledger.setCeiling(upTo(3));
    const held = await judged(ledger, "approve", ONE_BY_ONE);
    const { stage, changed } = await ledger.stage(OF);
    assert.deepEqual([stage, changed], [2, { by: null, reason: "One by one.", at: moment(10) }]);
    const rows = await ledger.auditRows({ afterSeq: 0, limit: 100, proposalId: stageId(OF) });
    assert.deepEqual((JSON.parse(rows[1]?.entry ?? "") as { data: unknown }).data, {
      ...OF,
      from: 1,
      to: 2,
      ceilingBefore: 3,
      ceiling: 3,
      judged: 1,
      recent: 1,
      right: 1,
      by: null,
      reason: "One by one.",
      judgement: held.proposal.id,
    });
    await several(ledger, ["approve", "approve", "approve"], ONE_BY_ONE);
    assert.deepEqual(placeOf(await ledger.stage(OF)), [3, 3, 4, 2]);
    await several(ledger, ["reject", "reject", "reject"], ONE_BY_ONE);
    assert.deepEqual(placeOf(await ledger.stage(OF)), [1, 3, 7, 1]);
    assert.equal(await countOf("staged", ledger, stageId(OF)), 5);
  });

  check("without a rule nothing moves, and a decision that does not judge asks no rule", async (ledger) => {
    await judged(ledger, "approve");
    const first = await decided(ledger, await asked(ledger, { key: "a" }), "modify", { permitted: false });
    const again = await ledger.ask(askRequest(first, "interrupt-2"));
    const result = await ledger.decide({ ...decideRequest(again, "approve"), stageRule: ONE_BY_ONE });
    assert.ok(result.ok);
    assert.equal((await ledger.stage(OF)).stage, 1);
  });

  check("the same decision again moves nothing again", async (ledger) => {
    const held = await asked(ledger, { key: "a" });
    const request = { ...decideRequest(held, "approve"), stageRule: ONE_BY_ONE };
    await ledger.decide(request);
    await changesNothing(ledger, held.proposal.id, () => ledger.decide(request));
    assert.deepEqual(placeOf(await ledger.stage(OF)), [2, 5, 1, 0]);
  });

  check("a rule that throws leaves the case undecided and uncounted", async (ledger) => {
    const held = await asked(ledger, { key: "a" });
    const stageRule: StageRule = () => JSON.parse("no rule") as null;
    await changesNothing(ledger, held.proposal.id, async () => {
      await rejectsWith("config_invalid", () => ledger.decide({ ...decideRequest(held, "approve"), stageRule }));
    });
    assert.equal((await ledger.stage(OF)).judged, 0);
    assert.equal((await decided(ledger, await reread(ledger, held), "approve")).permit?.state, "issued");
  });
}

function setting(check: Check): void {
  check("people set stages and ceilings, with who and why; what is so already changes nothing", async (ledger) => {
    const now = await ledger.setStage(set(4, "Known \u2028 “well”."));
    assert.deepEqual(placeOf(now), [4, 5, 0, 0]);
    assert.deepEqual(now.changed, { by: reviewer("cy"), reason: "Known \u2028 “well”.", at: moment(50) });
    assert.deepEqual(await ledger.stage(OF), now);
    const { seq } = await ledger.auditHead();
    assert.deepEqual(await ledger.setStage(set(4, "Again.")), now);
    assert.deepEqual(await ledger.setCeiling(upTo(5)), now);
    assert.equal((await ledger.auditHead()).seq, seq);
  });

  check("a ceiling takes the stage down with it, and nobody gets above it", async (ledger) => {
    await ledger.setStage(set(4));
    assert.deepEqual(placeOf(await ledger.setCeiling(upTo(2))), [2, 2, 0, 0]);
    await rejectsWith("stage_invalid", () => ledger.setStage(set(3)));
    await judged(ledger, "approve", ONE_BY_ONE);
    assert.deepEqual(placeOf(await ledger.stage(OF)), [2, 2, 1, 1]);
    assert.deepEqual(placeOf(await ledger.setCeiling(upTo(5))), [2, 5, 1, 1]);
  });

  check("after a change of the stage, evidence begins anew; after one of the ceiling it does not", async (ledger) => {
    await several(ledger, ["reject", "approve"]);
    await ledger.setCeiling(upTo(4));
    assert.deepEqual(placeOf(await ledger.stage(OF)), [1, 4, 2, 2]);
    await ledger.setStage(set(2));
    await judged(ledger, "approve");
    assert.deepEqual(placeOf(await ledger.stage(OF)), [2, 4, 3, 1]);
  });

  check("what was ever changed is listed in the order of ids, page by page", async (ledger) => {
    const keys = ["a", "b", "c"].map((agent) => ({ ...OF, agent }));
    for (const of of keys) await ledger.setStage({ ...set(2), of });
    await judged(ledger, "approve", undefined, { agent: "never changed" });
    const ids = keys.map(stageId).toSorted();
    const all = await ledger.stages({ afterId: "", limit: 10 });
    assert.deepEqual(
      all.map(({ id }) => id),
      ids,
    );
    assert.deepEqual(await ledger.stages({ afterId: ids[0] ?? "", limit: 1 }), [all[1]]);
  });

  check("texts that not every store can keep are refused", async (ledger) => {
    await rejectsWith("json_invalid", () => ledger.setStage(set(2, "\0")));
    await rejectsWith("json_invalid", () => ledger.setCeiling({ ...upTo(2), of: { ...OF, agent: "\ud800" } }));
    assert.deepEqual(await ledger.stages({ afterId: "", limit: 10 }), []);
    assert.equal((await ledger.stage({ ...OF, agent: "\0" })).stage, 1);
  });
}

function racing(check: Check): void {
  check(
    "16 decisions at once are counted one after the other, and the stage takes one step at a time",
    async (ledger) => {
      const cases: Case[] = [];
      for (let n = 0; n < 16; n += 1) cases.push(await asked(ledger, { key: `race-${n}`, threadId: `thread-${n}` }));
      await race(async (n) => {
        const held = cases[n];
        assert.ok(held);
        const result = await ledger.decide({
          ...decideRequest(held, "approve"),
          stageRule: rollingAccuracy(EVERY_FOUR),
        });
        assert.ok(result.ok);
      });
      assert.deepEqual(placeOf(await ledger.stage(OF)), [5, 5, 16, 0]);
      const rows = await ledger.auditRows({ afterSeq: 0, limit: 100, proposalId: stageId(OF) });
      const steps = rows.map(
        ({ entry }) => (JSON.parse(entry) as { data: { from: number; to: number; judged: number } }).data,
      );
      assert.deepEqual(
        steps.map(({ from, to, judged: count }) => [from, to, count]),
        [
          [1, 2, 4],
          [2, 3, 8],
          [3, 4, 12],
          [4, 5, 16],
        ],
      );
    },
  );

  check("of a ceiling and promotions at the same moment, none gets past the ceiling", async (ledger) => {
    const cases: Case[] = [];
    for (let n = 0; n < 16; n += 1) cases.push(await asked(ledger, { key: `race-${n}`, threadId: `thread-${n}` }));
    await race(async (n) => {
      const held = cases[n];
      assert.ok(held);
      if (n === 5) await ledger.setCeiling(upTo(2));
      else await ledger.decide({ ...decideRequest(held, "approve"), stageRule: ONE_BY_ONE });
    });
    assert.deepEqual(placeOf(await ledger.stage(OF)).slice(0, 3), [2, 2, 15]);
  });
}

const EVERY_FOUR = { window: 4, judgedOver: 0 };
