import type { Case } from "../model/case.js";
import type { ClaimRequest } from "./ledger.js";

/** Whether the claim that is asked for is already the asker's: the same call, repeated after a lost answer. */
export function holdsClaim(request: ClaimRequest, { proposal, permit }: Case): boolean {
  return (
    permit?.state === "claimed" &&
    permit.owner === request.owner &&
    permit.round === request.round &&
    permit.argsDigest === request.argsDigest &&
    (permit.leaseUntil ?? "") > request.now &&
    proposal.threadId === request.threadId &&
    proposal.state === "open"
  );
}
