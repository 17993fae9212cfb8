import type { Case } from "../model/case.js";
import type { Outcome } from "../model/outcome.js";
import type { Fallback } from "../model/requirement.js";
import type { Review } from "../model/review.js";
import type { Assent } from "./assent.js";
import { nextStep, outcomeBase } from "./deciding.js";

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
export async function tick({ ledger, clock }: Assent): Promise<Expired[]> {
  const expired: Expired[] = [];
  for (;;) {
    const due = await ledger.due({ limit: PAGE });
    for (const { review, case: held } of due) {
      const at = clock.now().toISOString();
      await ledger.expire({ reviewId: review.id, outcome: expiry(review, held, at), next: nextStep(review, held), at });
      const { id: proposalId, threadId } = held.proposal;
      expired.push({ reviewId: review.id, proposalId, threadId, otherwise: review.otherwise });
    }
    if (due.length < PAGE) return expired;
  }
}

function expiry({ deadlineAt }: Review, held: Case, at: string): Outcome {
  const reason = `Nobody decided until ${deadlineAt ?? at}`;
  return { ...outcomeBase(held, at), status: "expired", reason };
}
