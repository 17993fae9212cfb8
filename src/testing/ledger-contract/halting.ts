import assert from "node:assert/strict";
import type { HaltRequest } from "../../ledger/halting.js";
import type { Ledger } from "../../ledger/ledger.js";
import { AuditEvent } from "../../model/audit-event.js";
import { haltId, type Halt, type HaltScope } from "../../model/halt.js";
import { changesNothing, race, rejectsWith, reread, type Check } from "./check.js";
import { claimed, claimRequest, moment, reviewer, routed, settleRequest } from "./specimens.js";

/** `halt`, `lift`, `halts`, and what a halt means for `claim`. */
export function haltingContract(check: Check): void {
  keeping(check);
  lifting(check);
  claiming(check);
  racing(check);
}

const EVERYTHING: HaltScope = { agent: null, action: null };

function request(scope: Partial<HaltScope> = {}, more: Partial<HaltRequest> = {}): HaltRequest {
  const said = { kind: "pause", by: reviewer(), reason: "Odd refunds.", at: moment(30) } as const;
  return { ...EVERYTHING, ...scope, ...said, ...more };
}

const lifted = (scope: Partial<HaltScope> = {}) => {
  const said = { by: reviewer("bo"), reason: "It was a drill.", at: moment(60) };
  return { ...EVERYTHING, ...scope, ...said };
};

async function log(ledger: Ledger): Promise<AuditEvent[]> {
  const rows = await ledger.auditRows({ afterSeq: 0, limit: 1_000 });
  return rows.map(({ entry }) => AuditEvent.parse(JSON.parse(entry)));
}

function keeping(check: Check): void {
  check("a halt is kept with who ordered it and why, and is in the log", async (ledger) => {
    const scope = { agent: "support", action: "refund" };
    const { kind, by, reason, at } = request();
    const expected: Halt = { id: haltId(scope), ...scope, kind, by, reason, at };
    assert.deepEqual(await ledger.halt(request(scope)), expected);
    assert.deepEqual(await ledger.halts(), [expected]);
    const data = { ...scope, kind, by, reason };
    assert.deepEqual(await log(ledger), [{ v: 1, kind: "halted", at, proposal: expected.id, data }]);
  });

  check("a halt that stands is left as it is, whoever orders it again", async (ledger) => {
    const first = await ledger.halt(request());
    const head = await ledger.auditHead();
    const again = request({}, { by: reviewer("bo"), reason: "Me too.", at: moment(31) });
    for (const answer of await race(() => ledger.halt(again))) assert.deepEqual(answer, first);
    assert.deepEqual([await ledger.halts(), await ledger.auditHead()], [[first], head]);
  });

  check("a halt of the other kind takes the place of the one before, in the log too", async (ledger) => {
    await ledger.halt(request());
    const kill = await ledger.halt(request({}, { kind: "kill", by: reviewer("bo"), at: moment(31) }));
    assert.deepEqual([kill.kind, kill.by.id], ["kill", "bo"]);
    assert.deepEqual(await ledger.halts(), [kill]);
    await ledger.halt(request({}, { at: moment(32) }));
    assert.deepEqual(
      (await log(ledger)).map(({ data }) => data["kind"]),
      ["pause", "kill", "pause"],
    );
  });

  check("halts of other scopes stand side by side", async (ledger) => {
    const scopes = [{}, { agent: "support" }, { action: "refund" }, { agent: "support", action: "refund" }];
    const names = [{ agent: "any" }, { agent: "" }, { agent: "only any" }, { agent: "'\"\\ä😀" }];
    const made = await Promise.all([...scopes, ...names].map((scope) => ledger.halt(request(scope))));
    const byId = made.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    assert.deepEqual(await ledger.halts(), byId);
    assert.equal(new Set(byId.map(({ id }) => id)).size, 8);
  });

  check("a name or reason that not every store can keep is refused, and nothing is halted", async (ledger) => {
    for (const wrong of [{ agent: "\0" }, { action: "\ud800" }, { reason: "\0" }]) {
      await rejectsWith("json_invalid", () => ledger.halt({ ...request(), ...wrong }));
    }
    assert.deepEqual([await ledger.halts(), await log(ledger)], [[], []]);
  });
}

