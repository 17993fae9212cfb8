import { recordOf, requirePrincipal, type Principal } from "../authority/authenticator.js";
import {
  isIndexed,
  type Handling,
  type HandleResult,
  type QueueFilter,
  type QueueItem,
  type QueueMetrics,
  type QueueOrder,
  type QueuePage,
  type QueueSettings,
} from "../ledger/queueing.js";
import { AssentError } from "../model/error.js";
import type { Assent } from "./assent.js";
import { decideTogether, type DecideTogetherOptions, type DecidedTogether } from "./decide-together.js";
import { distribute, requireEntitled, type Distribution, type DistributeOptions } from "./distribute.js";
import { isPlainlyNotTheirs, whyNotTheirs } from "./having-a-say.js";

/** Which page, in which order. */
export interface PageOptions extends QueueFilter {
  /** `urgency` unless said. */
  order?: QueueOrder;
  /** 50 unless said, 500 at most. */
  limit?: number;
  /** The `next` of the page before. */
  cursor?: string | null;
}

/** Who does something with a review. */
export interface HandlingOptions {
  /** A principal from an accepted authenticator, never a string. */
  by: Principal;
}

/** How long a claim holds unless said, in milliseconds. */
const LEASE_MS = 15 * 60_000;
const LIMIT_MAX = 500;
/** How many reviews `claimNext` looks at to begin with, and how many pages in all: these of {@link LIMIT_MAX}. */
const NEXT_LIMIT = 50;
const NEXT_PAGES_MAX = 20;

/**
 * What waits for people, and who looks at what; `assent.queue`. Nothing here decides anything, and a claim, a snooze or an
 * assignment keeps nobody who may decide from deciding: they keep people from doing one thing twice.
 */
export interface Queue {
  /**
   * A page of the open reviews, those that are put aside or wait behind their agent's others left out. What is fast however
   * long the queue is, {@link isFast} tells.
   *
   * @throws AssentError `cursor_invalid`, `query_invalid` for a limit that is none, and what the ledger throws.
   */
  page(options?: PageOptions): Promise<QueuePage>;
  /** Whether a filter and an order are in the index matrix, so that a page never takes long. */
  isFast(options: QueueFilter & Pick<PageOptions, "order">): boolean;
  /** How many fit, exactly up to 10,000. */
  count(filter?: QueueFilter): Promise<{ count: number; isExact: boolean }>;
  /**
   * Says that somebody looks at a review, so that nobody else need: for 15 minutes unless said, a day at most. Again by the
   * same person, it holds from now on. Who may not say what it waits for, or has voted, has nothing to look at it for.
   *
   * @throws AssentError `review_unknown`, `review_claimed`, `principal_unverified`, `not_allowed`, `query_invalid` for a
   *   lease that is none.
   */
  claim(reviewId: string, options: HandlingOptions & { leaseMs?: number }): Promise<QueueItem>;
  /**
   * Claims the first review in the order of a page that asks for this principal and that they may still decide on; null if
   * there is none among the first ten thousand or so.
   */
  claimNext(options: HandlingOptions & PageOptions & { leaseMs?: number }): Promise<QueueItem | null>;
  /**
   * Looks at it no more.
   *
   * @throws AssentError `review_unknown`, `review_claimed`, `principal_unverified`.
   */
  release(reviewId: string, options: HandlingOptions): Promise<QueueItem>;
  /**
   * Puts it aside until a moment, within 90 days. Its deadline stays, and once others are asked it is theirs to see.
   *
   * @throws AssentError as `claim` does, `query_invalid` for a moment that is none.
   */
  snooze(reviewId: string, options: HandlingOptions & { until: Date | string }): Promise<QueueItem>;
  /**
   * Makes it somebody's to decide before others, or with null nobody's. It has to be somebody who is registered, there, and
   * may still decide on it. Whoever looked at it does no more. With `leaseMs`, `to` looks at it from now on, for so long: that
   * is how one hands over what one is looking at. The log tells who handed it to whom.
   *
   * @throws AssentError `review_unknown`, `principal_unverified`, `not_allowed`, `query_invalid` for a lease that is none.
   */
  assign(reviewId: string, options: HandlingOptions & { to: string | null; leaseMs?: number }): Promise<QueueItem>;
  /**
   * Gives everybody who is there their share of what is nobody's, and of what is whose assignee has gone away: first to
   * their stand-in. Nobody gets what they are not asked for, are kept from, or have voted on; what nobody can get keeps nobody
   * from what comes after it, up to 5,000 of what is nobody's. Any number of processes may do this at once.
   */
  distribute(options?: DistributeOptions): Promise<Distribution[]>;
  /**
   * Decides on several reviews in the same words, one after the other, with a result for each: for what is of one kind,
   * action, gate and rules, and of low risk. What is not, is refused by itself. Whatever goes wrong with one, its result says
   * so, and the others are decided all the same; for the same again, pass on what failed.
   *
   * @throws AssentError `principal_unverified`, `query_invalid` for more than 500; everything else is in the results.
   */
  decideTogether(
    items: readonly Pick<QueueItem, "id" | "digest">[],
    options: DecideTogetherOptions,
  ): Promise<DecidedTogether[]>;
  /** How much there is, and how fast it moved within the last so many milliseconds; an hour unless said. */
  metrics(options?: { overMs?: number }): Promise<QueueMetrics>;
  /** What is set for the whole queue. */
  settings(): Promise<QueueSettings>;
  /**
   * Sets it.
   *
   * @throws AssentError `query_invalid` for a budget that is none.
   */
  set(settings: QueueSettings): Promise<void>;
}

