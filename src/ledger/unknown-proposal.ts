import { AssentError } from "../model/error.js";

/** The error for an id that the ledger does not hold. */
export function unknownProposal(proposalId: string): AssentError {
  return new AssentError("proposal_unknown", {
    what: "The ledger holds no such proposal",
    seen: proposalId,
    fix: "Check that the process uses the ledger, and the schema, that the proposal was made in",
  });
}
