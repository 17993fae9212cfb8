import type { Case } from "../model/case.js";
import type { Permit } from "../model/permit.js";
import type { ClaimRequest } from "./ledger.js";

/** Whether the claim that is asked for is already the asker's: the same call, repeated after a lost answer. */
export function holdsClaim(request: ClaimRequest, { proposal, permit }: Case, lapsed: boolean): boolean {
  return (
    permit?.state === "claimed" &&
    permit.owner === request.owner &&
    permit.round === request.round &&
    permit.argsDigest === request.argsDigest &&
    !lapsed &&
    proposal.threadId === request.threadId &&
    proposal.state === "open"
  );
}

/** Whether a permit's claim has run out by `now`. */
export function hasLapsed(permit: Permit | undefined, now: string): boolean {
  return permit?.state === "claimed" && (permit.leaseUntil ?? "") <= now;
}
