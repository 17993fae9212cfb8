import { inWords, isMeant, whyNotAllowed } from "../authority/allowed.js";
import { NO_AUTHORITY } from "../authority/authority.js";
import { excludedFrom, whyNotSeparate } from "../authority/segregation.js";
import { needsSeats, panelsOf } from "../authority/votes.js";
import { castOn, isSamePerson, votesOn } from "../authority/votes-on.js";
import type { Decision } from "../model/decision.js";
import type { Panel, Requirement } from "../model/requirement.js";
import { isAway } from "../model/reviewer.js";
import type { HeldReview } from "./deciding.js";
import type { DecideRequest } from "./ledger.js";

/** What somebody says on a review, or would say. */
export type Saying = Pick<DecideRequest, "authority" | "next"> & { decision: Pick<Decision, "by" | "verdict"> };

/**
 * Why somebody has no say of this kind in a review; null if they have one: whom the policy does not ask for, or excludes;
 * who has voted; who has no seat where seats are counted; whose part in the case keeps them from letting it run. How much
 * they may let run is another matter: who may not may still hand it on.
 */
export function whyNoSay(said: Saying, held: Pick<HeldReview, "review" | "case" | "reviewer" | "now">): string | null {
  const { decision, authority = NO_AUTHORITY } = said;
  const { by, verdict } = decision;
  const notAllowed = whyNotAllowed(held.case.round.routing?.requires, held.review.step, decision);
  if (notAllowed !== null) return notAllowed;
  if (isVote(decision) && castOn(held.case).some((vote) => isSamePerson(vote.by, by))) {
    return `${by.name} has voted on this`;
  }
  const noSeat = whyNoSeat(said, held);
  if (noSeat !== null) return noSeat;
  return verdict === "approve" || verdict === "modify" ? whyNotSeparate(authority, by, held.case, verdict) : null;
}

/**
 * Where seats are counted, only those vote who have one, once for each seat: else a majority would be less than one. A
 * modification is its author's vote on the round that it makes.
 */
function whyNoSeat(
  request: Saying,
  { review, case: held, reviewer, now }: Pick<HeldReview, "review" | "case" | "reviewer" | "now">,
): string | null {
  const { by } = request.decision;
  const { requires, panels } = seatTaken(request, { review, case: held });
  if (panels.length === 0) return null;
  if (reviewer === null || !reviewer.active) {
    return `${by.name} is not registered as a reviewer who decides, so has no seat among those who are asked`;
  }
  if (isAway(reviewer, now)) return `${by.name} is out of office, so has no seat among those who are asked`;
  if (excludedFrom(request.authority ?? NO_AUTHORITY, held, requires).includes(by.id)) {
    return `${by.name} had a part in this, so has no seat among those who are asked`;
  }
  const elsewhere = panels.find((panel) => isOn(panel, by) && !isOn(panel, reviewer));
  if (elsewhere !== undefined) {
    return `${by.name} is not registered as one of ${inWords(elsewhere.by)}, so has no seat among them`;
  }
  const isTaken = votesOn(held).some((vote) => vote.by.id === by.id && !isSamePerson(vote.by, by));
  return isVote(request.decision) && isTaken ? `Somebody else who is called ${by.id} has the seat of ${by.name}` : null;
}

/** The panels in which what somebody says takes a seat, and what the policy asks for there; none where seats do not count. */
export function seatTaken(
  { decision, next }: Saying,
  { review, case: held }: Pick<HeldReview, "review" | "case">,
): { requires: Requirement | undefined; panels: Panel[] } {
  const isMade = decision.verdict === "modify" && next !== undefined;
  const { requires } = (isMade ? next.round : held.round).routing ?? {};
  const panels = isMade || isVote(decision) ? panelsOf(requires, isMade ? 0 : review.step) : [];
  return { requires, panels: panels.filter(needsSeats) };
}

function isOn({ by }: Panel, who: Parameters<typeof isMeant>[1]): boolean {
  return by.length === 0 || by.some((selector) => isMeant(selector, who));
}

/** Whether somebody votes with what they say. */
export function isVote({ verdict }: Pick<Decision, "verdict">): boolean {
  return verdict === "approve" || verdict === "reject" || verdict === "abstain";
}
