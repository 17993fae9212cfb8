import type { Case } from "../../model/case.js";
import type { Permit } from "../../model/permit.js";
import type { Review } from "../../model/review.js";
import { isDue } from "../deciding.js";
import type { ReviewFilter } from "../ledger.js";
import { view, type Entry } from "./entry.js";

/** One review, with what is kept of its proposal. */
export function findReview(entries: Iterable<Entry>, reviewId: string): { entry: Entry; review: Review } | undefined {
  for (const entry of entries) {
    for (const review of entry.reviews.values()) if (review.id === reviewId) return { entry, review };
  }
  return undefined;
}

/** One permit. */
export function findPermit(entries: Iterable<Entry>, permitId: string): Permit | undefined {
  for (const { permits } of entries) for (const permit of permits.values()) if (permit.id === permitId) return permit;
  return undefined;
}

/** How many reviews of a thread are open. */
export function openOnThread(entries: Iterable<Entry>, threadId: string): number {
  let open = 0;
  for (const { proposal, reviews } of entries) {
    if (proposal.threadId === threadId && reviews.get(proposal.round)?.status === "open") open += 1;
  }
  return open;
}

/** Reviews that fit a filter, oldest first, as copies. */
export function reviewsOf(
  entries: Iterable<Entry>,
  { status, threadId, limit, after }: ReviewFilter,
): { review: Review; case: Case }[] {
  const place = (review: Pick<Review, "askedAt" | "id">): string => `${review.askedAt} ${review.id}`;
  return everyReview(entries)
    .filter(({ review }) => status === undefined || review.status === status)
    .filter(({ entry }) => threadId === undefined || entry.proposal.threadId === threadId)
    .filter(({ review }) => after === undefined || place(review) > place(after))
    .toSorted((a, b) => (place(a.review) < place(b.review) ? -1 : 1))
    .slice(0, limit)
    .map(({ entry, review }) => ({ review: structuredClone(review), case: view(entry) }));
}

/** Open reviews of current rounds whose deadline has passed, the most overdue first. */
export function dueReviews(entries: Iterable<Entry>, now: string, limit: number): { review: Review; case: Case }[] {
  const place = ({ deadlineAt, id }: Review): string => `${deadlineAt} ${id}`;
  return everyReview(entries)
    .filter(({ entry: { proposal }, review }) => proposal.state === "open" && proposal.round === review.round)
    .filter(({ review }) => isDue(review, now))
    .toSorted((a, b) => (place(a.review) < place(b.review) ? -1 : 1))
    .slice(0, limit)
    .map(({ entry, review }) => ({ review: structuredClone(review), case: view(entry) }));
}

function everyReview(entries: Iterable<Entry>): { entry: Entry; review: Review }[] {
  return [...entries].flatMap((entry) => [...entry.reviews.values()].map((review) => ({ entry, review })));
}

/** Orders proposals by when they were made. */
export function byAge(a: Entry, b: Entry): number {
  const place = ({ proposal }: Entry): string => `${proposal.proposedAt} ${proposal.id}`;
  return place(a) < place(b) ? -1 : 1;
}

/** Orders proposals by their ids. */
export function byId(a: Entry, b: Entry): number {
  return a.proposal.id < b.proposal.id ? -1 : 1;
}
