import assert from "node:assert/strict";
import type { Ledger } from "../../ledger/ledger.js";
import { auditId, caseRecordText, type Case } from "../../model/case.js";
import { changesNothing, type Check } from "./check.js";
import { asked, askRequest, claimed, decided, executed, moment, proposed, reviewOf, routed } from "./specimens.js";

/** `review`, `reviews`, `undelivered`, `delivered`, `caseRecordText`, `closedCases` and `cases`. */
export function listingContract(check: Check): void {
  reviews(check);
  deliveries(check);
  records(check);
}

const reviewIds = async (ledger: Ledger, filter: Partial<Parameters<Ledger["reviews"]>[0]> = {}): Promise<string[]> =>
  (await ledger.reviews({ limit: 100, ...filter })).map(({ review }) => review.id);

/** Opens the review of a new proposal, some seconds after the first moment. */
async function askedAt(ledger: Ledger, key: string, seconds: number, threadId = "thread-1"): Promise<Case> {
  const held = await routed(ledger, "review", { key, threadId });
  return ledger.ask({ ...askRequest(held), at: moment(seconds) });
}

function reviews(check: Check): void {
  check("a review is found by its id, with its case", async (ledger) => {
    const held = await asked(ledger);
    assert.deepEqual(await ledger.review(reviewOf(held).id), { review: held.review, case: held });
    assert.equal(await ledger.review("rv_nothing"), null);
    assert.equal(await ledger.review("\0"), null);
  });

  check("an earlier round's review is found as it was decided, with the case as it is now", async (ledger) => {
    const held = await asked(ledger);
    const modified = await decided(ledger, held, "modify", { permitted: false });
    const now = await ledger.ask(askRequest(modified, "interrupt-2"));
    const found = await ledger.review(reviewOf(held).id);
    assert.deepEqual(found, { review: { ...reviewOf(held), status: "decided", version: 2 }, case: now });
    assert.deepEqual(await reviewIds(ledger, { status: "open" }), [now.review?.id]);
    assert.equal((await reviewIds(ledger)).length, 2);
  });

  check("reviews come oldest first, by status and by thread", async (ledger) => {
    const third = await askedAt(ledger, "a", 30);
    const first = await askedAt(ledger, "b", 10);
    const second = await askedAt(ledger, "c", 20, "thread-2");
    await decided(ledger, first, "approve");
    const [a, b, c] = [reviewOf(first).id, reviewOf(second).id, reviewOf(third).id];
    assert.deepEqual(await reviewIds(ledger), [a, b, c]);
    assert.deepEqual(await reviewIds(ledger, { status: "open" }), [b, c]);
    assert.deepEqual(await reviewIds(ledger, { status: "decided" }), [a]);
    assert.deepEqual(await reviewIds(ledger, { threadId: "thread-1" }), [a, c]);
    assert.deepEqual(await reviewIds(ledger, { threadId: "thread-2", status: "open" }), [b]);
    assert.deepEqual(await reviewIds(ledger, { threadId: "nowhere" }), []);
    const items = await ledger.reviews({ limit: 1, status: "open" });
    assert.deepEqual(items, [{ review: second.review, case: second }]);
  });

  check(
    "paging by the last review of a page gives every review once, also of those asked at the same time",
    async (ledger) => {
      for (const [key, seconds] of [
        ["a", 10],
        ["b", 10],
        ["c", 10],
        ["d", 5],
        ["e", 20],
        ["f", 10],
        ["g", 20],
      ] as const) {
        await askedAt(ledger, key, seconds);
      }
      const all = await reviewIds(ledger);
      assert.equal(new Set(all).size, 7);
      const seen: string[] = [];
      for (let after: { askedAt: string; id: string } | undefined; ;) {
        const page = await ledger.reviews({ limit: 3, ...(after && { after }) });
        seen.push(...page.map(({ review }) => review.id));
        const last = page.at(-1)?.review;
        if (last === undefined) break;
        after = { askedAt: last.askedAt, id: last.id };
      }
      assert.deepEqual(seen, all);
    },
  );
}

