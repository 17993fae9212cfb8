import { AssentError } from "../model/error.js";

/** The error for an id that the ledger does not hold. */
export function unknownProposal(proposalId: string): AssentError {
  return new AssentError("proposal_unknown", {
    what: "The ledger holds no such proposal",
    seen: proposalId,
    fix: "Check that the process uses the ledger, and the schema, that the proposal was made in",
  });
}

/** The error for a review that the ledger does not hold. */
export function unknownReview(reviewId: string): AssentError {
  return new AssentError("review_unknown", { what: "There is no such review", where: "reviewId", seen: reviewId });
}
