import { URGENCIES, type QueueItem, type QueueMetrics, type Urgency } from "../queueing.js";
import type { Entry } from "./entry.js";

interface Ended {
  reviewer: string;
  action: string;
  waitMs: number;
  isOnTime: boolean | null;
}

/** How much is open and how fast the queue moved. */
export function metricsOf(
  entries: Iterable<Entry>,
  open: readonly QueueItem[],
  { overMs, now }: { overMs: number; now: string },
): QueueMetrics {
  const kept = [...entries];
  const since = new Date(Date.parse(now) - overMs).toISOString();
  const arrived = kept.flatMap(({ proposal, reviews }) =>
    [...reviews.values()]
      .filter(({ askedAt }) => askedAt > since && askedAt <= now)
      .map(({ status }) => ({ action: proposal.action, status })),
  );
  const ended = kept.flatMap((entry) => endedOf(entry, since, now));
  const onTime = ended.flatMap(({ isOnTime }) => (isOnTime === null ? [] : [Number(isOnTime)]));
  const waits = ended.map(({ waitMs }) => waitMs);
  return {
    open: Object.fromEntries(
      URGENCIES.map((urgency) => [urgency, open.filter((item) => item.urgency === urgency).length]),
    ) as Record<Urgency, number>,
    oldestAskedAt: open[0]?.askedAt ?? null,
    arrivals: arrived.length,
    decided: ended.length,
    expired: arrived.filter(({ status }) => status === "expired").length,
    waitMs: waits.length === 0 ? null : { p50: percentile(waits, 0.5), p90: percentile(waits, 0.9) },
    onTime: onTime.length === 0 ? null : onTime.reduce((sum, each) => sum + each, 0) / onTime.length,
    byReviewer: grouped(ended, ({ reviewer }) => reviewer)
      .map(([id, own]) => ({
        id,
        decided: own.length,
        p50Ms: percentile(
          own.map(({ waitMs }) => waitMs),
          0.5,
        ),
      }))
      .toSorted((a, b) => b.decided - a.decided || (a.id < b.id ? -1 : 1)),
    byAction: grouped([...arrived, ...ended], ({ action }) => action)
      .map(([action, own]) => {
        const decided = own.filter((each) => "reviewer" in each).length;
        return { action, arrivals: own.length - decided, decided };
      })
      .toSorted((a, b) => (a.action < b.action ? -1 : 1)),
  };
}

function endedOf({ proposal, reviews, decisions, decidedAt }: Entry, since: string, now: string): Ended[] {
  return [...reviews.values()].flatMap((review): Ended[] => {
    const last = decisions.findLast(({ reviewId }) => reviewId === review.id);
    const at = last === undefined ? "" : (decidedAt.get(last.id) ?? "");
    if (last === undefined || review.status !== "decided" || at <= since || at > now) return [];
    const waitMs = Math.max(Date.parse(at) - Date.parse(review.askedAt), 0);
    const isOnTime = review.deadlineAt === null ? null : at < review.deadlineAt;
    return [{ reviewer: last.by.id, action: proposal.action, waitMs, isOnTime }];
  });
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
