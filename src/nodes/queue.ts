import { requirePrincipal, type Principal } from "../authority/authenticator.js";
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
   * Says that somebody looks at a review, so that nobody else need: for 15 minutes unless said. Again by the same person,
   * it holds from now on.
   *
   * @throws AssentError `review_unknown`, `review_claimed`, `principal_unverified`.
   */
  claim(reviewId: string, options: HandlingOptions & { leaseMs?: number }): Promise<QueueItem>;
  /** Claims the first review in the order of a page that asks for this principal; null if there is none. */
  claimNext(options: HandlingOptions & PageOptions & { leaseMs?: number }): Promise<QueueItem | null>;
  /** Looks at it no more. Throws as `claim` does. */
  release(reviewId: string, options: HandlingOptions): Promise<QueueItem>;
  /**
   * Puts it aside until a moment. Its deadline stays.
   *
   * @throws AssentError as `claim` does, `query_invalid` for a moment that is none.
   */
  snooze(reviewId: string, options: HandlingOptions & { until: Date | string }): Promise<QueueItem>;
  /**
   * Makes it somebody's to decide before others, or with null nobody's. It has to be somebody who is registered, there, asked
   * for, and not kept from it.
   *
   * @throws AssentError as `claim` does, `not_allowed`.
   */
  assign(reviewId: string, options: HandlingOptions & { to: string | null }): Promise<QueueItem>;
  /**
   * Gives everybody who is there their share of what is nobody's, and of what is whose assignee has gone away: first to
   * their stand-in. Nobody gets what they are not asked for, or are kept from. Any number of processes may do this at once.
   */
  distribute(options?: DistributeOptions): Promise<Distribution[]>;
  /**
   * Decides on several reviews in the same words, one after the other, with a result for each: for what is of one kind,
   * action, gate and rules, and of low risk. What is not, is refused by itself.
   *
   * @throws AssentError `principal_unverified`; everything else is in the results.
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
    claim: async (reviewId, { leaseMs = LEASE_MS, ...options }) =>
      handle(reviewId, { what: "claim", leaseMs: wholeNumber("leaseMs", leaseMs) }, options),
    async claimNext({ by, leaseMs = LEASE_MS, ...options }) {
      const { id, roles, groups = [] } = requirePrincipal(by, assent.authenticators);
      const own = { for: { roles, groups, person: id }, notOf: id };
      for (let cursor: string | null = null; ;) {
        const { items, next }: QueuePage = await self.page({ ...options, ...own, cursor });
        for (const item of items.filter(({ claim }) => claim === null || claim.by === id)) {
          const at = assent.clock.now().toISOString();
          const handling = { what: "claim", leaseMs: wholeNumber("leaseMs", leaseMs) } as const;
          const result = await assent.ledger.handle({ reviewId: item.id, handling, by: id, at });
          // Somebody else may have been quicker, or it may be decided.
          if (result.ok) return result.item;
        }
        if (next === null) return null;
        cursor = next;
      }
    },
    release: (reviewId, options) => handle(reviewId, { what: "release" }, options),
    snooze: async (reviewId, { until, ...options }) =>
      handle(reviewId, { what: "snooze", until: moment(until) }, options),
    async assign(reviewId, { to, ...options }) {
      if (to !== null) await requireEntitled(assent, reviewId, to);
      return handle(reviewId, { what: "assign", to }, options);
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
