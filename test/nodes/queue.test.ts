import {
  authority,
  memoryLedger,
  policy,
  type AssentOptions,
  type ProposeOptions,
  type QueueItem,
  type Reviewer,
} from "assent";
import { manualClock, testAuthenticator } from "assent/testing";
import { describe, expect, test } from "vitest";
import { decideTogether } from "../../src/nodes/decide-together.js";
import { gated, type PayArgs } from "../support/payments.js";
import { moment } from "../../src/testing/ledger-contract/specimens.js";

const people = testAuthenticator();
const MINUTE_MS = 60_000;

const managersDecide = policy({ default: { route: "review", review: { by: [{ role: "manager" }] } } });

type Wish = readonly [PayArgs, ProposeOptions?];

/** Payments that wait, and a clock that stands at moment 0. */
async function waiting(wishes: number | readonly Wish[] = 3, options: Partial<AssentOptions> = {}) {
  const clock = manualClock(moment(0));
  const proposals: readonly Wish[] =
    typeof wishes === "number"
      ? Array.from(
          { length: wishes },
          (_, nth) =>
            [
              { to: `shop ${nth}`, cents: 100 },
              { risk: 0.1, key: `${nth}` },
            ] as const,
        )
      : wishes;
  const desk = gated({
    proposals,
    trust: "open",
    ledger: memoryLedger({ clock }),
    clock,
    authenticators: [people],
    policy: managersDecide,
    ...options,
  });
  const { assent, made } = desk;
  const manager = await people.authenticate({ id: "ana", roles: ["manager"] });
  const other = await people.authenticate({ id: "bo", roles: ["manager"] });
  const clerk = await people.authenticate({ id: "cy", roles: ["clerk"] });
  // One thread for each, so that all of them wait at once, in the order in which they were asked.
  for (const wish of proposals) {
    await gated({ proposals: [wish], on: desk }).thread.start();
    await clock.advance(1);
  }
  const items = async (): Promise<QueueItem[]> => (await assent.queue.page({ order: "oldest" })).items;
  const staff = async (...reviewers: (Partial<Reviewer> & { id: string })[]): Promise<void> => {
    for (const each of reviewers) {
      await assent.reviewers.set({ roles: ["manager"], ...each }, { by: manager, reason: "Hired." });
    }
  };
  return { assent, made, clock, manager, other, clerk, items, staff };
}

