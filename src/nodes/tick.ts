import type { Case } from "../model/case.js";
import type { Outcome } from "../model/outcome.js";
import type { Fallback } from "../model/requirement.js";
import type { Review } from "../model/review.js";
import type { Assent } from "./assent.js";
import { nextStep, nobodyDecided, outcomeBase } from "./deciding.js";

/** One deadline that has passed. */
export interface Expired {
  reviewId: string;
  proposalId: string;
  threadId: string;
  /** What took the place of a decision. */
  otherwise: Fallback;
}

/** How many deadlines are brought to their end in one go. */
const PAGE = 200;

/**
 * Lets every deadline that has passed have its effect: see the table at `Review`. Whether one has passed is told by the
 * ledger's clock, in the transaction that acts on it, so any number of processes may do this at once, at any time.
 *
 * If we die in here, each deadline has either had its effect or not; the next call goes on.
 */
export async function tick(assent: Assent): Promise<Expired[]> {
  const expired: Expired[] = [];
  for (;;) {
    const due = await assent.ledger.due({ limit: PAGE });
    for (const item of due) expired.push((await letPass(assent, item)).expired);
    if (due.length < PAGE) return expired;
  }
}

/** What became of one review's deadline; `early`: it has not passed by the ledger's clock. */
export type DeadlineEnd =
  | { kind: "expired"; expired: Expired }
  | { kind: "early"; deadlineAt: string }
  | { kind: "none" };

/** The same for one review; nothing happens if it has no deadline any more, or its deadline has not passed. */
export async function expireReview(assent: Assent, reviewId: string): Promise<DeadlineEnd> {
  const item = await assent.ledger.review(reviewId);
  if (item === null || item.review.status !== "open" || item.review.deadlineAt === null) return { kind: "none" };
  const { version, deadlineAt } = item.review;
  const { expired, after } = await letPass(assent, item);
  const isAsBefore = after?.id === reviewId && after.status === "open" && after.version === version;
  return isAsBefore ? { kind: "early", deadlineAt } : { kind: "expired", expired };
}

/** Gives also the case's review as it is then. */
async function letPass(
  { ledger, clock }: Assent,
  { review, case: held }: Item,
): Promise<{ expired: Expired; after: Review | null }> {
  const at = clock.now().toISOString();
  const outcome = expiry(review, held, at);
  const now = await ledger.expire({ reviewId: review.id, outcome, next: nextStep(review, held), at });
  const { id: proposalId, threadId } = held.proposal;
  const expired = { reviewId: review.id, proposalId, threadId, otherwise: review.otherwise };
  return { expired, after: now.review };
}

interface Item {
  review: Review;
  case: Case;
}

function expiry({ deadlineAt }: Review, held: Case, at: string): Outcome {
  const reason = `Nobody decided until ${deadlineAt ?? at}`;
  return { ...outcomeBase(held, at, nobodyDecided(held)), status: "expired", reason };
}
