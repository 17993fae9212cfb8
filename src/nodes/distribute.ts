import { isMeant } from "../authority/allowed.js";
import { excludedFrom } from "../authority/segregation.js";
import type { Load, QueueItem } from "../ledger/queueing.js";
import { AssentError } from "../model/error.js";
import { isAway, type Reviewer } from "../model/reviewer.js";
import type { Assent } from "./assent.js";

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

/** Shares out what is nobody's, and what is whose assignee is not there; see `assent.queue`. */
export async function distribute(
  assent: Assent,
  { strategy = "least-loaded", perReviewer = 50, limit = 500 }: DistributeOptions = {},
): Promise<Distribution[]> {
  if (strategy === "any") return [];
  const staff = new Staff(await assent.reviewers.list(), await assent.ledger.loads(), { strategy, perReviewer });
  const done: Distribution[] = [];
  for (const item of [...(await leftBehind(assent, staff, limit)), ...(await nobodys(assent, limit))].slice(0, limit)) {
    const now = assent.clock.now().toISOString();
    const assignee = staff.choose(item, excludedOf(assent, item), now);
    if (assignee === item.assignee) continue;
    const handling = { what: "assign", to: assignee, from: item.assignee } as const;
    const result = await assent.ledger.handle({ reviewId: item.id, handling, by: BY, at: now });
    // Another process may have been quicker, or somebody has decided.
    if (!result.ok) continue;
    staff.gave(assignee, now);
    done.push({ reviewId: item.id, assignee, from: item.assignee });
  }
  return done;
}

/**
 * Refuses to make a review somebody's who may not decide on it.
 *
 * @throws AssentError `review_unknown`, `not_allowed`.
 */
export async function requireEntitled(assent: Assent, reviewId: string, to: string): Promise<void> {
  const item = await assent.ledger.queueItem(reviewId);
  if (item === null) {
    throw new AssentError("review_unknown", { what: "No open review has this id", where: "reviewId", seen: reviewId });
  }
  const why = whyNotFor(await assent.reviewers.get(to), item, {
    excluded: excludedOf(assent, item),
    now: assent.clock.now().toISOString(),
  });
  if (why === null) return;
  throw new AssentError("not_allowed", { what: `It cannot be ${to}'s: ${why}`, where: `review ${reviewId}`, seen: to });
}

/** Why a review cannot be somebody's; null if it can. */
function whyNotFor(
  reviewer: Reviewer | null,
  { asks }: QueueItem,
  { excluded, now }: { excluded: readonly string[]; now: string },
): string | null {
  if (reviewer === null || !reviewer.active) return "no such reviewer decides";
  if (isAway(reviewer, now)) return `they are away until ${reviewer.away?.until}`;
  if (excluded.includes(reviewer.id)) return "they had a part in it";
  return asks.length === 0 || asks.some((selector) => isMeant(selector, reviewer)) ? null : "it asks for others";
}

function excludedOf({ authority }: Assent, { agent, requestedBy, keptFrom }: QueueItem): string[] {
  return [...keptFrom, ...excludedFrom(authority, { proposal: { agent, requestedBy } }, undefined)];
}

async function nobodys({ ledger }: Assent, limit: number): Promise<QueueItem[]> {
  return (await ledger.queue({ filter: { assignee: null }, order: "oldest", limit })).items;
}

/** What belongs to people who are not there. */
async function leftBehind({ ledger, clock }: Assent, staff: Staff, limit: number): Promise<QueueItem[]> {
  const items: QueueItem[] = [];
  for (const assignee of staff.gone(clock.now().toISOString())) {
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

  /** Whose a review is to be: the stand-in of whoever has it and is away; else whose turn it is; nobody's if nobody can. */
  choose(item: QueueItem, excluded: readonly string[], now: string): string | null {
    const can = (id: string): boolean => {
      const has = this.#shares.get(id)?.open ?? 0;
      return has < this.#perReviewer && whyNotFor(this.#reviewers.get(id) ?? null, item, { excluded, now }) === null;
    };
    const standIn = this.#reviewers.get(item.assignee ?? "")?.away?.to ?? null;
    if (standIn !== null && can(standIn)) return standIn;
    const able = [...this.#reviewers.keys()].filter(can);
    return able.toSorted((a, b) => (this.#isBefore(a, b) ? -1 : 1))[0] ?? null;
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
