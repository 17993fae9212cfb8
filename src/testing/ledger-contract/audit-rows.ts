import assert from "node:assert/strict";
import type { Ledger } from "../../ledger/ledger.js";
import { AuditEvent, GENESIS_HASH, linkHash, type AuditRow } from "../../model/audit-event.js";
import { canonicalJson } from "../../model/canonical-json.js";
import { digestText } from "../../model/digest.js";
import { auditId, type Case } from "../../model/case.js";
import { identifier } from "../../model/identifier.js";
import { kinds, race, rejectsWith, reread, type Check, type SetTime } from "./check.js";
import {
  asked,
  askRequest,
  claimed,
  claimRequest,
  decided,
  decideRequest,
  executed,
  moment,
  proposed,
  routed,
  settleRequest,
} from "./specimens.js";

/** The audit log: `auditRows`, `auditHead`, `refuse` and what every other method leaves behind. */
export function auditRowsContract(check: Check): void {
  lives(check);
  links(check);
  contents(check);
  closings(check);
  attempts(check);
}

const rowsOf = (ledger: Ledger, proposalId?: string): Promise<AuditRow[]> =>
  ledger.auditRows({ afterSeq: 0, limit: 10_000, ...(proposalId === undefined ? {} : { proposalId }) });

async function events(ledger: Ledger, held: Case): Promise<AuditEvent[]> {
  return (await rowsOf(ledger, held.proposal.id)).map(({ entry }) => AuditEvent.parse(JSON.parse(entry)));
}

/** Typical lives of a proposal, with the kinds of the rows that each leaves. */
const LIVES: Record<string, [live: (ledger: Ledger, setTime: SetTime) => Promise<Case>, leaves: string]> = {
  "executed by policy": [
    async (ledger) => ledger.settle(settleRequest(await claimed(ledger, await routed(ledger, "execute")), "worker-1")),
    "proposed routed permitted claimed executed",
  ],
  "approved and executed": [(ledger) => executed(ledger), "proposed routed asked decided permitted claimed executed"],
  "approved after a second question, and failed": [
    async (ledger) => {
      const open = await ledger.ask(askRequest(await asked(ledger), "interrupt-2", "No decision yet."));
      const running = await claimed(ledger, await decided(ledger, open, "approve"));
      return ledger.settle(settleRequest(running, "worker-1", "failed"));
    },
    "proposed routed asked asked decided permitted claimed failed",
  ],
  rejected: [async (ledger) => decided(ledger, await asked(ledger), "reject"), "proposed routed asked decided closed"],
  "modified and executed": [
    async (ledger) => {
      const running = await claimed(ledger, await decided(ledger, await asked(ledger), "modify"));
      return ledger.settle(settleRequest(running, "worker-1"));
    },
    "proposed routed asked decided routed permitted claimed executed",
  ],
  "modified, then approved by another": [
    async (ledger) => {
      const modified = await decided(ledger, await asked(ledger), "modify", { permitted: false });
      return decided(ledger, await ledger.ask(askRequest(modified, "interrupt-2")), "approve");
    },
    "proposed routed asked decided routed asked decided permitted",
  ],
  "modified into what the policy blocks": [
    async (ledger) => decided(ledger, await asked(ledger), "modify", { nextRoute: "block" }),
    "proposed routed asked decided routed closed",
  ],
  "only suggested": [(ledger) => routed(ledger, "suggest"), "proposed routed closed"],
  blocked: [(ledger) => routed(ledger, "block"), "proposed routed closed"],
  "taken over and in doubt": [
    async (ledger, setTime) => {
      const held = await claimed(ledger, await routed(ledger, "execute"));
      await setTime(50);
      await ledger.claim({ ...claimRequest(held, "worker-2"), takeover: true });
      await setTime(500);
      return ledger.settle({ ...settleRequest(held, null, "in-doubt"), at: moment(500) });
    },
    "proposed routed permitted claimed claimed failed",
  ],
};

function lives(check: Check): void {
  for (const [title, [live, leaves]] of Object.entries(LIVES)) {
    check(`a proposal that is ${title} leaves: ${leaves}`, async (ledger, setTime) => {
      const held = await live(ledger, setTime);
      assert.deepEqual(await kinds(ledger, held.proposal.id), leaves.split(" "));
    });
  }
}