function lifting(check: Check): void {
  check("lifting lifts the halt of exactly this scope, once, with a row in the log", async (ledger) => {
    const wide = await ledger.halt(request());
    const narrow = await ledger.halt(request({ agent: "support" }));
    assert.equal(await ledger.lift(lifted({ action: "refund" })), null);
    assert.deepEqual(await ledger.lift(lifted({ agent: "support" })), narrow);
    assert.deepEqual(await ledger.halts(), [wide]);
    const { by, reason, at } = lifted();
    const data = { agent: "support", action: null, by, reason };
    assert.deepEqual((await log(ledger)).at(-1), { v: 1, kind: "lifted", at, proposal: narrow.id, data });
    const head = await ledger.auditHead();
    assert.equal(await ledger.lift(lifted({ agent: "support" })), null);
    assert.deepEqual(await ledger.auditHead(), head);
  });

  check("of 16 that lift it at once, one does", async (ledger) => {
    await ledger.halt(request());
    const answers = await race(() => ledger.lift(lifted()));
    assert.equal(answers.filter((halt) => halt !== null).length, 1);
    assert.deepEqual([await ledger.halts(), (await log(ledger)).length], [[], 2]);
  });
}

function claiming(check: Check): void {
  check("while a halt applies nothing is claimed and nothing changes; once it is lifted, it is", async (ledger) => {
    for (const scope of [{}, { agent: "support" }, { action: "refund" }, { agent: "support", action: "refund" }]) {
      const held = await routed(ledger, "execute", { key: JSON.stringify(scope) });
      const halt = await ledger.halt(request(scope));
      const claim = { ...claimRequest(held, "worker-1"), takeover: true };
      const result = await changesNothing(ledger, held.proposal.id, () => ledger.claim(claim));
      assert.deepEqual(result, { claimed: false, lapsed: false, halt, case: held });
      await ledger.lift(lifted(scope));
      assert.equal((await ledger.claim(claim)).claimed, true);
    }
  });

  check("a halt of another agent or action stops nothing", async (ledger) => {
    for (const scope of [
      { agent: "sales" },
      { action: "transfer" },
      { agent: "support", action: "transfer" },
      { agent: "sales", action: "refund" },
      { agent: "" },
    ]) {
      await ledger.halt(request(scope));
    }
    await claimed(ledger, await routed(ledger, "execute"));
  });

  check("of several halts that apply, a kill is told first, then the oldest", async (ledger) => {
    const held = await routed(ledger, "execute");
    const told = async (): Promise<unknown> => (await ledger.claim(claimRequest(held, "worker-1"))).halt?.id;
    const late = await ledger.halt(request({}, { at: moment(32) }));
    const early = await ledger.halt(request({ agent: "support" }, { at: moment(31) }));
    assert.equal(await told(), early.id);
    const kill = await ledger.halt(request({ action: "refund" }, { kind: "kill", at: moment(33) }));
    assert.equal(await told(), kill.id);
    await ledger.lift(lifted({ action: "refund" }));
    await ledger.lift(lifted({ agent: "support" }));
    assert.equal(await told(), late.id);
  });

  check("what was claimed before goes on to its end, but nobody takes it over", async (ledger, setTime) => {
    const held = await claimed(ledger, await routed(ledger, "execute"));
    const halt = await ledger.halt(request());
    const again = await ledger.claim(claimRequest(held, "worker-1"));
    assert.deepEqual(again, { claimed: true, lapsed: false, case: held });
    assert.equal(await ledger.extend({ permitId: held.permit?.id ?? "", owner: "worker-1", leaseMs: 30_000 }), true);
    await setTime(90);
    const takeover = { ...claimRequest(held, "worker-2"), takeover: true };
    const result = await ledger.claim(takeover);
    assert.deepEqual(result, { claimed: false, lapsed: true, halt, case: await reread(ledger, held) });
    assert.equal((await ledger.settle(settleRequest(held, "worker-1"))).outcome?.status, "executed");
  });
}

function racing(check: Check): void {
  check("no claim comes after a halt that was acknowledged, while 16 claim at once", async (ledger) => {
    for (const turn of [1, 2, 3]) {
      const cases = await race((racer) => routed(ledger, "execute", { key: `${turn}-${racer}` }));
      const before = (await ledger.auditHead()).seq;
      const claims = cases.map((held) => ledger.claim(claimRequest(held, "worker-1")));
      const { seq } = await ledger.halt(request()).then(() => ledger.auditHead());
      const results = await Promise.all(claims);
      const rows = await ledger.auditRows({ afterSeq: before, limit: 1_000 });
      const halted = rows.find(({ kind }) => kind === "halted")?.seq ?? 0;
      const late = rows.filter((row) => row.kind === "claimed" && row.seq > halted);
      assert.deepEqual([halted > before, halted <= seq, late], [true, true, []]);
      const won = results.filter((result) => result.claimed).length;
      assert.equal(rows.filter(({ kind }) => kind === "claimed").length, won);
      for (const result of results) assert.equal(result.claimed, result.halt === undefined);
      await ledger.lift(lifted());
    }
  });
}
