import assert from "node:assert/strict";
import type { Ledger } from "../../ledger/ledger.js";
import { isIndexed, QUEUE_ORDERS, type QueueFilter, type QueueItem, type QueueOrder } from "../../ledger/queueing.js";
import { ONE_PERSON, type Selector } from "../../model/requirement.js";
import { rejectsWith, type Check } from "./check.js";
import { askRequest, moment, routed } from "./specimens.js";

/** Pages of the queue: every filter, in every order, to the end. */
export function queuePagesContract(check: Check): void {
  pages(check);
  tiny(check);
  unreadable(check);
}

function pages(check: Check): void {
  check("every filter in every order finds the same as a look at all of them, page by page", async (ledger) => {
    const all = await filled(ledger);
    for (const filter of FILTERS) {
      const wanted = all.filter((item) => isMeant(item, filter));
      assert.equal((await ledger.queueCount(filter)).count, wanted.length, JSON.stringify(filter));
      for (const order of QUEUE_ORDERS) {
        const found = await everyPage(ledger, filter, order, 3);
        const ids = wanted.toSorted((a, b) => (isBefore(order, a, b) ? -1 : 1)).map(({ id }) => id);
        assert.deepEqual(
          found.map(({ id }) => id),
          ids,
          `${JSON.stringify(filter)} by ${order}`,
        );
      }
    }
  });

  check("a page that ends where the queue ends has no next one", async (ledger) => {
    await filled(ledger);
    const { items, next, isCapped } = await ledger.queue({ filter: {}, order: "oldest", limit: COUNT });
    assert.deepEqual([items.length, next, isCapped], [COUNT, null, false]);
    assert.notEqual((await ledger.queue({ filter: {}, order: "oldest", limit: COUNT - 1 })).next, null);
  });

  check("what is added or leaves between two pages makes no other one appear twice or be missed", async (ledger) => {
    const all = await filled(ledger);
    const first = await ledger.queue({ filter: {}, order: "oldest", limit: 4 });
    await asked(ledger, 50);
    const rest = await ledger.queue({ filter: {}, order: "oldest", limit: 99, cursor: first.next });
    const ids = [...first.items, ...rest.items].map(({ id }) => id);
    assert.equal(new Set(ids).size, all.length + 1);
  });
}

function tiny(check: Check): void {
  check("a risk that is next to nothing is kept as it is, and pages go on behind it", async (ledger) => {
    for (const [nth, risk] of [1e-300, 5e-324, 0.5, 0].entries()) {
      const held = await routed(ledger, "review", { key: String(risk), facts: { risk } }, { requires: ONE_PERSON });
      await ledger.ask({ ...askRequest(held), at: moment(nth) });
    }
    const found = await everyPage(ledger, {}, "risk", 1);
    assert.deepEqual(
      found.map(({ risk }) => risk),
      [0.5, 1e-300, 5e-324, 0],
    );
  });
}

function unreadable(check: Check): void {
  check("a cursor is of its order, and what is none is refused", async (ledger) => {
    await filled(ledger);
    const { next } = await ledger.queue({ filter: {}, order: "risk", limit: 2 });
    for (const cursor of [next, "", "bm90aGluZw", "eyJ9"]) {
      await rejectsWith("cursor_invalid", () => ledger.queue({ filter: {}, order: "oldest", limit: 2, cursor }));
    }
  });

  check("a cursor of the right shape that no page ended at is refused as one", async (ledger) => {
    await filled(ledger);
    const at = moment(2);
    const forged: [QueueOrder, ...unknown[]][] = [
      ["oldest", "soon", at, "id"],
      ["oldest", at, "2026-13-45T00:00:00Z", "id"],
      ["oldest", at, "2026-02-30T00:00:00Z", "id"],
      ["oldest", at, at, "\0"],
      ["oldest", at, at, "id", "more"],
      ["oldest", 7, at, "id"],
      ["deadline", "never", at, "id"],
      ["urgency", "now", at, "id"],
      ["urgency", 1.5, at, "id"],
      ["urgency", 99_999, at, "id"],
      ["risk", "high", at, "id"],
      ["risk", 1e300, at, "id"],
      ["risk", 1e-300, at, "id"],
    ];
    for (const [order, ...place] of forged) {
      const cursor = Buffer.from(JSON.stringify([order, ...place])).toString("base64url");
      await rejectsWith("cursor_invalid", () => ledger.queue({ filter: {}, order, limit: 2, cursor }));
    }
  });

  check("a filter that means nothing is refused as one", async (ledger) => {
    const wrong: QueueFilter[] = [
      { dueBefore: "soon" },
      { dueBefore: "2026-02-30T00:00:00.000Z" },
      { riskAtLeast: Number.NaN },
      { stage: 1.5 },
      { stage: 1e12 },
      { urgencyAtLeast: "soon" as "now" },
      { action: "\0" },
      { for: { roles: ["\ud800"] } },
      { for: { person: 7 as unknown as string } },
    ];
    for (const filter of wrong) {
      await rejectsWith("query_invalid", () => ledger.queue({ filter, order: "oldest", limit: 2 }));
      await rejectsWith("query_invalid", () => ledger.queueCount(filter));
    }
    assert.deepEqual((await ledger.queue({ filter: { riskAtLeast: 1e-300 }, order: "risk", limit: 2 })).items, []);
  });
}