function links(check: Check): void {
  check("an empty log ends at 0, with the hash before the first row", async (ledger) => {
    assert.deepEqual(await ledger.auditHead(), { seq: 0, hash: GENESIS_HASH });
    assert.deepEqual(await rowsOf(ledger), []);
  });

  const checkLinks = async (ledger: Ledger): Promise<AuditRow[]> => {
    const rows = await rowsOf(ledger);
    let previous = { seq: 0, hash: GENESIS_HASH };
    for (const row of rows) {
      assert.equal(row.seq, previous.seq + 1);
      assert.equal(row.hash, linkHash(previous.hash, row.entry));
      const event = AuditEvent.parse(JSON.parse(row.entry));
      assert.equal(canonicalJson(event), row.entry);
      assert.deepEqual([event.kind, event.proposal], [row.kind, row.proposalId]);
      previous = { seq: row.seq, hash: row.hash };
    }
    assert.deepEqual(await ledger.auditHead(), previous);
    return rows;
  };

  check("rows are numbered without gaps, and every hash follows from the entry and the hash before", async (ledger) => {
    await executed(ledger);
    await decided(ledger, await asked(ledger, { key: "b" }), "reject", { note: "“no” — 不 😀 \u2028 é" });
    assert.equal((await checkLinks(ledger)).length, 12);
  });

  check("16 lives at once leave one chain without gaps", async (ledger) => {
    await race((racer) => executed(ledger, { key: `life-${racer}` }));
    assert.equal((await checkLinks(ledger)).length, 16 * 7);
  });

  check("rows come after a position, up to a limit, all or one proposal's", async (ledger) => {
    const [a, b] = [await asked(ledger), await asked(ledger, { key: "b" })];
    const all = await rowsOf(ledger);
    assert.deepEqual(await ledger.auditRows({ afterSeq: 2, limit: 3 }), all.slice(2, 5));
    assert.deepEqual(await ledger.auditRows({ afterSeq: all.length, limit: 3 }), []);
    assert.deepEqual(await ledger.auditRows({ afterSeq: 0, limit: 0 }), []);
    const ofB = all.filter(({ proposalId }) => proposalId === b.proposal.id);
    assert.deepEqual(await rowsOf(ledger, b.proposal.id), ofB);
    const { proposalId, seq } = ofB[0] ?? { proposalId: "", seq: 0 };
    assert.deepEqual(await ledger.auditRows({ afterSeq: seq, limit: 1, proposalId }), ofB.slice(1, 2));
    assert.deepEqual(await rowsOf(ledger, "pr_nothing"), []);
    assert.equal(ofB.length + (await rowsOf(ledger, a.proposal.id)).length, all.length);
  });
}

function contents(check: Check): void {
  check("the rows say what was proposed, routed, asked, decided, permitted and claimed", async (ledger) => {
    const held = await executed(ledger);
    const { id } = held.proposal;
    const [proposedEvent, routedEvent, askedEvent, decidedEvent, permittedEvent, claimedEvent] = await events(
      ledger,
      held,
    );
    const { argsDigest, displayDigest } = held.round;
    const permit = identifier("permit", [id, 1]);
    const review = identifier("review", [id, 1]);
    assert.deepEqual(proposedEvent?.data, {
      thread: "thread-1",
      action: "refund",
      agent: "support",
      requestedBy: "cleo",
      trust: "verified",
      argsDigest,
      displayDigest,
    });
    const policyDigest = held.round.routing?.policyDigest;
    assert.deepEqual(routedEvent?.data, {
      round: 1,
      route: "review",
      rules: ["small"],
      policyDigest,
      failedClosed: false,
    });
    const terms = { kind: "approval", withinMs: null, otherwise: "hold", reason: null };
    assert.deepEqual(askedEvent?.data, { review, round: 1, gate: "gate", interrupt: "interrupt-1", ...terms });
    const decision = held.decisions[0];
    assert.deepEqual(decidedEvent?.data, {
      decision: decision?.id,
      review,
      round: 1,
      verdict: "approve",
      by: decision?.by,
      reasonCode: null,
      note: "Verified.",
      argsDigest,
      newArgsDigest: null,
      statementDigest: digestText(decision?.statement ?? ""),
      signedBy: ["key-1"],
    });
    assert.deepEqual(permittedEvent?.data, { permit, round: 1, basis: "decisions", argsDigest });
    assert.deepEqual(claimedEvent?.data, { permit, owner: "worker-1", leaseMs: 30_000 });
    assert.deepEqual(
      (await events(ledger, held)).map(({ at }) => at),
      [0, 1, 2, 10, 10, 20, 40].map(moment),
    );
  });
}