function deliveries(check: Check): void {
  const undelivered = async (ledger: Ledger, limit = 100): Promise<string[]> =>
    (await ledger.undelivered({ limit })).map(({ id }) => id);

  check("undelivered is what waits for no person and was not seen to finish, oldest first", async (ledger) => {
    const stages: [string, (key: string) => Promise<Case>][] = [
      ["proposed", (key) => proposed(ledger, { key, proposedAt: moment(5) })],
      ["routed", (key) => routed(ledger, "review", { key, proposedAt: moment(4) })],
      ["waiting", (key) => asked(ledger, { key, proposedAt: moment(3) })],
      ["decided", async (key) => decided(ledger, await asked(ledger, { key, proposedAt: moment(2) }), "approve")],
      ["ended", (key) => executed(ledger, { key, proposedAt: moment(1), threadId: "thread-2" })],
      ["running", async (key) => claimed(ledger, await routed(ledger, "flag", { key, proposedAt: moment(0) }))],
    ];
    const id = new Map<string, string>();
    for (const [stage, make] of stages) id.set(stage, (await make(stage)).proposal.id);
    const expected = ["running", "ended", "decided", "routed", "proposed"].map((stage) => id.get(stage));
    assert.deepEqual(await undelivered(ledger), expected);
    assert.deepEqual(await undelivered(ledger, 2), expected.slice(0, 2));
    const [first] = await ledger.undelivered({ limit: 1 });
    assert.deepEqual(first, (await ledger.read(id.get("running") ?? ""))?.proposal);
  });

  check("a thread that was seen to finish takes its closed cases off the list, and no others", async (ledger) => {
    const ended = await executed(ledger);
    const open = await routed(ledger, "execute", { key: "b" });
    const elsewhere = await executed(ledger, { threadId: "thread-2" });
    await changesNothing(ledger, ended.proposal.id, () => ledger.delivered("thread-1"));
    await ledger.delivered("thread-1");
    await ledger.delivered("nowhere");
    const left = new Set(await undelivered(ledger));
    assert.deepEqual(left, new Set([open.proposal.id, elsewhere.proposal.id]));
  });

  check("a case that closes after its thread was seen to finish is listed again", async (ledger) => {
    const held = await asked(ledger);
    await ledger.delivered(held.proposal.threadId);
    await decided(ledger, held, "reject");
    assert.deepEqual(await undelivered(ledger), [held.proposal.id]);
  });
}

function records(check: Check): void {
  check("a closed case has its record, found by its audit id", async (ledger) => {
    const ended = await executed(ledger);
    const { id: proposalId } = ended.proposal;
    const text = caseRecordText(ended);
    assert.deepEqual(await ledger.caseRecordText(auditId(proposalId)), { proposalId, text });
    assert.deepEqual(await ledger.closedCases({ afterId: "", limit: 10 }), [
      { proposalId, auditId: auditId(proposalId), text },
    ]);
  });

  check("an open case has no record", async (ledger) => {
    const { proposal } = await asked(ledger);
    assert.equal(await ledger.caseRecordText(auditId(proposal.id)), null);
    assert.equal(await ledger.caseRecordText("\0"), null);
    assert.deepEqual(await ledger.closedCases({ afterId: "", limit: 10 }), []);
  });

  check("cases and closed cases come in pages, in the order of proposal ids", async (ledger) => {
    const made: Case[] = [];
    for (const key of ["a", "b", "c", "d", "e"]) made.push(await executed(ledger, { key }));
    for (const key of ["f", "g"]) made.push(await asked(ledger, { key }));
    const ordered = made.toSorted((a, b) => (a.proposal.id < b.proposal.id ? -1 : 1));
    const cases = await paged(
      (afterId) => ledger.cases({ afterId, limit: 2 }),
      ({ proposal }) => proposal.id,
    );
    assert.deepEqual(cases, ordered);
    const closed = await paged(
      (afterId) => ledger.closedCases({ afterId, limit: 2 }),
      ({ proposalId }) => proposalId,
    );
    const ended = ordered.filter(({ proposal }) => proposal.state === "closed");
    assert.deepEqual(
      closed.map(({ proposalId }) => proposalId),
      ended.map(({ proposal }) => proposal.id),
    );
  });
}

async function paged<Item>(page: (afterId: string) => Promise<Item[]>, id: (item: Item) => string): Promise<Item[]> {
  const all: Item[] = [];
  for (;;) {
    const last = all.at(-1);
    const items = await page(last === undefined ? "" : id(last));
    if (items.length === 0) return all;
    all.push(...items);
  }
}