describe("looking at a review", () => {
  test("keeps it from others until the lease is over, and who looks again has longer", async () => {
    const { assent, clock, manager, other, items } = await waiting();
    const [first] = await items();
    const { claim } = await assent.queue.claim(first!.id, { by: manager });
    expect(claim).toEqual({ by: "ana", until: new Date(clock.now().getTime() + 15 * MINUTE_MS).toISOString() });
    await expect(assent.queue.claim(first!.id, { by: other })).rejects.toMatchObject({
      code: "review_claimed",
      message: expect.stringContaining("ana looks at it") as string,
    });
    await clock.advance(10 * MINUTE_MS);
    await assent.queue.claim(first!.id, { by: manager });
    await clock.advance(10 * MINUTE_MS);
    await expect(assent.queue.release(first!.id, { by: other })).rejects.toMatchObject({ code: "review_claimed" });
    await clock.advance(5 * MINUTE_MS);
    expect((await assent.queue.claim(first!.id, { by: other })).claim?.by).toBe("bo");
  });

  test("the next one is the first that asks for them, that nobody looks at, and that they did not ask for", async () => {
    const { assent, manager, other, clerk, items } = await waiting([
      [
        { to: "own", cents: 100 },
        { requestedBy: "ana", key: "own" },
      ],
      [
        { to: "a", cents: 100 },
        { risk: 0.2, key: "a" },
      ],
      [
        { to: "b", cents: 100 },
        { risk: 0.9, key: "b" },
      ],
    ]);
    const order = "risk" as const;
    expect((await assent.queue.claimNext({ by: manager, order }))?.summary).toContain("to b");
    expect((await assent.queue.claimNext({ by: other, order }))?.summary).toContain("to own");
    expect((await assent.queue.claimNext({ by: other, order }))?.summary).toContain("to own");
    expect(await assent.queue.claimNext({ by: clerk })).toBeNull();
    expect(await items()).toHaveLength(3);
  });

  test("nobody claims what is no open review, or as nobody", async () => {
    const { assent, manager, items } = await waiting();
    await expect(assent.queue.claim("rv_nothing", { by: manager })).rejects.toMatchObject({ code: "review_unknown" });
    const [first] = await items();
    await expect(assent.queue.claim(first!.id, { by: { ...manager } })).rejects.toMatchObject({
      code: "principal_unverified",
    });
    for (const leaseMs of [0, -1, 1.5, Number.NaN, 86_400_001, 9e15]) {
      const query_invalid = { code: "query_invalid" };
      await expect(assent.queue.claim(first!.id, { by: manager, leaseMs })).rejects.toMatchObject(query_invalid);
      await expect(assent.queue.claimNext({ by: manager, leaseMs })).rejects.toMatchObject(query_invalid);
    }
    await expect(assent.queue.page({ limit: 501 })).rejects.toMatchObject({ code: "query_invalid" });
  });

  test("what is put aside comes back by itself", async () => {
    const { assent, clock, manager, items } = await waiting();
    const [first] = await items();
    const until = new Date(clock.now().getTime() + MINUTE_MS);
    expect((await assent.queue.snooze(first!.id, { by: manager, until })).snoozedUntil).toBe(until.toISOString());
    expect(await items()).toHaveLength(2);
    await clock.advance(MINUTE_MS);
    expect(await items()).toHaveLength(3);
    await expect(assent.queue.snooze(first!.id, { by: manager, until: "soon" })).rejects.toMatchObject({
      code: "query_invalid",
    });
  });

  test("who may not decide on it keeps it from nobody", async () => {
    const { assent, clock, manager, clerk, items } = await waiting(
      [
        [
          { to: "a", cents: 100 },
          { key: "a", requestedBy: "ana" },
        ],
      ],
      { authority: authority({ segregation: { policyAuthors: ["pat"] } }) },
    );
    const author = await people.authenticate({ id: "pat", roles: ["manager"] });
    const [first] = await items();
    const until = new Date(clock.now().getTime() + MINUTE_MS);
    for (const by of [manager, clerk, author]) {
      const not_allowed = { code: "not_allowed" };
      await expect(assent.queue.claim(first!.id, { by })).rejects.toMatchObject(not_allowed);
      await expect(assent.queue.snooze(first!.id, { by, until })).rejects.toMatchObject(not_allowed);
      expect(await assent.queue.claimNext({ by })).toBeNull();
    }
    expect(await items()).toMatchObject([{ claim: null, snoozedUntil: null }]);
  });

  test("who looks at it hands it to somebody else, who then looks at it", async () => {
    const { assent, clock, manager, other, items, staff } = await waiting(1);
    await staff({ id: "bo" });
    const [first] = await items();
    await assent.queue.claim(first!.id, { by: manager });
    await clock.advance(MINUTE_MS);
    const { claim, assignee } = await assent.queue.assign(first!.id, { by: manager, to: "bo", leaseMs: MINUTE_MS });
    expect([assignee, claim]).toEqual([
      "bo",
      { by: "bo", until: new Date(clock.now().getTime() + MINUTE_MS).toISOString() },
    ]);
    await expect(assent.queue.claim(first!.id, { by: manager })).rejects.toMatchObject({ code: "review_claimed" });
    expect((await assent.queue.claim(first!.id, { by: other })).claim?.by).toBe("bo");
  });

  test("who may decide may decide, whoever looks at it", async () => {
    const { assent, manager, other, items } = await waiting(1);
    const [first] = await items();
    await assent.queue.claim(first!.id, { by: manager });
    const { digest, id } = first!;
    await assent.reviews.decide(id, { by: other, decision: "approve", digest });
    expect(await items()).toEqual([]);
  });
});

const twoDecide = policy({ default: { route: "review", review: { by: [{ role: "manager" }], quorum: "two-person" } } });

describe("what somebody has voted on, and others still have to", () => {
  test("is theirs no longer, and comes to them no more", async () => {
    const { assent, manager, other, items, staff } = await waiting(2, { policy: twoDecide });
    await staff({ id: "ana" });
    const [first, second] = await items();
    await assent.queue.distribute();
    expect((await items()).map(({ assignee }) => assignee)).toEqual(["ana", "ana"]);
    await assent.queue.claim(first!.id, { by: manager });
    await assent.reviews.decide(first!.id, { by: manager, decision: "approve", digest: first!.digest });
    expect((await items())[0]).toMatchObject({ assignee: null, claim: null });
    expect(await assent.queue.distribute()).toEqual([]);
    const not_allowed = { code: "not_allowed" };
    await expect(assent.queue.assign(first!.id, { by: other, to: "ana" })).rejects.toMatchObject(not_allowed);
    await expect(assent.queue.claim(first!.id, { by: manager })).rejects.toMatchObject(not_allowed);
    expect((await assent.queue.claimNext({ by: manager }))?.id).toBe(second!.id);
    await staff({ id: "bo" });
    expect(await assent.queue.distribute()).toEqual([{ reviewId: first!.id, assignee: "bo", from: null }]);
    expect((await assent.queue.claimNext({ by: other }))?.id).toBe(first!.id);
  });

  test("what a stand-in has voted on does not go to them", async () => {
    const { assent, manager, other, items, staff } = await waiting(1, { policy: twoDecide });
    await staff({ id: "ana" }, { id: "bo" });
    const [first] = await items();
    await assent.queue.assign(first!.id, { by: manager, to: "ana" });
    await assent.reviews.decide(first!.id, { by: other, decision: "approve", digest: first!.digest });
    await staff({ id: "ana", away: { from: moment(-60), until: moment(60), to: "bo" } }, { id: "cleo" });
    expect(await assent.queue.distribute()).toEqual([{ reviewId: first!.id, assignee: "cleo", from: "ana" }]);
  });
});