function closings(check: Check): void {
  check("the closing row binds the stored record by its digest", async (ledger) => {
    const ended = [
      await executed(ledger),
      await decided(ledger, await asked(ledger, { key: "b" }), "reject"),
      await routed(ledger, "block", { key: "c" }),
    ];
    for (const held of ended) {
      const closing = (await events(ledger, held)).at(-1)?.data;
      const record = await ledger.caseRecordText(auditId(held.proposal.id));
      assert.equal(closing?.["case"], auditId(held.proposal.id));
      assert.equal(closing["caseDigest"], digestText(record?.text ?? ""));
      assert.equal(closing["status"], held.outcome?.status);
    }
  });

  check("a modification's new arguments are routed in the log under their own round", async (ledger) => {
    const held = await decided(ledger, await asked(ledger), "modify");
    const all = await events(ledger, held);
    assert.deepEqual(
      all.filter(({ kind }) => kind === "routed").map(({ data }) => data["round"]),
      [1, 2],
    );
    const permitted = all.at(-1)?.data;
    assert.deepEqual([permitted?.["round"], permitted?.["argsDigest"]], [2, held.round.argsDigest]);
    assert.equal(all.find(({ kind }) => kind === "decided")?.data["newArgsDigest"], held.round.argsDigest);
  });
}

function attempts(check: Check): void {
  check("an attempt that did not count is noted, also after the end, and each only once", async (ledger) => {
    for (const held of [await proposed(ledger), await executed(ledger, { key: "b" })]) {
      const before = (await kinds(ledger, held.proposal.id)).length;
      const noted = {
        proposalId: held.proposal.id,
        what: "answer",
        reason: "“?” \0 \u2028",
        by: "bo",
        at: moment(60),
      } as const;
      await ledger.refuse(noted);
      await ledger.refuse(noted);
      await race(() => ledger.refuse(noted));
      await ledger.refuse({ ...noted, at: moment(61) });
      const refused = (await events(ledger, held)).slice(before);
      assert.deepEqual(
        refused.map(({ kind }) => kind),
        ["refused", "refused"],
      );
      assert.deepEqual(refused[0]?.data, { what: "answer", reason: noted.reason, by: "bo" });
      assert.deepEqual(await reread(ledger, held), held);
    }
  });

  check("noting an attempt on what was never proposed throws proposal_unknown", async (ledger) => {
    const noted = { proposalId: "pr_nothing", what: "claim", reason: "?", by: null, at: moment(60) } as const;
    await rejectsWith("proposal_unknown", () => ledger.refuse(noted));
    assert.equal((await ledger.auditHead()).seq, 0);
  });

  check("a write whose entry cannot be written leaves neither state nor rows", async (ledger) => {
    const held = await asked(ledger);
    const head = await ledger.auditHead();
    const request = decideRequest(held, "approve");
    const note = "x".repeat(70 * 1024);
    const decision = { ...request.decision, note };
    await rejectsWith("json_too_large", () => ledger.decide({ ...request, decision }));
    const later = askRequest(held, "interrupt-2", "x".repeat(70 * 1024));
    await rejectsWith("json_too_large", () => ledger.ask(later));
    // Here the decision itself could be written, and only what follows from it cannot.
    const rejection = decideRequest(held, "reject");
    const outcome = { ...rejection.outcome, reason: "half a \ud83d" } as typeof rejection.outcome;
    await rejectsWith("json_invalid", () => ledger.decide({ ...rejection, outcome }));
    assert.deepEqual(await reread(ledger, held), held);
    assert.deepEqual(await ledger.auditHead(), head);
    assert.equal((await ledger.decide(request)).ok, true);
  });
}
