import assert from "node:assert/strict";
import type { Ledger } from "../../ledger/ledger.js";
import type { HandleRequest, HandleResult, Handling } from "../../ledger/queueing.js";
import type { Case } from "../../model/case.js";
import { ONE_PERSON } from "../../model/requirement.js";
import { changesNothing, kinds, race, reread, type Check } from "./check.js";
import {
  asked,
  askRequest,
  decided,
  decideRequest,
  moment,
  outcome,
  reviewer,
  reviewOf,
  routed,
  settleRequest,
  claimed,
} from "./specimens.js";

/** The queue: what is in it, what people do with it, and what it tells. */
export function queueingContract(check: Check): void {
  coming(check);
  grouping(check);
  handling(check);
  settingAside(check);
  budgets(check);
  metrics(check);
}

async function ids(ledger: Ledger, filter = {}): Promise<string[]> {
  return (await ledger.queue({ filter, order: "oldest", limit: 100 })).items.map(({ id }) => id);
}

function request(held: Case, handling: Handling, by = "ana"): HandleRequest {
  return { reviewId: reviewOf(held).id, handling, by, at: moment(21) };
}

function why(result: HandleResult): string {
  return result.ok ? "done" : result.why;
}

const CLAIM: Handling = { what: "claim", leaseMs: 10_000 };

function coming(check: Check): void {
  check("an open review is in the queue with what people choose by", async (ledger) => {
    const requires = { ...ONE_PERSON, excludes: ["bo"] };
    const held = await ledger.ask(askRequest(await routed(ledger, "review", {}, { requires, stage: 3 })));
    const { group, ...item } = (await ledger.queueItem(reviewOf(held).id)) ?? { group: "" };
    assert.match(group, /^[0-9a-f]{32}$/);
    assert.deepEqual(item, {
      id: reviewOf(held).id,
      digest: reviewOf(held).digest,
      proposalId: held.proposal.id,
      threadId: "thread-1",
      round: 1,
      kind: "approval",
      trust: "verified",
      action: "refund",
      agent: "support",
      requestedBy: "cleo",
      summary: "Refund 12.5 USD on order o-1",
      risk: null,
      amount: { value: 12.5, currency: "USD" },
      stage: 3,
      step: 0,
      askedAt: moment(2),
      deadlineAt: null,
      urgency: "later",
      assignee: null,
      claim: null,
      snoozedUntil: null,
      isFlooding: false,
      asks: [],
      keptFrom: ["bo", "cleo"],
    });
  });

  check("whatever ends a review takes it out of the queue", async (ledger, setTime) => {
    const approved = await asked(ledger, { key: "approved" });
    const rejected = await asked(ledger, { key: "rejected" });
    const modified = await asked(ledger, { key: "modified" });
    const late = await ledger.ask({
      ...askRequest(await routed(ledger, "review", { key: "late" })),
      withinMs: 5_000,
      otherwise: "reject",
    });
    assert.equal((await ids(ledger)).length, 4);
    await decided(ledger, approved, "approve");
    await decided(ledger, rejected, "reject");
    const next = await decided(ledger, modified, "modify", { permitted: false });
    await setTime(25);
    const at = moment(25);
    await ledger.expire({ reviewId: reviewOf(late).id, outcome: outcome(late, "expired", at), next: null, at });
    assert.deepEqual(await ids(ledger), []);
    const again = await ledger.ask(askRequest(next, "interrupt-2"));
    assert.deepEqual(await ids(ledger), [reviewOf(again).id]);
    assert.equal(await ledger.queueItem(reviewOf(approved).id), null);
  });
}

function grouping(check: Check): void {
  check("the same request twice is one group, of two cases", async (ledger) => {
    const one = await asked(ledger, { key: "one" });
    const two = await asked(ledger, { key: "two" });
    const other = await asked(ledger, { key: "other", args: { orderId: "o-2", amount: 1 } });
    const groups = await Promise.all([one, two, other].map((held) => ledger.queueItem(reviewOf(held).id)));
    assert.equal(groups[0]?.group, groups[1]?.group);
    assert.notEqual(groups[0]?.group, groups[2]?.group);
    assert.equal((await ids(ledger, { group: groups[0]?.group })).length, 2);
  });

  check("what time has made urgent is so once the queue is brought up to date", async (ledger, setTime) => {
    const held = await ledger.ask({
      ...askRequest(await routed(ledger, "review")),
      withinMs: 3_600_000,
      otherwise: "hold",
    });
    const urgency = async () => (await ledger.queueItem(reviewOf(held).id))?.urgency;
    for (const [seconds, expected] of [
      [20, "hour"],
      [20 + 2_699, "hour"],
      [20 + 2_700, "now"],
      [20 + 3_600, "overdue"],
    ] as const) {
      await setTime(seconds);
      await ledger.refreshQueue();
      assert.equal(await urgency(), expected);
    }
  });
}