/** The queue of one Assent. */
export function queueOf(assent: Assent): Queue {
  const handle = async (reviewId: string, handling: Handling, { by }: HandlingOptions): Promise<QueueItem> => {
    const { id } = requirePrincipal(by, assent.authenticators);
    const at = assent.clock.now().toISOString();
    return handled(await assent.ledger.handle({ reviewId, handling, by: id, at }), reviewId);
  };
  const self: Queue = {
    page: async ({ order = "urgency", limit = 50, cursor = null, ...filter } = {}) =>
      assent.ledger.queue({ filter, order, limit: wholeNumber("limit", limit, LIMIT_MAX), cursor }),
    isFast: ({ order = "urgency", ...filter }) => isIndexed({ filter, order }),
    count: (filter = {}) => assent.ledger.queueCount(filter),
    async claim(reviewId, { leaseMs = LEASE_MS, by }) {
      await requireSay(assent, reviewId, by);
      return handle(reviewId, { what: "claim", leaseMs }, { by });
    },
    claimNext: (options) => claimNext(assent, self, options),
    release: (reviewId, options) => handle(reviewId, { what: "release" }, options),
    async snooze(reviewId, { until, by }) {
      const handling = { what: "snooze", until: moment(until) } as const;
      await requireSay(assent, reviewId, by);
      return handle(reviewId, handling, { by });
    },
    async assign(reviewId, { to, leaseMs, by }) {
      requirePrincipal(by, assent.authenticators);
      if (to !== null) await requireEntitled(assent, reviewId, to);
      return handle(reviewId, { what: "assign", to, ...(leaseMs !== undefined && { leaseMs }) }, { by });
    },
    distribute: (options) => distribute(assent, options),
    decideTogether: (items, options) => decideTogether(assent, items, options),
    metrics: async ({ overMs = 3_600_000 } = {}) =>
      assent.ledger.queueMetrics({ overMs: wholeNumber("overMs", overMs) }),
    settings: () => assent.ledger.queueSettings(),
    set: async ({ perAgent }) => assent.ledger.setQueueSettings({ perAgent: wholeNumber("perAgent", perAgent) }),
  };
  return self;
}

async function claimNext(
  assent: Assent,
  { page }: Pick<Queue, "page">,
  { by, leaseMs = LEASE_MS, ...options }: Parameters<Queue["claimNext"]>[0],
): Promise<QueueItem | null> {
  const who = requirePrincipal(by, assent.authenticators);
  const { id, roles, groups = [] } = who;
  const reviewer = await assent.reviewers.get(id);
  const own = { for: { roles, groups, person: id }, notVotedBy: id };
  let cursor = options.cursor ?? null;
  for (let nth = 0; nth < NEXT_PAGES_MAX; nth += 1) {
    const limit = options.limit ?? (nth === 0 ? NEXT_LIMIT : LIMIT_MAX);
    const { items, next }: QueuePage = await page({ ...options, ...own, limit, cursor });
    for (const item of items) {
      if ((item.claim !== null && item.claim.by !== id) || isPlainlyNotTheirs(assent, item, who)) continue;
      const held = await assent.ledger.review(item.id);
      if (held === null || whyNotTheirs(assent, held, { by: recordOf(who), reviewer }) !== null) continue;
      const at = assent.clock.now().toISOString();
      const result = await assent.ledger.handle({
        reviewId: item.id,
        handling: { what: "claim", leaseMs },
        by: id,
        at,
      });
      // Somebody else may have been quicker, or it may be decided.
      if (result.ok) return result.item;
    }
    if (next === null) return null;
    cursor = next;
  }
  return null;
}

/**
 * Refuses to let somebody keep a review from others who may not, or no more, decide on it.
 *
 * @throws AssentError `principal_unverified`, `review_unknown`, `not_allowed`.
 */
async function requireSay(assent: Assent, reviewId: string, principal: Principal): Promise<void> {
  const by = recordOf(requirePrincipal(principal, assent.authenticators));
  const held = await assent.ledger.review(reviewId);
  // What is not open any more, the ledger refuses.
  const isOpen = held?.review.status === "open";
  const why = isOpen ? whyNotTheirs(assent, held, { by, reviewer: await assent.reviewers.get(by.id) }) : null;
  if (why === null) return;
  throw new AssentError("not_allowed", {
    what: `It is kept for those who decide on it: ${why}`,
    where: `review ${reviewId}`,
    seen: by.id,
    fix: "Leave it to somebody who may",
  });
}

function handled(result: HandleResult, reviewId: string): QueueItem {
  if (result.ok) return result.item;
  const where = `review ${reviewId}`;
  if (result.why === "unknown") {
    throw new AssentError("review_unknown", { what: "No open review has this id", where, seen: reviewId });
  }
  throw new AssentError("review_claimed", {
    what:
      result.why === "claimed" ? `${result.item?.claim?.by} looks at it` : `It is ${result.item?.assignee}'s by now`,
    where,
    seen: result.item?.claim ?? result.item?.assignee ?? null,
    fix: "Take another one, or ask them to release it",
  });
}

function wholeNumber(where: string, value: unknown, most = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= most) return value as number;
  const up = most === Number.MAX_SAFE_INTEGER ? "" : ` and ${most} at most`;
  throw new AssentError("query_invalid", { what: `This is a whole number, 1 at least${up}`, where, seen: value });
}

function moment(value: Date | string): string {
  const at = new Date(value);
  if (!Number.isNaN(at.getTime())) return at.toISOString();
  throw new AssentError("query_invalid", { what: "This is no moment", where: "until", seen: value });
}
