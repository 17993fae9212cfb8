import assert from "node:assert/strict";
import type { Ledger } from "../../ledger/ledger.js";
import type { QueueMetrics } from "../../ledger/queueing.js";
import type { Case } from "../../model/case.js";
import { ONE_PERSON, type Fallback, type Requirement } from "../../model/requirement.js";
import { reread, type Check } from "./check.js";
import {
  asked,
  askRequest,
  claimed,
  decided,
  decideRequest,
  moment,
  outcome,
  reviewer,
  reviewOf,
  routed,
  settleRequest,
} from "./specimens.js";

/** What the queue tells of itself: how much there is, and how fast it moves. */
export function queueMetricsContract(check: Check): void {
  all(check);
  lateness(check);
  voters(check);
}

function all(check: Check): void {
  check("tells how much there is, and how fast it moved within a window", async (ledger, setTime) => {
    for (const [nth, by] of ["ana", "ana", "bo"].entries()) {
      const held = await ledger.ask({
        ...askRequest(await routed(ledger, "review", { key: `case ${nth}` })),
        withinMs: nth === 0 ? 5_000 : 500_000,
        otherwise: "hold",
      });
      await setTime(30 + 10 * nth);
      await decided(ledger, held, "approve", { by: reviewer(by) });
      if (nth === 2) await ledger.settle(settleRequest(await claimed(ledger, await reread(ledger, held)), "worker-1"));
    }
    await asked(ledger, { key: "open", action: "transfer" });
    const all = await ledger.queueMetrics({ overMs: 3_600_000 });
    assert.deepEqual(all, {
      open: { later: 1, today: 0, hour: 0, now: 0, overdue: 0 },
      oldestAskedAt: moment(2),
      arrivals: 4,
      decided: 3,
      expired: 0,
      waitMs: { p50: 38_000, p90: 48_000 },
      onTime: 2 / 3,
      byReviewer: [
        { id: "ana", decided: 2, p50Ms: 28_000 },
        { id: "bo", decided: 1, p50Ms: 48_000 },
      ],
      byAction: [
        {
          action: "refund",
          arrivals: 3,
          decided: 3,
          expired: 0,
          waitMs: { p50: 38_000, p90: 48_000 },
          onTime: 2 / 3,
        },
        { action: "transfer", arrivals: 1, decided: 0, expired: 0, waitMs: null, onTime: null },
      ],
    });
    const recent = await ledger.queueMetrics({ overMs: 5_000 });
    assert.deepEqual([recent.arrivals, recent.decided, recent.byReviewer.map(({ id }) => id)], [0, 1, ["bo"]]);
  });

  check("of nothing it tells nothing", async (ledger) => {
    const { waitMs, onTime, oldestAskedAt, byReviewer, byAction } = await ledger.queueMetrics({ overMs: 1 });
    assert.deepEqual([waitMs, onTime, oldestAskedAt, byReviewer, byAction], [null, null, null, [], []]);
  });
}

const DIRECTORS: Requirement["escalateTo"][number] = {
  by: [{ role: "director" }],
  withinMs: 60_000,
  otherwise: "hold",
};

/** A review that has 10 seconds, from moment 20 on. */
async function due(ledger: Ledger, key: string, otherwise: Fallback): Promise<Case> {
  const requires = { ...ONE_PERSON, escalateTo: [DIRECTORS] };
  const held = await routed(ledger, "review", { key, action: key }, { requires });
  return ledger.ask({ ...askRequest(held), withinMs: 10_000, otherwise, at: moment(20) });
}

async function expired(ledger: Ledger, held: Case): Promise<Case> {
  const at = moment(31);
  const next = { withinMs: 60_000, otherwise: "hold" } as const;
  return ledger.expire({ reviewId: reviewOf(held).id, outcome: outcome(held, "expired", at), next, at });
}

const OVER = { overMs: 3_600_000 };

function onTimeOf({ byAction }: QueueMetrics, action: string): number | null | undefined {
  return byAction.find((each) => each.action === action)?.onTime;
}

function lateness(check: Check): void {
  check("what nobody decided in time was not in time, whatever became of it", async (ledger, setTime) => {
    const held = new Map<string, Case>();
    for (const [key, otherwise] of Object.entries({ a: "hold", b: "reject", c: "reject", d: "hold", e: "escalate" })) {
      held.set(key, await due(ledger, key, otherwise as Fallback));
    }
    const of = (key: string): Case => held.get(key) as Case;
    await decided(ledger, of("a"), "approve");
    await setTime(31);
    for (const key of ["b", "c", "d", "e"]) held.set(key, await expired(ledger, of(key)));
    const before = await ledger.queueMetrics(OVER);
    assert.deepEqual([before.onTime, before.expired, before.decided], [1 / 5, 2, 1]);
    const director = { ...reviewer("dee"), roles: ["director"] };
    await decided(ledger, of("d"), "approve", { by: director });
    await decided(ledger, of("e"), "approve", { by: director });
    const after = await ledger.queueMetrics(OVER);
    assert.deepEqual([after.onTime, after.expired, after.decided], [1 / 5, 2, 3]);
    assert.deepEqual(
      ["a", "b", "d", "e"].map((key) => onTimeOf(after, key)),
      [1, 0, 0, 0],
    );
  });

  check("what was decided late, before its deadline was seen to, was late", async (ledger, setTime) => {
    const held = await due(ledger, "a", "hold");
    await setTime(31);
    await decided(ledger, held, "approve");
    assert.equal((await ledger.queueMetrics(OVER)).onTime, 0);
  });

  check("what expired counts when it did, whenever it was asked", async (ledger, setTime) => {
    const held = await due(ledger, "a", "reject");
    await setTime(31);
    await expired(ledger, held);
    await setTime(36);
    const recent = await ledger.queueMetrics({ overMs: 10_000 });
    assert.deepEqual([recent.arrivals, recent.expired, recent.onTime], [0, 1, 0]);
    const later = await ledger.queueMetrics({ overMs: 4_000 });
    assert.deepEqual([later.expired, later.onTime, later.byAction], [0, null, []]);
  });
}

function voters(check: Check): void {
  check("each of several who vote counts, with their own wait, once it is settled", async (ledger, setTime) => {
    const panels: Requirement["panels"] = [{ rule: null, by: [], quorum: "two-person", tieBreak: "reject" }];
    const requires = { ...ONE_PERSON, panels, escalateTo: [{ ...DIRECTORS, by: [] }] };
    const held = await ledger.ask(askRequest(await routed(ledger, "review", {}, { requires })));
    const handedOn = decideRequest(held, "escalate", { by: reviewer("cy"), escalatedMs: 600_000 });
    assert.ok((await ledger.decide(handedOn)).ok);
    await decided(ledger, await reread(ledger, held), "approve", { by: reviewer("ana") });
    assert.deepEqual((await ledger.queueMetrics(OVER)).byReviewer, []);
    await setTime(30);
    await decided(ledger, await reread(ledger, held), "approve", { by: reviewer("bo") });
    const { byReviewer, decided: count, waitMs } = await ledger.queueMetrics(OVER);
    assert.deepEqual(byReviewer, [
      { id: "ana", decided: 1, p50Ms: 18_000 },
      { id: "bo", decided: 1, p50Ms: 28_000 },
    ]);
    assert.deepEqual([count, waitMs], [1, { p50: 28_000, p90: 28_000 }]);
  });
}
