import type { Proposal } from "../model/proposal.js";
import type { Review } from "../model/review.js";
import type { WithdrawRequest } from "./ledger.js";

/**
 * Whether a review can be withdrawn, given what the ledger holds under lock: it is open and current, and where its thread
 * was seen not to wait is where it was asked last.
 */
export function canWithdraw(
  { review, proposal }: { review: Review; proposal: Proposal },
  { interruptId }: WithdrawRequest,
): boolean {
  const isCurrent = proposal.state === "open" && proposal.round === review.round;
  return isCurrent && review.status === "open" && review.address.interruptId === interruptId;
}
