import { handledEntry } from "../journal.js";
import {
  COUNT_MAX,
  isIndexed,
  SCAN_MAX,
  type HandleRequest,
  type HandleResult,
  type Handling,
  type QueueFilter,
  type QueueItem,
  type QueuePage,
  type QueueRequest,
} from "../queueing.js";
import { cursorOf, type QueuePlace } from "../queue-place.js";
import { requireFilter } from "../queue-requests.js";
import { isPlainText } from "../plain-text.js";
import {
  assignRowSql,
  claimRowSql,
  letInSql,
  lockQueueRowSql,
  queueCountSql,
  queueItemSql,
  queuePageSql,
  refreshQueueSql,
  releaseRowSql,
  snoozeRowSql,
} from "./queries/queue.js";
import { inTransaction, type Connection, type Run } from "./transaction.js";
import { append } from "./writes.js";

interface Found {
  looked: number;
  last: QueuePlace | null;
  item: QueueItem | null;
  place: QueuePlace | null;
}

/** Of what no index knows, it first looks at so many times the rows that a page shows; each time it does not do, at more. */
const LOOKS_AT = { first: 4, factor: 10 };

/**
 * Reads a page of the queue.
 *
 * @throws AssentError `query_invalid`, `cursor_invalid`.
 */
export async function readQueue(
  run: Run,
  schema: string,
  request: QueueRequest,
  now: string | null,
): Promise<QueuePage> {
  requireFilter(request.filter);
  if (isIndexed(request)) return (await lookAt(run, schema, request, { now, looksAt: null })).page;
  for (let wanted = request.limit * LOOKS_AT.first; ; wanted *= LOOKS_AT.factor) {
    const looksAt = Math.min(wanted, SCAN_MAX);
    const { page, isEnough } = await lookAt(run, schema, request, { now, looksAt });
    if (isEnough || looksAt === SCAN_MAX) return page;
  }
}

async function lookAt(
  run: Run,
  schema: string,
  request: QueueRequest,
  how: { now: string | null; looksAt: number | null },
): Promise<{ page: QueuePage; isEnough: boolean }> {
  const { text, values } = queuePageSql(schema, request, how);
  const rows = await run<Found>(text, values);
  const found = rows.flatMap(({ item, place }) => (item === null || place === null ? [] : [{ item, place }]));
  const shown = found.slice(0, request.limit);
  const { looked = 0, last = null } = rows[0] ?? {};
  const place = found.length > request.limit ? (shown.at(-1)?.place ?? null) : null;
  // Fewer than were asked for, and it did not get to the end.
  const isCapped = place === null && how.looksAt !== null && looked >= how.looksAt;
  const next = isCapped ? last : place;
  const items = shown.map(({ item }) => item);
  const page = { items, next: next === null ? null : cursorOf(request.order, next), isCapped };
  return { page, isEnough: !isCapped };
}

/** How many fit, exactly up to a bound. */
export async function countQueue(
  run: Run,
  schema: string,
  filter: QueueFilter,
): Promise<{ count: number; isExact: boolean }> {
  requireFilter(filter);
  const { text, values } = queueCountSql(schema, filter);
  const [row] = await run<{ count: number }>(text, values);
  const count = row?.count ?? 0;
  return { count: Math.min(count, COUNT_MAX), isExact: count <= COUNT_MAX };
}

/** Does something with an open review that is not to decide it; with its row in the log, or not at all. */
export async function handle(
  connection: Connection,
  schema: string,
  request: HandleRequest,
  now: string | null,
): Promise<HandleResult> {
  const { reviewId, handling, by } = request;
  if (!isPlainText(reviewId)) return { ok: false, why: "unknown", item: null };
  return inTransaction(connection, async (run) => {
    type Row = { proposalId: string; assignee: string | null; isClaimed: boolean; isMine: boolean };
    const [row] = await run<Row>(lockQueueRowSql(schema), [reviewId, by, now]);
    if (row === undefined) return { ok: false, why: "unknown", item: null };
    if (row.isClaimed && handling.what !== "assign") {
      return { ok: false, why: "claimed", item: await readItem(run, schema, reviewId, now) };
    }
    if (handling.what === "assign" && handling.from !== undefined && handling.from !== row.assignee) {
      return { ok: false, why: "assigned", item: await readItem(run, schema, reviewId, now) };
    }
    await carryOut(run, schema, { reviewId, handling, by, now });
    // Who goes on looking at what they look at does nothing new.
    if (!(handling.what === "claim" && row.isMine)) {
      await append(run, schema, [handledEntry(request, row.proposalId)]);
    }
    const item = await readItem(run, schema, reviewId, now);
    return item === null ? { ok: false, why: "unknown", item } : { ok: true, item };
  });
}

interface Carrying {
  reviewId: string;
  handling: Handling;
  by: string;
  now: string | null;
}

async function carryOut(run: Run, schema: string, { reviewId, handling, by, now }: Carrying): Promise<unknown> {
  switch (handling.what) {
    case "claim":
      return run(claimRowSql(schema), [reviewId, by, handling.leaseMs, now]);
    case "release":
      return run(releaseRowSql(schema), [reviewId]);
    case "snooze":
      return run(snoozeRowSql(schema), [reviewId, handling.until]);
    case "assign":
      return run(assignRowSql(schema), [reviewId, handling.to, now, handling.leaseMs ?? null]);
    default:
      return handling satisfies never;
  }
}

/** Brings up to date what time alone changes, and lets in what agents' budgets have room for. */
export async function refreshQueue(run: Run, schema: string, now: string | null): Promise<void> {
  await run(refreshQueueSql(schema), [now]);
  await run(letInSql(schema));
}

/** One row of the queue; null if no open review has this id. */
export async function readItem(
  run: Run,
  schema: string,
  reviewId: string,
  now: string | null,
): Promise<QueueItem | null> {
  if (!isPlainText(reviewId)) return null;
  const [row] = await run<{ item: QueueItem }>(queueItemSql(schema), [reviewId, now]);
  return row?.item ?? null;
}