function handling(check: Check): void {
  check("of 16 who claim at once, one does, until their lease runs out", async (ledger, setTime) => {
    const held = await asked(ledger);
    const results = await race((racer) => ledger.handle(request(held, CLAIM, `racer ${racer}`)));
    assert.equal(results.filter(({ ok }) => ok).length, 1);
    const { claim } = (await ledger.queueItem(reviewOf(held).id)) ?? {};
    assert.equal(claim?.until, moment(30));
    assert.deepEqual((await kinds(ledger, held.proposal.id)).filter((kind) => kind === "handled").length, 1);
    await setTime(30);
    assert.equal((await ledger.queueItem(reviewOf(held).id))?.claim, null);
    assert.equal(why(await ledger.handle(request(held, CLAIM, "next"))), "done");
  });

  check("who claims again has longer, without another row in the log", async (ledger, setTime) => {
    const held = await asked(ledger);
    await ledger.handle(request(held, CLAIM));
    const { seq } = await ledger.auditHead();
    await setTime(25);
    const again = await ledger.handle(request(held, CLAIM));
    assert.equal(again.item?.claim?.until, moment(35));
    assert.equal((await ledger.auditHead()).seq, seq);
  });

  check("what somebody looks at, others neither release nor put aside", async (ledger) => {
    const held = await asked(ledger);
    await ledger.handle(request(held, CLAIM));
    for (const what of [{ what: "release" }, { what: "snooze", until: moment(99) }, CLAIM] as const) {
      const result = await changesNothing(ledger, held.proposal.id, () => ledger.handle(request(held, what, "bo")));
      assert.equal(why(result), "claimed");
    }
    const released = await ledger.handle(request(held, { what: "release" }));
    assert.deepEqual([released.ok, released.item?.claim], [true, null]);
    assert.equal(why(await ledger.handle(request(held, CLAIM, "bo"))), "done");
  });
}

function settingAside(check: Check): void {
  check("what is put aside is not shown until then", async (ledger, setTime) => {
    const held = await asked(ledger);
    await ledger.handle(request(held, { what: "snooze", until: moment(60) }));
    assert.deepEqual(await ids(ledger), []);
    assert.deepEqual(await ids(ledger, { isSnoozed: true }), [reviewOf(held).id]);
    await setTime(60);
    await ledger.refreshQueue();
    assert.deepEqual(await ids(ledger), [reviewOf(held).id]);
    assert.deepEqual(await ids(ledger, { isSnoozed: true }), []);
  });

  check("what is made somebody's takes it from whoever looked at it; two at once do not both", async (ledger) => {
    const held = await asked(ledger);
    await ledger.handle(request(held, CLAIM));
    const results = await race((racer) =>
      ledger.handle(request(held, { what: "assign", to: `racer ${racer}`, from: null }, "lead")),
    );
    assert.equal(results.filter(({ ok }) => ok).length, 1);
    const item = await ledger.queueItem(reviewOf(held).id);
    assert.match(item?.assignee ?? "", /^racer/);
    assert.equal(item?.claim, null);
    const loads = await ledger.loads();
    assert.deepEqual(loads, [{ id: item?.assignee, open: 1, lastAt: moment(20) }]);
    await ledger.handle(request(held, { what: "assign", to: null }, "lead"));
    assert.deepEqual(await ledger.loads(), []);
  });

  check("once others are asked, it is nobody's", async (ledger) => {
    const requires = { ...ONE_PERSON, escalateTo: [{ by: [{ role: "director" }], withinMs: null, otherwise: "hold" }] };
    const held = await ledger.ask(
      askRequest(await routed(ledger, "review", {}, { requires: requires as typeof ONE_PERSON })),
    );
    await ledger.handle(request(held, { what: "assign", to: "ana" }));
    await ledger.handle(request(held, CLAIM));
    const escalated = decideRequest(held, "escalate", { by: reviewer("ana"), escalatedMs: 5_000 });
    assert.ok((await ledger.decide(escalated)).ok);
    const item = await ledger.queueItem(reviewOf(held).id);
    assert.deepEqual([item?.step, item?.assignee, item?.claim], [1, null, null]);
    assert.deepEqual(item?.asks, [{ role: "director" }]);
  });

  check("nothing is done with what is not open", async (ledger) => {
    const held = await asked(ledger);
    await decided(ledger, held, "approve");
    assert.equal(
      why(await changesNothing(ledger, held.proposal.id, () => ledger.handle(request(held, CLAIM)))),
      "unknown",
    );
    assert.equal(why(await ledger.handle({ ...request(held, CLAIM), reviewId: "\0" })), "unknown");
  });
}

function budgets(check: Check): void {
  check("of an agent that floods, as many are shown as its budget, and the next as one leaves", async (ledger) => {
    await ledger.setQueueSettings({ perAgent: 2 });
    assert.deepEqual(await ledger.queueSettings(), { perAgent: 2 });
    const held: Case[] = [];
    for (let nth = 0; nth < 4; nth += 1) {
      const made = await routed(ledger, "review", { key: `flood ${nth}`, agent: "flooder" });
      held.push(await ledger.ask({ ...askRequest(made), at: moment(2 + nth) }));
    }
    const calm = await asked(ledger, { key: "calm", agent: "calm" });
    const [first, second, third, fourth] = held.map((each) => reviewOf(each).id);
    assert.deepEqual(new Set(await ids(ledger)), new Set([first, second, reviewOf(calm).id]));
    assert.equal((await ledger.queueItem(fourth ?? ""))?.isFlooding, true);
    await decided(ledger, held[0] as Case, "approve");
    assert.deepEqual(await ids(ledger, { agent: "flooder" }), [second, third]);
    await ledger.setQueueSettings({ perAgent: 1 });
    assert.deepEqual(await ids(ledger, { agent: "flooder" }), [second]);
    await ledger.setQueueSettings({ perAgent: 9 });
    assert.deepEqual(await ids(ledger, { agent: "flooder" }), [second, third, fourth]);
  });
}

function metrics(check: Check): void {
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
        { action: "refund", arrivals: 3, decided: 3 },
        { action: "transfer", arrivals: 1, decided: 0 },
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