describe("sharing reviews out", () => {
  test("what nobody can take keeps nobody from the next one", async () => {
    const { assent, items, staff } = await waiting(
      [
        [
          { to: "own", cents: 100 },
          { requestedBy: "ana", key: "own" },
        ],
        [{ to: "a", cents: 100 }, { key: "a" }],
      ],
      { authority: authority({}) },
    );
    await staff({ id: "ana" });
    const [, second] = await items();
    expect(await assent.queue.distribute({ limit: 1 })).toEqual([
      { reviewId: second!.id, assignee: "ana", from: null },
    ]);
    expect(await assent.queue.distribute({ limit: 1 })).toEqual([]);
  });

  test("whoever asked for it gets it where they may decide on it", async () => {
    const { assent, manager, items, staff } = await waiting(
      [
        [
          { to: "own", cents: 100 },
          { requestedBy: "ana", key: "own" },
        ],
      ],
      { authority: authority({ segregation: { requester: false } }) },
    );
    await staff({ id: "ana" });
    const [first] = await items();
    expect((await assent.queue.claimNext({ by: manager }))?.id).toBe(first!.id);
    expect(await assent.queue.distribute()).toMatchObject([{ reviewId: first!.id, assignee: "ana" }]);
  });

  test("evenly among those who are there, are asked for and had no part in it", async () => {
    const { assent, items, staff } = await waiting([
      ...Array.from({ length: 6 }, (_, nth) => [{ to: `shop ${nth}`, cents: 100 }, { key: `${nth}` }] as const),
      [
        { to: "own", cents: 100 },
        { requestedBy: "ana", key: "own" },
      ],
    ]);
    const away = { from: moment(-60), until: moment(60), to: null };
    await staff(
      { id: "ana" },
      { id: "bo" },
      { id: "cy", roles: ["clerk"] },
      { id: "dee", away },
      { id: "eve", active: false },
    );
    expect(await assent.queue.distribute()).toHaveLength(7);
    const loads = await assent.ledger.loads();
    expect(loads.map(({ id }) => id)).toEqual(["ana", "bo"]);
    expect(loads.map(({ open }) => open).toSorted((a, b) => a - b)).toEqual([3, 4]);
    expect((await items()).find(({ summary }) => summary.includes("to own"))?.assignee).toBe("bo");
    expect(await assent.queue.distribute()).toEqual([]);
  });

  test("in turns, with nobody getting more than their budget", async () => {
    const { assent, clock, items, staff } = await waiting(5);
    await staff({ id: "ana" }, { id: "bo" });
    const options = { strategy: "round-robin", perReviewer: 2 } as const;
    for (let nth = 0; nth < 5; nth += 1) {
      await assent.queue.distribute({ ...options, limit: 1 });
      await clock.advance(1_000);
    }
    expect((await items()).map(({ assignee }) => assignee)).toEqual(["ana", "bo", "ana", "bo", null]);
    expect(await assent.queue.distribute({ strategy: "any" })).toEqual([]);
  });

  test("what is theirs who went away goes to their stand-in, but never to who had a part in it", async () => {
    const { assent, manager, items, staff } = await waiting([
      [{ to: "a", cents: 100 }, { key: "a" }],
      [
        { to: "b", cents: 100 },
        { key: "b", requestedBy: "bo" },
      ],
    ]);
    await staff({ id: "ana" }, { id: "bo" });
    for (const { id } of await items()) await assent.queue.assign(id, { by: manager, to: "ana" });
    const away = { from: moment(-60), until: moment(60), to: "bo" };
    await staff({ id: "ana", away }, { id: "dee" });
    await assent.queue.distribute();
    const whose = (await items()).map(({ summary, assignee }) => [summary.at(-1), assignee] as const);
    expect(new Map(whose)).toEqual(
      new Map([
        ["a", "bo"],
        ["b", "dee"],
      ]),
    );
  });

  test("nobody is given what they may not decide, by hand either", async () => {
    const { assent, manager, items, staff } = await waiting(
      [
        [
          { to: "a", cents: 100 },
          { requestedBy: "bo", key: "a" },
        ],
      ],
      {
        authority: authority({ segregation: { policyAuthors: ["dee"] } }),
      },
    );
    await staff({ id: "bo" }, { id: "cy", roles: ["clerk"] }, { id: "dee" }, { id: "eve", active: false });
    const [first] = await items();
    for (const [to, why] of [
      ["bo", /asked for this/],
      ["cy", /none of those who may decide/],
      ["dee", /wrote the policy/],
      ["eve", /no such reviewer/],
      ["nobody", /no such reviewer/],
    ] as const) {
      const assigning = assent.queue.assign(first!.id, { by: manager, to });
      await expect(assigning).rejects.toMatchObject({
        code: "not_allowed",
        message: expect.stringMatching(why) as string,
      });
    }
    expect((await assent.queue.assign(first!.id, { by: manager, to: null })).assignee).toBeNull();
  });
});

