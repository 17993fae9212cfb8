import assert from "node:assert/strict";
import type { Ledger } from "../../ledger/ledger.js";
import type { CaseQuery, HistoryRequest } from "../../ledger/history.js";
import type { Case } from "../../model/case.js";
import type { Facts } from "../../model/facts.js";
import type { Outcome } from "../../model/outcome.js";
import { changesNothing, race, type Check } from "./check.js";
import {
  asked,
  claimed,
  claimRequest,
  decided,
  executed,
  moment,
  outcome,
  proposed,
  routed,
  settleRequest,
  type DraftOptions,
} from "./specimens.js";

/** `history`. */
export function historyContract(check: Check): void {
  lettingThrough(check);
  likeness(check);
  windows(check);
  sums(check);
}

const HOUR = 3_600_000;
const COUNT: CaseQuery = { name: "count", of: "count", per: ["customer"], overMs: 24 * HOUR };
const SUM: CaseQuery = { name: "sum", of: "amount", currency: "USD", per: ["customer"], overMs: 24 * HOUR };

const of = (customer: string, value = 10, more: Facts = {}): Facts => ({
  amount: { value, currency: "USD" },
  customer,
  ...more,
});

function request(queries: readonly CaseQuery[], more: Partial<HistoryRequest["like"]> = {}): HistoryRequest {
  return {
    proposalId: "pr_asking",
    like: { action: "refund", agent: "support", facts: of("c-1"), ...more },
    queries,
  };
}

async function counted(ledger: Ledger, query: Partial<CaseQuery> = {}, like = {}): Promise<number | undefined> {
  return (await ledger.history(request([{ ...COUNT, ...query }], like)))["count"];
}

/** Records a proposal that the policy let through, and brings it to this end. */
async function ended(ledger: Ledger, status: Outcome["status"], options: DraftOptions): Promise<Case> {
  const held = await claimed(ledger, await routed(ledger, "execute", options));
  return ledger.settle(settleRequest(held, "worker-1", status));
}

function lettingThrough(check: Check): void {
  check(
    "what has a permit counts, from the moment that it is permitted until the case ends without effect",
    async (ledger) => {
      const facts = of("c-1");
      await proposed(ledger, { key: "proposed", facts });
      await asked(ledger, { key: "asked", facts });
      await routed(ledger, "block", { key: "blocked", facts });
      await routed(ledger, "suggest", { key: "suggested", facts });
      await decided(ledger, await asked(ledger, { key: "rejected", facts }), "reject");
      assert.equal(await counted(ledger), 0);
      const permitted = await routed(ledger, "execute", { key: "permitted", facts });
      await decided(ledger, await asked(ledger, { key: "approved", facts }), "approve");
      assert.equal(await counted(ledger), 2);
      await claimed(ledger, permitted);
      assert.equal(await counted(ledger), 2);
      await ledger.settle(settleRequest(permitted, "worker-1", "failed"));
      assert.equal(await counted(ledger), 1);
      await ended(ledger, "executed", { key: "executed", facts });
      await ended(ledger, "in-doubt", { key: "in-doubt", facts });
      assert.equal(await counted(ledger), 3);
      assert.equal(await counted(ledger, { executed: true }), 1);
    },
  );

  check("a permit that was voided, and the asker itself, do not count", async (ledger) => {
    const held = await routed(ledger, "execute", { facts: of("c-1") });
    assert.equal(await counted(ledger), 1);
    const own = { ...request([COUNT]), proposalId: held.proposal.id };
    assert.deepEqual(await ledger.history(own), { count: 0 });
    const { id: proposalId, round } = held.proposal;
    await ledger.reroute({ proposalId, round, reason: "Changed.", at: moment(3) });
    assert.equal(await counted(ledger), 0);
  });

  check("a modification counts with what it made of the facts", async (ledger) => {
    const held = await asked(ledger, { facts: of("c-1", 12.5) });
    await decided(ledger, held, "modify");
    assert.deepEqual(await ledger.history(request([COUNT, SUM])), { count: 1, sum: 12.5 });
  });

  check("a window that ended with the action counts", async (ledger, setTime) => {
    const facts = of("c-1");
    const held = await routed(ledger, "veto", { facts });
    const { id: proposalId, threadId, round } = held.proposal;
    const address = { threadId, checkpointNs: "gate:1", checkpointId: "checkpoint-1", interruptId: "interrupt-1" };
    const terms = { gate: "gate", kind: "objection", withinMs: 10_000, otherwise: "execute", reason: null } as const;
    const { review } = await ledger.ask({ proposalId, round, address, ...terms, at: moment(2) });
    assert.equal(await counted(ledger), 0);
    await setTime(60);
    await ledger.expire({ reviewId: review?.id ?? "", outcome: outcome(held, "expired"), next: null, at: moment(60) });
    assert.equal(await counted(ledger), 1);
  });

  check("asking changes nothing", async (ledger) => {
    const held = await executed(ledger, { facts: of("c-1") });
    assert.deepEqual(await changesNothing(ledger, held.proposal.id, () => ledger.history(request([COUNT]))), {
      count: 1,
    });
  });

  check("of 16 that are permitted at once, each sees the 15 others", async (ledger) => {
    const answers = await race(async (racer) => {
      const { proposal } = await routed(ledger, "execute", { key: `racer-${racer}`, facts: of("c-1") });
      return proposal.id;
    });
    const seen = await Promise.all(
      answers.map(async (proposalId) => ledger.history({ ...request([COUNT]), proposalId })),
    );
    for (const answer of seen) assert.deepEqual(answer, { count: 15 });
  });
}

