import { URGENCIES, type QueueItem, type QueueMetrics, type QueuePace, type Urgency } from "../queueing.js";
import type { Entry } from "./entry.js";

/** What became of one review within a window. */
interface Moved {
  action: string;
  hasArrived: boolean;
  hasExpired: boolean;
  /** How long it had waited when people decided it; null if they did not within the window. */
  waitMs: number | null;
  /** Whether it was decided before its first deadline, if that turned out within the window. */
  isOnTime: boolean | null;
  /** Who had a say in what was decided, and how long it had waited for them. */
  voters: { id: string; waitMs: number }[];
}

interface Window {
  since: string;
  now: string;
}

/** How much is open and how fast the queue moved. */
export function metricsOf(
  entries: Iterable<Entry>,
  open: readonly QueueItem[],
  { overMs, now }: { overMs: number; now: string },
): QueueMetrics {
  const since = new Date(Math.max(Date.parse(now) - overMs, 0)).toISOString();
  const moved = [...entries].flatMap((entry) => movedOf(entry, { since, now }));
  return {
    open: Object.fromEntries(
      URGENCIES.map((urgency) => [urgency, open.filter((item) => item.urgency === urgency).length]),
    ) as Record<Urgency, number>,
    oldestAskedAt: open[0]?.askedAt ?? null,
    ...paceOf(moved),
    byReviewer: grouped(
      moved.flatMap(({ voters }) => voters),
      ({ id }) => id,
    )
      .map(([id, own]) => ({ id, decided: own.length, p50Ms: percentile(waitsOf(own), 0.5) }))
      .toSorted((a, b) => b.decided - a.decided || (a.id < b.id ? -1 : 1)),
    byAction: grouped(moved, ({ action }) => action)
      .map(([action, own]) => ({ action, ...paceOf(own) }))
      .toSorted((a, b) => (a.action < b.action ? -1 : 1)),
  };
}

function movedOf(entry: Entry, window: Window): Moved[] {
  const { proposal, reviews, decisions, decidedAt, missedAt, expiredAt } = entry;
  return [...reviews.values()].flatMap((review): Moved[] => {
    const at = ({ id }: { id: string }): string => decidedAt.get(id) ?? "";
    const waited = (moment: string): number => Math.max(Date.parse(moment) - Date.parse(review.askedAt), 0);
    const said = decisions.filter(({ reviewId }) => reviewId === review.id);
    const end = said.at(-1);
    const endedAt = end !== undefined && review.status === "decided" && isWithin(at(end), window) ? at(end) : null;
    const voters = new Map(
      said.filter(({ verdict }) => verdict !== "escalate").map((vote) => [vote.by.id, waited(at(vote))]),
    );
    const moved: Moved = {
      action: proposal.action,
      hasArrived: isWithin(review.askedAt, window),
      hasExpired: isWithin(expiredAt.get(review.id), window),
      waitMs: endedAt === null ? null : waited(endedAt),
      isOnTime: isOnTime(review.deadlineAt, { missedAt: missedAt.get(review.id), endedAt }, window),
      voters: endedAt === null ? [] : [...voters].map(([id, waitMs]) => ({ id, waitMs })),
    };
    const { hasArrived, hasExpired, waitMs } = moved;
    return hasArrived || hasExpired || waitMs !== null || moved.isOnTime !== null ? [moved] : [];
  });
}

function isOnTime(
  deadlineAt: string | null,
  { missedAt, endedAt }: { missedAt: string | undefined; endedAt: string | null },
  window: Window,
): boolean | null {
  if (missedAt !== undefined) return isWithin(missedAt, window) ? false : null;
  return deadlineAt === null || endedAt === null ? null : endedAt < deadlineAt;
}

function isWithin(moment: string | undefined, { since, now }: Window): boolean {
  return moment !== undefined && moment > since && moment <= now;
}

function paceOf(moved: readonly Moved[]): QueuePace {
  const waits = waitsOf(moved);
  const onTime = moved.flatMap((each) => (each.isOnTime === null ? [] : [Number(each.isOnTime)]));
  return {
    arrivals: moved.filter(({ hasArrived }) => hasArrived).length,
    decided: waits.length,
    expired: moved.filter(({ hasExpired }) => hasExpired).length,
    waitMs: waits.length === 0 ? null : { p50: percentile(waits, 0.5), p90: percentile(waits, 0.9) },
    onTime: onTime.length === 0 ? null : onTime.reduce((sum, each) => sum + each, 0) / onTime.length,
  };
}

function waitsOf(moved: readonly { waitMs: number | null }[]): number[] {
  return moved.flatMap(({ waitMs }) => (waitMs === null ? [] : [waitMs]));
}

function grouped<Item>(items: readonly Item[], key: (item: Item) => string): [string, Item[]][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return [...groups];
}

/** The least value that so large a share of all does not exceed. */
function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(Math.ceil(share * sorted.length) - 1, 0)] ?? 0;
}