const COUNT = 14;
const LANES: Selector[][] = [[{ role: "manager" }], [{ group: "board" }, { role: "clerk" }], [], [{ person: "ana" }]];

const FILTERS: QueueFilter[] = [
  {},
  { for: { roles: ["manager"] } },
  { for: { roles: ["clerk", "director"], groups: ["staff"], person: "ana" } },
  { for: {} },
  { action: "refund" },
  { action: "refund", for: { roles: ["manager"] } },
  { assignee: "bo" },
  { assignee: null },
  { agent: "agent 1" },
  { kind: "question" },
  { stage: 2 },
  { riskAtLeast: 0.5 },
  { dueBefore: moment(4_000) },
  { urgencyAtLeast: "hour" },
  { notOf: "cleo" },
  { notOf: "cleo", for: { person: "ana" } },
  { action: "transfer", agent: "agent 0", riskAtLeast: 0.2, dueBefore: moment(90_000) },
];

/** A review that differs from the others in everything that can be asked for. */
async function asked(ledger: Ledger, nth: number): Promise<string> {
  const risk = nth % 4 === 3 ? undefined : (nth % 7) / 10;
  const requires = {
    ...ONE_PERSON,
    panels: [{ rule: null, by: LANES[nth % 4] ?? [], quorum: "any", tieBreak: "reject" } as const],
    ...(nth % 3 === 0 && { excludes: ["cy"] }),
  };
  const held = await routed(
    ledger,
    "review",
    {
      key: `case ${nth}`,
      action: nth % 2 === 0 ? "refund" : "transfer",
      agent: `agent ${nth % 3}`,
      requestedBy: nth % 5 === 0 ? "cleo" : null,
      facts: { confidence: 0.5, ...(risk !== undefined && { risk }) },
    },
    { requires, ...(nth % 3 === 1 && { stage: 2 }) },
  );
  const withinMs = [null, 600_000, 3_000_000, 80_000_000, 900_000_000][nth % 5] ?? null;
  const kind = nth % 6 === 0 ? "question" : "approval";
  // Two of each were asked at the same moment.
  const at = moment(Math.floor(nth / 2));
  const { review } = await ledger.ask({ ...askRequest(held), kind, withinMs, otherwise: "reject", at });
  const id = review?.id ?? "";
  if (nth % 4 === 0) {
    await ledger.handle({ reviewId: id, handling: { what: "assign", to: nth % 8 === 0 ? "bo" : "cy" }, by: "dee", at });
  }
  return id;
}

async function filled(ledger: Ledger): Promise<QueueItem[]> {
  const all: QueueItem[] = [];
  for (let nth = 0; nth < COUNT; nth += 1) {
    const item = await ledger.queueItem(await asked(ledger, nth));
    assert.ok(item);
    all.push(item);
  }
  return all;
}

async function everyPage(ledger: Ledger, filter: QueueFilter, order: QueueOrder, limit: number): Promise<QueueItem[]> {
  const found: QueueItem[] = [];
  for (let cursor: string | null = null; ;) {
    const page = await ledger.queue({ filter, order, limit, cursor });
    assert.ok(page.items.length <= limit);
    assert.ok(!page.isCapped || !isIndexed({ filter, order }));
    found.push(...page.items);
    if (page.next === null) return found;
    cursor = page.next;
  }
}

const URGENT = ["later", "today", "hour", "now", "overdue"];

/** The same as a filter says, in the plainest way. */
function isMeant(item: QueueItem, filter: QueueFilter): boolean {
  const { roles = [], groups = [], person } = filter.for ?? {};
  const names = [...roles.map((role) => ({ role })), ...groups.map((group) => ({ group })), { person: person ?? "" }];
  const texts = new Set(names.map((selector) => JSON.stringify(selector)));
  const isAsked = item.asks.length === 0 || item.asks.some((selector) => texts.has(JSON.stringify(selector)));
  const same = (["assignee", "action", "agent", "kind", "stage"] as const).every(
    (name) => filter[name] === undefined || filter[name] === item[name],
  );
  return (
    same &&
    (filter.for === undefined || isAsked) &&
    !(filter.riskAtLeast !== undefined && (item.risk ?? 1) < filter.riskAtLeast) &&
    !(filter.dueBefore !== undefined && !(item.deadlineAt !== null && item.deadlineAt < filter.dueBefore)) &&
    !(filter.urgencyAtLeast !== undefined && URGENT.indexOf(item.urgency) < URGENT.indexOf(filter.urgencyAtLeast)) &&
    !(filter.notOf !== undefined && item.keptFrom.includes(filter.notOf))
  );
}

function isBefore(order: QueueOrder, a: QueueItem, b: QueueItem): boolean {
  const key = (item: QueueItem): number => {
    if (order === "urgency") return -URGENT.indexOf(item.urgency);
    if (order === "risk") return -(item.risk ?? 1);
    if (order === "oldest") return 0;
    return item.deadlineAt === null ? Number.POSITIVE_INFINITY : Date.parse(item.deadlineAt);
  };
  if (key(a) !== key(b)) return key(a) < key(b);
  return a.askedAt === b.askedAt ? a.id < b.id : a.askedAt < b.askedAt;
}
