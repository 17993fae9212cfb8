import assert from "node:assert/strict";
import type { Ledger } from "../../ledger/ledger.js";
import type { HandleRequest, HandleResult, Handling } from "../../ledger/queueing.js";
import type { Case } from "../../model/case.js";
import { ONE_PERSON, type Requirement } from "../../model/requirement.js";
import { changesNothing, kinds, race, rejectsWith, type Check } from "./check.js";
import { asked, askRequest, decided, decideRequest, moment, outcome, reviewer, reviewOf, routed } from "./specimens.js";

/** The queue: what is in it, and what people do with it. */
export function queueingContract(check: Check): void {
  coming(check);
  grouping(check);
  handling(check);
  settingAside(check);
  limits(check);
  votes(check);
  budgets(check);
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
    await ledger.handle(request(held, { what: "snooze", until: moment(86_000) }));
    await ledger.handle(request(held, { what: "assign", to: "ana" }));
    await ledger.handle(request(held, CLAIM));
    const escalated = decideRequest(held, "escalate", { by: reviewer("ana"), escalatedMs: 5_000 });
    assert.ok((await ledger.decide(escalated)).ok);
    const item = await ledger.queueItem(reviewOf(held).id);
    assert.deepEqual([item?.step, item?.assignee, item?.claim, item?.snoozedUntil], [1, null, null, null]);
    assert.deepEqual(await ids(ledger), [reviewOf(held).id]);
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

function limits(check: Check): void {
  check("nobody keeps a review from others for more than a day, or puts it aside for more than 90", async (ledger) => {
    const held = await asked(ledger);
    const days = (count: number): string => moment(21 + count * 86_400);
    const beyond: Handling[] = [
      { what: "claim", leaseMs: 86_400_001 },
      { what: "claim", leaseMs: 9e15 },
      { what: "claim", leaseMs: 0 },
      { what: "claim", leaseMs: 1.5 },
      { what: "assign", to: "bo", leaseMs: 86_400_001 },
      { what: "assign", to: null, leaseMs: 1 },
      { what: "snooze", until: days(91) },
      { what: "snooze", until: "soon" },
    ];
    for (const what of beyond) {
      const refused = () => rejectsWith("query_invalid", () => ledger.handle(request(held, what)));
      await changesNothing(ledger, held.proposal.id, refused);
    }
    assert.equal(why(await ledger.handle(request(held, { what: "claim", leaseMs: 86_400_000 }))), "done");
    assert.equal(why(await ledger.handle(request(held, { what: "snooze", until: days(90) }))), "done");
  });

  check("who looks at it hands it over, with a lease of its own, and the log tells", async (ledger, setTime) => {
    const held = await asked(ledger);
    await ledger.handle(request(held, CLAIM));
    await setTime(25);
    const { item } = await ledger.handle(request(held, { what: "assign", to: "bo", leaseMs: 20_000 }));
    assert.deepEqual([item?.assignee, item?.claim], ["bo", { by: "bo", until: moment(45) }]);
    assert.equal(why(await ledger.handle(request(held, CLAIM))), "claimed");
    const rows = await ledger.auditRows({ afterSeq: 0, limit: 100, proposalId: held.proposal.id });
    const { by, to, leaseMs } = (JSON.parse(rows.at(-1)?.entry ?? "{}") as { data: Record<string, unknown> }).data;
    assert.deepEqual([by, to, leaseMs], ["ana", "bo", 20_000]);
    await setTime(45);
    assert.equal(why(await ledger.handle(request(held, CLAIM))), "done");
  });
}

/** A review that takes two people, each of whom may say what they want. */
async function askedOfTwo(ledger: Ledger, key: string): Promise<Case> {
  const panels: Requirement["panels"] = [{ rule: null, by: [], quorum: "two-person", tieBreak: "reject" }];
  const requires = { ...ONE_PERSON, panels };
  return ledger.ask(askRequest(await routed(ledger, "review", { key }, { requires })));
}

function votes(check: Check): void {
  check("who has voted on what is still open has nothing to look at there", async (ledger) => {
    const [held, other] = [await askedOfTwo(ledger, "a"), await askedOfTwo(ledger, "b")];
    for (const each of [held, other]) await ledger.handle(request(each, { what: "assign", to: "ana" }, "lead"));
    await ledger.handle(request(held, CLAIM));
    await ledger.handle(request(other, CLAIM, "bo"));
    for (const each of [held, other]) await decided(ledger, each, "approve", { by: reviewer("ana") });
    const items = await Promise.all([held, other].map((each) => ledger.queueItem(reviewOf(each).id)));
    assert.deepEqual([items[0]?.assignee, items[0]?.claim], [null, null]);
    assert.deepEqual([items[1]?.assignee, items[1]?.claim?.by], [null, "bo"]);
    assert.deepEqual(await ledger.loads(), []);
    assert.deepEqual(await ids(ledger, { notVotedBy: "ana" }), []);
    assert.equal((await ids(ledger, { notVotedBy: "bo" })).length, 2);
    assert.deepEqual(await ledger.queueCount({ notVotedBy: "ana" }), { count: 0, isExact: true });
  });

  check("what belongs to others stays theirs when somebody votes", async (ledger) => {
    const held = await askedOfTwo(ledger, "a");
    await ledger.handle(request(held, { what: "assign", to: "bo" }, "lead"));
    await decided(ledger, held, "approve", { by: reviewer("ana") });
    assert.equal((await ledger.queueItem(reviewOf(held).id))?.assignee, "bo");
    assert.equal((await ledger.loads())[0]?.lastAt, moment(20));
  });

  check("a review that is asked again has the votes that it had", async (ledger) => {
    const held = await askedOfTwo(ledger, "a");
    const voted = await decided(ledger, held, "approve", { by: reviewer("ana") });
    const { id, address } = reviewOf(voted);
    await ledger.withdraw({
      reviewId: id,
      interruptId: address.interruptId,
      ageMinMs: 0,
      reason: "It does not wait.",
      at: moment(21),
    });
    await ledger.ask(askRequest(voted, "interrupt-2"));
    assert.deepEqual([await ids(ledger), await ids(ledger, { notVotedBy: "ana" })], [[id], []]);
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
