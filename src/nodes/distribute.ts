import { isMeant } from "../authority/allowed.js";
import type { Load, QueueItem, QueuePage } from "../ledger/queueing.js";
import { AssentError } from "../model/error.js";
import { isAway, type Reviewer } from "../model/reviewer.js";
import type { Assent } from "./assent.js";
import { isPlainlyNotTheirs, sayerOf, whyNotTheirs } from "./having-a-say.js";

/**
 * Whose turn it is. `any`: nobody's in particular. `round-robin`: whoever got one the longest ago. `least-loaded`: whoever has
 * the fewest.
 */
export type DistributionStrategy = "any" | "round-robin" | "least-loaded";

/** How reviews are shared out. */
export interface DistributeOptions {
  /** `least-loaded` unless said. */
  strategy?: DistributionStrategy;
  /** How many open reviews one reviewer has at most; 50 unless said. */
  perReviewer?: number;
  /** How many are shared out at most; 500 unless said. */
  limit?: number;
}

/** What became of one review. */
export interface Distribution {
  reviewId: string;
  /** Whose it is now; null for nobody's. */
  assignee: string | null;
  /** Whose it was. */
  from: string | null;
}

/** Who shares out, in the log. */
const BY = "assent";

/** How many a look at what is nobody's brings, and how many looks there are at most. */
const PAGE = 500;
const PAGES_MAX = 10;

/** Shares out what is nobody's, and what is whose assignee is not there; see `assent.queue`. */
export async function distribute(
  assent: Assent,
  { strategy = "least-loaded", perReviewer = 50, limit = 500 }: DistributeOptions = {},
): Promise<Distribution[]> {
  if (strategy === "any") return [];
  const staff = new Staff(await assent.reviewers.list(), await assent.ledger.loads(), { strategy, perReviewer });
  const done: Distribution[] = [];
  const share = async (items: readonly QueueItem[]): Promise<void> => {
    for (const item of items) {
      if (done.length >= limit) return;
      const shared = await shareOut(assent, staff, item);
      if (shared !== null) done.push(shared);
    }
  };
  await share(await leftBehind(assent, staff, limit));
  // What nobody can take keeps nobody from what comes after it.
  for (let cursor: string | null = null, pages = 0; pages < PAGES_MAX; pages += 1) {
    if (done.length >= limit || !staff.hasRoom(assent.clock.now().toISOString())) return done;
    const page: QueuePage = await assent.ledger.queue({
      filter: { assignee: null },
      order: "oldest",
      limit: PAGE,
      cursor,
    });
    await share(page.items);
    if (page.next === null) return done;
    cursor = page.next;
  }
  return done;
}

/** Gives one review to whoever's turn it is; null if it stays whose it was. */
async function shareOut(assent: Assent, staff: Staff, item: QueueItem): Promise<Distribution | null> {
  const now = assent.clock.now().toISOString();
  const assignee = await chosen(assent, staff.inTurn(item, now), item);
  if (assignee === item.assignee) return null;
  const handling = { what: "assign", to: assignee, from: item.assignee } as const;
  const result = await assent.ledger.handle({ reviewId: item.id, handling, by: BY, at: now });
  // Another process may have been quicker, or somebody has decided.
  if (!result.ok) return null;
  staff.gave(assignee, now);
  return { reviewId: item.id, assignee, from: item.assignee };
}

/** The first of them who may still say what a review waits for. */
async function chosen(assent: Assent, inTurn: readonly Reviewer[], item: QueueItem): Promise<string | null> {
  const likely = inTurn.filter((reviewer) => !isPlainlyNotTheirs(assent, item, reviewer));
  const held = likely.length === 0 ? null : await assent.ledger.review(item.id);
  if (held === null) return null;
  return likely.find((reviewer) => whyNotTheirs(assent, held, sayerOf(reviewer)) === null)?.id ?? null;
}

/**
 * Refuses to make a review somebody's who may not decide on it.
 *
 * @throws AssentError `review_unknown`, `not_allowed`.
 */