function likeness(check: Check): void {
  check("only cases count whose named facts, agent and action are the asker's", async (ledger) => {
    await executed(ledger, { key: "a", facts: of("c-1", 10, { vip: true, tags: ["x", "y"], level: 2 }) });
    await executed(ledger, { key: "b", facts: of("c-2", 10, { vip: true, tags: ["y", "x"], level: 2.5 }) });
    await executed(ledger, { key: "c", facts: of("c-1"), agent: "sales", action: "transfer" });
    await executed(ledger, { key: "d", facts: { amount: { value: 10, currency: "USD" } } });
    const facts = of("c-1", 10, { vip: true, tags: ["x", "y"], level: 2 });
    const cases: [per: string[], count: number][] = [
      [[], 4],
      [["customer"], 2],
      [["vip"], 2],
      [["tags"], 1],
      [["level"], 1],
      [["amount"], 4],
      [["agent"], 3],
      [["action"], 3],
      [["customer", "agent"], 1],
      [["customer", "action", "agent", "vip"], 1],
    ];
    for (const [per, count] of cases) assert.equal(await counted(ledger, { per }, { facts }), count, per.join());
    assert.equal(await counted(ledger, { actions: ["transfer", "other"] }), 1);
    assert.equal(await counted(ledger, { actions: ["refund"], per: ["action"] }), 3);
    assert.equal(await counted(ledger, { actions: ["transfer"], per: ["action"] }), 0);
    assert.equal(await counted(ledger, { actions: [] }), 0);
  });

  check("what the asker itself does not have is left out of the answer; the rest is answered", async (ledger) => {
    await executed(ledger, { facts: of("c-1") });
    const queries = [COUNT, { ...COUNT, name: "unknown", per: ["customer", "account"] }];
    assert.deepEqual(await ledger.history(request(queries)), { count: 1 });
    assert.deepEqual(await ledger.history(request([queries[1] ?? COUNT])), {});
    assert.deepEqual(await ledger.history(request([])), {});
  });

  check("names and values of any text are compared, not run", async (ledger) => {
    for (const customer of ["", "'; drop table x; --", '"', "\\", "\\u0000", "ä😀", "{}", "null", "a\nb", "%"]) {
      const facts = { [`"${customer}'`]: customer, customer };
      await executed(ledger, { key: `of ${JSON.stringify(customer)}`, facts });
      assert.equal(await counted(ledger, {}, { facts }), 1);
      assert.equal(await counted(ledger, { per: ["customer", `"${customer}'`] }, { facts }), 1);
    }
  });

  check("a NUL in anybody's facts stops no answer", async (ledger) => {
    await executed(ledger, { key: "nul", facts: of("c-1", 10, { note: "\0", "\0": "\0" }) });
    await executed(ledger, { key: "all nul", facts: of("\0") });
    assert.equal(await counted(ledger), 1);
    assert.equal(await counted(ledger, {}, { facts: of("\0") }), 1);
  });
}

function windows(check: Check): void {
  check(
    "what was used up counts as long as that is within the window, by the ledger's clock",
    async (ledger, setTime) => {
      const options = { facts: of("c-1"), proposedAt: moment(-999_999) };
      await executed(ledger, options);
      const overMs = 60_000;
      await setTime(79);
      assert.equal(await counted(ledger, { overMs }), 1);
      await setTime(80);
      assert.equal(await counted(ledger, { overMs }), 0);
      assert.equal(await counted(ledger, { overMs: 61_000 }), 1);
    },
  );

  check(
    "what is permitted and not used up counts however old it is, for it may run at any moment",
    async (ledger, setTime) => {
      const issued = await routed(ledger, "execute", { key: "a", facts: of("c-1") });
      await claimed(ledger, await routed(ledger, "execute", { key: "b", facts: of("c-1") }));
      await setTime(999_999);
      assert.equal(await counted(ledger, { overMs: 1_000 }), 2);
      await ledger.claim(claimRequest(issued, "worker-1"));
      await ledger.settle(settleRequest(issued, "worker-1"));
      assert.equal(await counted(ledger, { overMs: 1_000 }), 2);
      await setTime(1_000_000);
      assert.equal(await counted(ledger, { overMs: 1_000 }), 1);
    },
  );
}

function sums(check: Check): void {
  check("amounts are summed in one currency, others and cases without an amount left out", async (ledger) => {
    assert.deepEqual(await ledger.history(request([SUM])), { sum: 0 });
    for (const [key, value] of [
      ["a", 0.1],
      ["b", 0.2],
      ["c", 9_999],
    ] as const) {
      await executed(ledger, { key, facts: of("c-1", value) });
    }
    await executed(ledger, { key: "d", facts: of("c-1", 5, { amount: { value: 5, currency: "EUR" } }) });
    await executed(ledger, { key: "e", facts: { customer: "c-1" } });
    await executed(ledger, { key: "f", facts: of("c-2", 1) });
    const euros = { ...SUM, name: "euros", currency: "EUR" };
    assert.deepEqual(await ledger.history(request([SUM, euros, COUNT])), { sum: 9_999.3, euros: 5, count: 5 });
  });
}