describe("deciding on several at once", () => {
  test("each gets its own decision, and its own result", async () => {
    const { assent, manager, items } = await waiting();
    const asked = await items();
    const results = await assent.queue.decideTogether(asked, { by: manager, decision: "approve", note: "All known." });
    expect(results.map(({ ok, id }) => [ok, id])).toEqual(asked.map(({ id }) => [true, id]));
    const decisions = results.map((result) => result.ok && result.decided.case.decisions.length);
    expect(decisions).toEqual([1, 1, 1]);
    expect(await items()).toEqual([]);
  });

  test("what is of higher or unknown risk, or another kind of thing, is left for a look of its own", async () => {
    const { assent, manager, items } = await waiting([
      [
        { to: "a", cents: 100 },
        { risk: 0.1, key: "a" },
      ],
      [
        { to: "b", cents: 100 },
        { risk: 0.4, key: "b" },
      ],
      [{ to: "c", cents: 100 }, { key: "c" }],
    ]);
    const asked = await items();
    const results = await assent.queue.decideTogether([...asked, { id: "rv_x", digest: "" }], {
      by: manager,
      decision: "reject",
    });
    expect(results.map((result) => (result.ok ? "done" : result.error.code))).toEqual([
      "done",
      "not_alike",
      "not_alike",
      "review_unknown",
    ]);
    expect(await items()).toHaveLength(2);
  });

  test("one that was changed since it was seen is refused by itself", async () => {
    const { assent, manager, items } = await waiting(2);
    const [first, second] = await items();
    const results = await assent.queue.decideTogether([{ ...first!, digest: second!.digest }, second!], {
      by: manager,
      decision: "approve",
    });
    expect(results.map((result) => (result.ok ? "done" : result.error.code))).toEqual(["digest_mismatch", "done"]);
  });
});

describe("deciding on several where one fails", () => {
  test("has a result for each", async () => {
    const { assent, made, manager, items } = await waiting(3);
    const asked = await items();
    const reviews = { ...assent.reviews };
    const broken: typeof reviews.get = async (id) => {
      if (id === asked[1]!.id) throw new TypeError("The signer hung up");
      return reviews.get(id);
    };
    const results = await decideTogether({ ...assent, reviews: { ...reviews, get: broken } }, asked, {
      by: manager,
      decision: "approve",
    });
    expect(results.map((result) => (result.ok ? "done" : result.error.code))).toEqual([
      "done",
      "decision_failed",
      "done",
    ]);
    expect(results[1]).toMatchObject({ error: { message: expect.stringContaining("The signer hung up") as string } });
    expect(made).toEqual([]);
    expect(await items()).toHaveLength(1);
  });
});

describe("the queue tells", () => {
  test("what is in its index matrix", async () => {
    const { assent } = await waiting(0);
    const { isFast } = assent.queue;
    expect(isFast({})).toBe(true);
    expect(isFast({ order: "risk", for: { roles: ["a"] }, action: "pay", riskAtLeast: 0.5 })).toBe(true);
    expect(isFast({ notOf: "ana" })).toBe(false);
    expect(isFast({ order: "oldest", riskAtLeast: 0.5 })).toBe(false);
    expect(isFast({ agent: "bot" })).toBe(false);
    expect(isFast({ assignee: "ana", action: "pay" })).toBe(false);
  });

  test("how much there is, and takes a budget for each agent", async () => {
    const { assent, items } = await waiting(4);
    expect(await assent.queue.count()).toEqual({ count: 4, isExact: true });
    await assent.queue.set({ perAgent: 3 });
    expect(await items()).toHaveLength(3);
    expect(await assent.queue.settings()).toEqual({ perAgent: 3 });
    await expect(assent.queue.set({ perAgent: 0 })).rejects.toMatchObject({ code: "query_invalid" });
    const { open, arrivals } = await assent.queue.metrics();
    expect([open.later, arrivals]).toEqual([4, 4]);
  });
});
