import { whyNotSeparate } from "../authority/segregation.js";
import { whyNoSay } from "../ledger/saying.js";
import type { QueueItem } from "../ledger/queueing.js";
import type { Verdict } from "../model/decision.js";
import type { PrincipalRecord } from "../model/principal.js";
import type { Requirement } from "../model/requirement.js";
import { verdictsFor, type ReviewKind } from "../model/review.js";
import type { Reviewer } from "../model/reviewer.js";
import type { Assent } from "./assent.js";
import type { ReviewItem } from "./reviews.js";

/** Somebody who may have a say, and what is known of them. */
export interface Sayer {
  by: PrincipalRecord;
  reviewer: Reviewer | null;
}

/**
 * Why a review is not for somebody: they may not, or no more, say what it waits for. Null if they may. It is what a decision
 * of theirs is judged by, without the amount: who may not let so much run may still hand it on.
 */
export function whyNotTheirs(
  { authority, clock }: Assent,
  { review, case: held }: ReviewItem,
  who: Sayer,
): string | null {
  const { by, reviewer } = who;
  const verdict = verdictAsked(review.kind, held.round.routing?.requires);
  const now = clock.now().toISOString();
  return whyNoSay({ decision: { by, verdict }, authority }, { review, case: held, reviewer, now });
}

/** Whether a look at the queue is enough to see that a review is not for somebody. */
export function isPlainlyNotTheirs({ authority }: Assent, item: QueueItem, who: { id: string; name: string }): boolean {
  const { agent, requestedBy, keptFrom, kind } = item;
  if (requestedBy !== who.id && keptFrom.includes(who.id)) return true;
  const verdict = verdictAsked(kind, undefined);
  return (
    verdict === "approve" && whyNotSeparate(authority, who, { proposal: { agent, requestedBy } }, verdict) !== null
  );
}

/** Somebody of the register as a decision of theirs would name them. */
export function sayerOf(reviewer: Reviewer): Sayer {
  const { id, name, roles, groups } = reviewer;
  // Who vouches for them is not in the register, and an id is one person whoever does.
  return { by: { kind: "person", id, name, roles, groups, authenticator: "reviewers", level: "system" }, reviewer };
}

/** What a review of a kind waits for: that somebody lets it run, or that they answer. */
function verdictAsked(kind: ReviewKind, requires: Requirement | undefined): Verdict {
  return verdictsFor(kind, requires, { step: 0, round: 1 }).includes("approve") ? "approve" : "answer";
}