export async function requireEntitled(assent: Assent, reviewId: string, to: string): Promise<void> {
  const [item, held] = [await assent.ledger.queueItem(reviewId), await assent.ledger.review(reviewId)];
  if (item === null || held === null) {
    throw new AssentError("review_unknown", { what: "No open review has this id", where: "reviewId", seen: reviewId });
  }
  const reviewer = await assent.reviewers.get(to);
  const absent = whyNotThere(reviewer, assent.clock.now().toISOString());
  const why = absent ?? (reviewer === null ? null : whyNotTheirs(assent, held, sayerOf(reviewer)));
  if (why === null) return;
  throw new AssentError("not_allowed", { what: `It cannot be ${to}'s: ${why}`, where: `review ${reviewId}`, seen: to });
}

/** Why somebody decides nothing now; null if they are there. */
function whyNotThere(reviewer: Reviewer | null, now: string): string | null {
  if (reviewer === null || !reviewer.active) return "no such reviewer decides";
  return isAway(reviewer, now) ? `they are away until ${reviewer.away?.until}` : null;
}

/** What belongs to people who are not there. */
async function leftBehind({ ledger, clock }: Assent, staff: Staff, limit: number): Promise<QueueItem[]> {
  const items: QueueItem[] = [];
  for (const assignee of staff.gone(clock.now().toISOString())) {
    if (items.length >= limit) break;
    items.push(...(await ledger.queue({ filter: { assignee }, order: "oldest", limit })).items);
  }
  return items;
}

interface Share {
  open: number;
  lastAt: string;
}

/** Everybody who decides, with what is theirs. */
class Staff {
  readonly #reviewers: ReadonlyMap<string, Reviewer>;
  readonly #shares: Map<string, Share>;
  readonly #strategy: DistributionStrategy;
  readonly #perReviewer: number;

  constructor(
    reviewers: readonly Reviewer[],
    loads: readonly Load[],
    { strategy, perReviewer }: { strategy: DistributionStrategy; perReviewer: number },
  ) {
    this.#reviewers = new Map(reviewers.map((reviewer) => [reviewer.id, reviewer]));
    this.#shares = new Map(loads.map(({ id, open, lastAt }) => [id, { open, lastAt }]));
    this.#strategy = strategy;
    this.#perReviewer = perReviewer;
  }

  /** Those who have something and are not there. */
  gone(now: string): string[] {
    return [...this.#shares.keys()].filter((id) => {
      const reviewer = this.#reviewers.get(id);
      return reviewer === undefined || !reviewer.active || isAway(reviewer, now);
    });
  }

  /**
   * Those who are there, have room and are asked for, in the order of whose turn it is; first of all the stand-in of whoever
   * has it and is away.
   */
  inTurn({ assignee, asks }: QueueItem, now: string): Reviewer[] {
    const able = [...this.#reviewers.values()].filter((reviewer) => {
      const isAsked = asks.length === 0 || asks.some((selector) => isMeant(selector, reviewer));
      return isAsked && this.#isFree(reviewer, now);
    });
    const standIn = this.#reviewers.get(assignee ?? "")?.away?.to ?? null;
    return able.toSorted((a, b) => {
      if ((a.id === standIn) !== (b.id === standIn)) return a.id === standIn ? -1 : 1;
      return this.#isBefore(a.id, b.id) ? -1 : 1;
    });
  }

  /** Whether anybody could get another one. */
  hasRoom(now: string): boolean {
    return [...this.#reviewers.values()].some((reviewer) => this.#isFree(reviewer, now));
  }

  #isFree(reviewer: Reviewer, now: string): boolean {
    return whyNotThere(reviewer, now) === null && (this.#shares.get(reviewer.id)?.open ?? 0) < this.#perReviewer;
  }

  /** Notes that somebody got one. */
  gave(id: string | null, at: string): void {
    if (id !== null) this.#shares.set(id, { open: (this.#shares.get(id)?.open ?? 0) + 1, lastAt: at });
  }

  #isBefore(a: string, b: string): boolean {
    const [one, other] = [a, b].map((id) => this.#shares.get(id) ?? { open: 0, lastAt: "" }) as [Share, Share];
    if (this.#strategy === "least-loaded" && one.open !== other.open) return one.open < other.open;
    return one.lastAt === other.lastAt ? a < b : one.lastAt < other.lastAt;
  }
}
