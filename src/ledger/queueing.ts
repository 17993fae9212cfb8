import type { Amount } from "../model/facts.js";
import type { Selector } from "../model/requirement.js";
import type { ReviewKind } from "../model/review.js";
import type { Trust } from "../model/trust.js";

/**
 * How soon somebody has to decide, from what has time to what is late: within a day, an hour, a quarter of an hour, or
 * earlier. Kept by a job, so that it can be sorted by.
 */
export type Urgency = "later" | "today" | "hour" | "now" | "overdue";
/** Every urgency, from what has time to what is late. */
export const URGENCIES: readonly Urgency[] = ["later", "today", "hour", "now", "overdue"];

/**
 * By what a page of the queue is sorted; what is equal, oldest first. What has no deadline comes last, a risk that is not
 * known counts as the highest.
 */
export type QueueOrder = "urgency" | "oldest" | "deadline" | "risk";
/** Every order. */
export const QUEUE_ORDERS: readonly QueueOrder[] = ["urgency", "oldest", "deadline", "risk"];

/** One open review, as the queue shows it. What a reviewer has to see of it, `assent.reviews.get` tells. */
export interface QueueItem {
  /** The review's id. */
  id: string;
  /** What a decision must quote. */
  digest: string;
  proposalId: string;
  threadId: string;
  round: number;
  kind: ReviewKind;
  trust: Trust;
  action: string;
  agent: string;
  requestedBy: string | null;
  /** The effect in one sentence, from the arguments. */
  summary: string;
  risk: number | null;
  amount: Amount | null;
  /** How much autonomy the agent had when it was routed; null where the gate does not go by stages. */
  stage: number | null;
  /** How often it was escalated. */
  step: number;
  askedAt: string;
  deadlineAt: string | null;
  urgency: Urgency;
  /** Whose it is to decide, before others; null for nobody's in particular. */
  assignee: string | null;
  /** Who is looking at it now, and until when that counts. */
  claim: { by: string; until: string } | null;
  /** Until when it is put aside. */
  snoozedUntil: string | null;
  /** Whether it waits behind others of its agent, which has more open than its budget. */
  isFlooding: boolean;
  /** Names what is the same request of the same action; two of one group may both be meant. */
  group: string;
  /** Whom it asks for at its step; anybody if empty. */
  asks: Selector[];
  /** Ids of people who have no say in it: who asked for it, and whom it excludes. */
  keptFrom: string[];
}

/** Which open reviews. Everything that is named has to hold. */
export interface QueueFilter {
  /** Theirs; null for nobody's. */
  assignee?: string | null;
  /** Those that ask for somebody with one of these roles, in one of these groups, or this person; or for anybody. */
  for?: { roles?: readonly string[]; groups?: readonly string[]; person?: string };
  action?: string;
  agent?: string;
  kind?: ReviewKind;
  stage?: number;
  group?: string;
  /** Also those whose risk is not known. */
  riskAtLeast?: number;
  /** Those whose deadline comes before this moment. */
  dueBefore?: string;
  urgencyAtLeast?: Urgency;
  claimedBy?: string;
  /** Those that are put aside, instead of those that are not. */
  isSnoozed?: boolean;
  /** Leaves out what this person asked for, and what they are excluded from. */
  notOf?: string;
  /** Leaves out what a person of this id has voted on, and others still have to. */
  notVotedBy?: string;
}

/** A page of the queue. */
export interface QueueRequest {
  filter: QueueFilter;
  order: QueueOrder;
  limit: number;
  /** Where the page before ended: its `next`. */
  cursor?: string | null;
}

/** A page of the queue, and where the next one begins. */
export interface QueuePage {
  items: QueueItem[];
  /** For the next page; null after the last one. */
  next: string | null;
  /**
   * Whether it looked at {@link SCAN_MAX} without filling the page: what it gives is right, more may follow, and `next`
   * goes on from there. Never where {@link isIndexed} says that the filter and the order are fast.
   */
  isCapped: boolean;
}

/** The most that a page without an index looks at. */
export const SCAN_MAX = 20_000;
/** Up to where a count is exact. */
export const COUNT_MAX = 10_000;

