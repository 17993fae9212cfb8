import { policy, type Assent, type Case, type Decided, type DecideOptions, type Ledger } from "assent";
import { testAuthenticator, testKeys } from "assent/testing";
import { followUpId, type FollowUpKind } from "../../src/model/follow-up.js";
import { gated, type GatedOptions } from "../support/payments.js";

export const people = testAuthenticator();
export const ana = await people.authenticate({ id: "ana" });
export const bo = await people.authenticate({ id: "bo", roles: ["auditor"] });
const keys = testKeys();

export const flagAlways = policy({ default: { route: "flag" } });

/** A gate in verified trust, whose payments are followed up. */
export function afterGate(ledger: Ledger, options: GatedOptions = {}) {
  return gated({ trust: "verified", authenticators: [people], keys, ledger, ...options });
}

/** What follows on a case, if anything does. */
export function following({ ledger }: Assent, proposalId: string, kind: FollowUpKind): Promise<Case | null> {
  return ledger.read(followUpId(kind, proposalId));
}

/** Decides on a case's open review. */
export function decideOn(
  assent: Assent,
  held: Case,
  by: DecideOptions["by"],
  said: Omit<DecideOptions, "by" | "digest">,
): Promise<Decided> {
  const { review } = held;
  if (review === null) throw new Error(`nobody is asked about ${held.proposal.id}`);
  return assent.reviews.decide(review.id, { by, digest: review.digest, ...said });
}

/** What somebody found of an effect in doubt. */
export function found(happened: "executed" | "failed" | "again", evidence = "the bank's statement of today") {
  return { decision: "answer", answer: { happened, evidence } } as const;
}
