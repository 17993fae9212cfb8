import { inWords, whyNotAllowed } from "../authority/allowed.js";
import { NO_AUTHORITY } from "../authority/authority.js";
import { excludedFrom, whyNotSeparate } from "../authority/segregation.js";
import { namesSeats } from "../authority/statement.js";
import { isOn, needsSeats, panelsOf } from "../authority/votes.js";
import { readable, type Decision } from "../model/decision.js";
import type { Panel, Requirement } from "../model/requirement.js";
import { isAway } from "../model/reviewer.js";
import type { HeldReview } from "./deciding.js";
import type { DecideRequest } from "./ledger.js";

/** What somebody says on a review, or would say. */
export type Saying = Pick<DecideRequest, "authority" | "next"> & { decision: Pick<Decision, "by" | "verdict"> };

/** What it hangs on whether somebody has a say. Where nobody knows the seats of now, who has voted has none. */
type Held = Pick<HeldReview, "review" | "case" | "reviewer" | "now"> & Partial<Pick<HeldReview, "seats">>;

/**
 * Why somebody has no say of this kind in a review; null if they have one: whom the policy does not ask for, or excludes;
 * who has voted; who has no seat where seats are counted; whose part in the case keeps them from letting it run. How much
 * they may let run is another matter: who may not may still hand it on.
 */
export function whyNoSay(said: Saying, held: Held): string | null {
  const { decision, authority = NO_AUTHORITY } = said;
  const { by, verdict } = decision;
  const notAllowed = whyNotAllowed(held.case.round.routing?.requires, held.review.step, decision);
  if (notAllowed !== null) return notAllowed;
  if (isVote(decision) && hasVoted(decision, held)) return `${by.name} has voted on this`;
  const noSeat = whyNoSeat(said, held);
  if (noSeat !== null) return noSeat;
  return verdict === "approve" || verdict === "modify" ? whyNotSeparate(authority, by, held.case, verdict) : null;
}

/**
 * Whether somebody has voted on a round. Who has says the same again where there are other seats than the vote names: that
 * is no second vote, but names the seats of now, where all have voted and some have left since.
 */
function hasVoted({ by, verdict }: Saying["decision"], held: Held): boolean {
  const { decisions, round } = held.case;
  const last = readable(decisions).findLast(
    (made) => isVote(made) && made.round === round.round && made.by.id === by.id,
  );
  if (last === undefined) return false;
  return last.verdict !== verdict || !isOfOtherSeats(last, held);
}

/** Whether a vote names other seats than there are, where they matter: its statement is what is signed. */
export function isOfOtherSeats(
  decision: Decision,
  { review, case: held, seats }: Pick<Held, "review" | "case" | "seats">,
): boolean {
  const panels = panelsOf(held.round.routing?.requires, review.step);
  if (seats === undefined || !isVote(decision) || !panels.some(needsSeats)) return false;
  return !namesSeats(
    decision.statement,
    panels.map(({ by }, index) => ({ by: [...by], of: seats[index] ?? 0 })),
  );
}

/**
 * Where seats are counted, only those vote who have one, once for each seat: else a majority would be less than one. A
 * modification is its author's vote on the round that it makes.
 */
function whyNoSeat(request: Saying, { review, case: held, reviewer, now }: Held): string | null {
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
  return elsewhere === undefined
    ? null
    : `${by.name} is not registered as one of ${inWords(elsewhere.by)}, so has no seat among them`;
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

/** Whether somebody votes with what they say. */
export function isVote({ verdict }: Pick<Decision, "verdict">): boolean {
  return verdict === "approve" || verdict === "reject" || verdict === "abstain";
}