/**
 * The matrix of what is fast however long the queue is: these filters, alone or in these pairs, in every order. In order of
 * risk, `riskAtLeast` may stand beside each of them, and in order of the deadline `dueBefore`.
 *
 * | filter | urgency | oldest | deadline | risk |
 * | --- | --- | --- | --- | --- |
 * | none | fast | fast | fast | fast |
 * | `for` | fast | fast | fast | fast |
 * | `assignee` | fast | fast | fast | fast |
 * | `action` | fast | fast | fast | fast |
 * | `for` and `action` | fast | fast | fast | fast |
 *
 * Everything else looks at up to {@link SCAN_MAX} reviews in its order and says where it stopped; it looks at no more than
 * it needs to fill the page. So `notOf` and `notVotedBy` beside one of these cost next to nothing, unless most of what comes
 * first is left out.
 */
export function isIndexed({ filter, order }: Pick<QueueRequest, "filter" | "order">): boolean {
  const named = Object.entries(filter)
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name)
    .filter((name) => !(name === "riskAtLeast" && order === "risk"))
    .filter((name) => !(name === "dueBefore" && order === "deadline"));
  return INDEXED.has(named.toSorted().join(" "));
}

const INDEXED: ReadonlySet<string> = new Set(["", "for", "assignee", "action", "action for"]);

/** What somebody does with a review that is not to decide it. */
export type Handling =
  /** Looks at it: nobody else need, until then. Again by the same person: for longer. */
  | { what: "claim"; leaseMs: number }
  /** Looks at it no more. */
  | { what: "release" }
  /** Puts it aside. */
  | { what: "snooze"; until: string }
  /**
   * Makes it somebody's to decide, or nobody's; with `from`, only if it is theirs. Whoever looked at it does no more; with
   * `leaseMs`, whose it is now does in their place.
   */
  | { what: "assign"; to: string | null; from?: string | null; leaseMs?: number };

/** One such thing. */
export interface HandleRequest {
  reviewId: string;
  handling: Handling;
  /** Who does it: an id. */
  by: string;
  at: string;
}

/** What became of it. */
export type HandleResult =
  | { ok: true; item: QueueItem }
  /** `unknown`: no open review has this id. `claimed`: somebody else looks at it. `assigned`: it is not `from`'s. */
  | { ok: false; why: "unknown" | "claimed" | "assigned"; item: QueueItem | null };

/** How much is whose. */
export interface Load {
  /** The assignee. */
  id: string;
  /** How many open reviews are theirs. */
  open: number;
  /** When they last got one. */
  lastAt: string;
}

/** What is set for the whole queue. */
export interface QueueSettings {
  /** How many open reviews of one agent are shown at once; the others wait behind them. */
  perAgent: number;
}

/** Where nothing is set. */
export const DEFAULT_SETTINGS: QueueSettings = { perAgent: 1_000 };

/** How reviews moved within a window. */
export interface QueuePace {
  /** Reviews that were asked within it. */
  arrivals: number;
  /** Reviews that people decided within it. */
  decided: number;
  /** Reviews that ended within it because nobody had decided, whenever they were asked. */
  expired: number;
  /** How long those that were decided had waited, in milliseconds; null if there are none. */
  waitMs: { p50: number; p90: number } | null;
  /**
   * The share of those with a deadline that were decided before it; null if there are none. Each counts once: when it is
   * decided in time, or when its first deadline passes without that, whether it then expires, waits on or goes to others.
   */
  onTime: number | null;
}

/** How much there is, and how fast it moves, within a window that ends now. */
export interface QueueMetrics extends QueuePace {
  /** Open reviews, by urgency; exact up to {@link COUNT_MAX} in all. */
  open: Record<Urgency, number>;
  /** When the oldest of them was asked; null if there is none. */
  oldestAskedAt: string | null;
  /**
   * In how many of the decided reviews somebody had a say, and how long these had waited for their word. Of several who
   * voted, each counts; who only escalated it does not. Nobody counts before their review is settled.
   */
  byReviewer: { id: string; decided: number; p50Ms: number }[];
  byAction: ({ action: string } & QueuePace)[];
}

/** How urgent a deadline is at a moment. */
export function urgencyOf(deadlineAt: string | null, now: string): Urgency {
  if (deadlineAt === null) return "later";
  const leftMs = Date.parse(deadlineAt) - Date.parse(now);
  if (leftMs <= 0) return "overdue";
  if (leftMs <= 15 * 60_000) return "now";
  if (leftMs <= 3_600_000) return "hour";
  return leftMs <= 86_400_000 ? "today" : "later";
}
