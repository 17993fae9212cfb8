import { whyNotAllowed } from "../authority/allowed.js";
import { NO_AUTHORITY, type Authority } from "../authority/authority.js";
import { whyBeyondLimits, whyNotQualified, type LimitQuery, type LimitSubject } from "../authority/limits.js";
import { excludedFrom } from "../authority/segregation.js";
import { firstOfEach, isOn, needsSeats, panelsOf, tally, type Seats, type Vote } from "../authority/votes.js";
import { votesOn } from "../authority/votes-on.js";
import type { Case } from "../model/case.js";
import type { Decision } from "../model/decision.js";
import type { Outcome } from "../model/outcome.js";
import type { Requirement } from "../model/requirement.js";
import type { Review } from "../model/review.js";
import type { Reviewer } from "../model/reviewer.js";
import type { DecideRequest, DecideResult, ExpireRequest } from "./ledger.js";
import type { SeatsRequest } from "./registering.js";
import { isOfOtherSeats, whyNoSay } from "./saying.js";

/** What the ledger holds, under lock, of a review that somebody decides on. */
export interface HeldReview {
  review: Review;
  case: Case;
  openOnThread: number;
  isDue: boolean;
  /** What is known of the decision's author. */
  reviewer: Reviewer | null;
  /** What the decision's author has let run before, as far as {@link limitsOf} asks for it. */
  approvedBefore: (query: LimitQuery) => number;
  /** How many seats each panel has, as far as {@link seatsAsked} asks for it. */
  seats: Seats;
  /** The time by the ledger's clock. */
  now: string;
}

/**
 * What follows from a decision that counts:
 *
 * | verdict | the review | then |
 * | --- | --- | --- |
 * | `approve`, `reject`, `abstain` | `decided` once the votes settle it, `open` until then | approved: a permit of basis `decisions`, or the outcome that the decision brings; refused: the case ends |
 * | `modify`, `answer` | `decided` | the next round; a permit for it if its author alone may let it run |
 * | `revise` | `decided` | the agent drafts anew |
 * | `escalate` | `escalated`: open, for the people of the next step | |
 */
export interface Consequence {
  review: "open" | "decided" | "escalated";
  permit: { round: number; argsDigest: string } | null;
  outcome: Outcome | null;
}

/**
 * Whether a decision counts, given what the ledger holds under lock, and what follows. The rules are the same for every
 * ledger:
 *
 * | what the ledger holds | answer |
 * | --- | --- |
 * | this very decision | repeated: what was recorded |
 * | the review decided, the proposal closed or in a later round | refused: `closed` |
 * | a deadline that has passed, after which it does not wait | refused: `late` |
 * | a routing that asks for other people than the decision's author, or an authority that does not let them | refused: `forbidden` |
 * | a vote of the same person on the same round, unless it says the same when there are other seats than theirs names | refused: `forbidden` |
 * | a vote where seats are counted, or a modification that leads to one, of somebody without a seat | refused: `forbidden` |
 * | another version than the decision saw, or other seats than it names | refused: `changed` |
 * | another digest, round or arguments than the decision quotes | refused: `digest` |
 * | new arguments or an answer that it says nothing of, or an end without an outcome | refused: `digest` |
 * | several open reviews on the thread and an answer that names none | refused: `ambiguous` |
 * | none of these | counts |
 */
export function judgeDecision(
  request: DecideRequest,
  held: HeldReview,
): { counts: true; follows: Consequence } | { counts: false; result: DecideResult } {
  const refuse = (why: (DecideResult & { ok: false })["why"], because?: string) => {
    const result: DecideResult = { ok: false, why, ...(because !== undefined && { because }), case: held.case };
    return { counts: false, result } as const;
  };
  const { review } = held;
  if (held.case.decisions.some((made) => made.id === request.decision.id)) {
    return { counts: false, result: { ok: true, case: held.case, repeated: true } };
  }
  const { state, round } = held.case.proposal;
  if (review.status !== "open" || state !== "open" || review.round !== round) return refuse("closed");
  if (held.isDue && review.otherwise !== "hold") return refuse("late");
  const forbidden = whyForbidden(request, held);
  if (forbidden !== null) return refuse("forbidden", forbidden);
  if (request.version !== undefined && request.version !== review.version) return refuse("changed");
  if (isOfOtherSeats(request.decision, held)) return refuse("changed");
  const follows = consequence(request, held);
  if (request.digest !== review.digest || !isAbout(request.decision, held) || follows === null) return refuse("digest");
  if (request.answered !== undefined && !request.answered.named && held.openOnThread > 1) return refuse("ambiguous");
  return { counts: true, follows };
}

/** Why a decision's author may not say this; null if they may. */
function whyForbidden(request: DecideRequest, seen: HeldReview): string | null {
  const { case: held, reviewer, now, approvedBefore } = seen;
  const { decision, authority = NO_AUTHORITY } = request;
  const { by, verdict } = decision;
  const noSay = whyNoSay(request, seen);
  if (noSay !== null) return noSay;
  if (verdict !== "approve" && verdict !== "modify") return null;
  return (
    whyBeyondLimits(authority, by, subjectOf(request, held), approvedBefore) ??
    whyNotQualified(authority, held.proposal.action, reviewer, now)
  );
}

/** What a decision would let run: the round as it is, or the one that it makes. */
function subjectOf({ next, amount }: DecideRequest, { proposal, round }: Case): LimitSubject {
  const recorded = (next?.round ?? round).facts.amount;
  return { action: proposal.action, amount: amount === undefined ? recorded : (amount ?? undefined) };
}

/** What has to be known of what a decision's author has let run before. */
export function limitsOf(
  request: DecideRequest,
  held: Case,
  queriesFor: (authority: Authority, by: Decision["by"], subject: LimitSubject) => LimitQuery[],
): LimitQuery[] {
  const { verdict, by } = request.decision;
  if (verdict !== "approve" && verdict !== "modify") return [];
  return queriesFor(request.authority ?? NO_AUTHORITY, by, subjectOf(request, held));
}

/** The panels of which it has to be known how many seats they have; null where none depends on that. */
export function seatsAsked(
  authority: Authority | undefined,
  { review, case: held }: Pick<HeldReview, "review" | "case">,
): SeatsRequest | null {
  const { requires } = held.round.routing ?? {};
  const panels = panelsOf(requires, review.step);
  if (!panels.some(needsSeats)) return null;
  const votes = countedOn(held, review);
  return {
    panels: panels.map(({ by }) => by),
    excludes: excludedFrom(authority ?? NO_AUTHORITY, held, requires),
    voted: panels.map((panel) => votes.filter(({ by }) => isOn(panel, by)).map(({ by }) => by.id)),
  };
}

/** The votes that count at a review's step, one for each person: who made this round may be somebody who may not approve it. */
function countedOn(held: Pick<Case, "round" | "decisions">, { step }: Review): Vote[] {
  const { requires } = held.round.routing ?? {};
  const may = votesOn(held).filter(({ by }) => whyNotAllowed(requires, step, { by, verdict: "approve" }) === null);
  return firstOfEach(may);
}

/** What follows; null if nothing would, which would leave the thread nowhere to go. */
function consequence(request: DecideRequest, held: HeldReview): Consequence | null {
  const { decision, next, outcome } = request;
  switch (decision.verdict) {
    case "approve":
    case "reject":
    case "abstain":
      return afterVote(request, held);
    case "modify":
    case "answer":
      if (next === undefined && outcome === null) return null;
      return {
        review: "decided",
        permit:
          outcome === null && next?.permitted === true && letsRunAlone(decision, next.round.routing?.requires)
            ? next.round
            : null,
        outcome,
      };
    case "revise":
      return { review: "decided", permit: null, outcome: null };
    case "escalate":
      // Who says so may have seen an earlier step; after the last one there is nobody to hand it to.
      return request.escalation && held.case.round.routing?.requires?.escalateTo[held.review.step] !== undefined
        ? { review: "escalated", permit: null, outcome: null }
        : null;
    default:
      return decision.verdict satisfies never;
  }
}

function afterVote(request: DecideRequest, { review, case: held, seats }: HeldReview): Consequence | null {
  const { decision, outcome, authority = NO_AUTHORITY } = request;
  const { requires } = held.round.routing ?? {};
  const panels = panelsOf(requires, review.step);
  const votes = countedOn({ ...held, decisions: [...held.decisions, decision] }, review);
  const result = tally(panels, votes, { seats, seniority: authority.source.seniority });
  switch (result) {
    case "pending":
      return { review: "open", permit: null, outcome: null };
    case "approved": {
      const end = decision.verdict === "approve" ? outcome : null;
      return { review: "decided", permit: end === null ? held.round : null, outcome: end };
    }
    case "rejected": {
      const end = decision.verdict === "reject" ? outcome : request.refusal;
      return end ? { review: "decided", permit: null, outcome: end } : null;
    }
    default:
      return result satisfies never;
  }
}

/** Whether the approval of one person is all that is asked for. */
function letsRunAlone({ by }: Decision, requires: Requirement | undefined): boolean {
  const panels = panelsOf(requires, 0);
  const seats = panels.map(() => null);
  return tally(panels, [{ by, verdict: "approve" }], { seats, seniority: [] }) === "approved";
}

function isAbout({ proposalId, round, argsDigest }: Decision, held: { review: Review; case: Case }): boolean {
  const { review } = held;
  return proposalId === review.proposalId && round === review.round && argsDigest === held.case.round.argsDigest;
}

/** Whether a case that ended so counts for nothing in what people have let run. */
export function endedWithoutEffect(status: Outcome["status"]): boolean {
  switch (status) {
    case "rejected":
    case "expired":
    case "blocked":
    case "suggested":
      return true;
    // What failed, or was undone, may have had its effect in part, or for a time.
    case "executed":
    case "failed":
    case "in-doubt":
    case "undone":
      return false;
    default:
      return status satisfies never;
  }
}

/** Whether a review's deadline has passed by `now`. */
export function isDue({ status, deadlineAt }: Review, now: string): boolean {
  return status === "open" && deadlineAt !== null && deadlineAt <= now;
}

/** What a deadline leaves of its review, and what follows. */
export interface AfterDeadline extends Pick<Review, "status" | "otherwise" | "step"> {
  withinMs: number | null;
  end: "permit" | "outcome" | null;
}

/** What happens at a review's deadline: the table at {@link Review}. */
export function afterDeadline({ otherwise, step }: Review, next: ExpireRequest["next"]): AfterDeadline {
  const held = { status: "open", otherwise: "hold", withinMs: null, end: null } as const;
  switch (otherwise) {
    case "hold":
      return { ...held, step };
    case "escalate":
      return next === null ? { ...held, step } : { ...held, ...next, step: step + 1 };
    case "reject":
      return { status: "expired", otherwise, step, withinMs: null, end: "outcome" };
    case "execute":
      return { status: "expired", otherwise, step, withinMs: null, end: "permit" };
    default:
      return otherwise satisfies never;
  }
}

/** Whether the current round waits for another draft: a person asked for one, and the agent has not made it. */
export function awaitsDraft({ proposal, decisions }: Pick<Case, "proposal" | "decisions">, round: number): boolean {
  const last = decisions.at(-1);
  return proposal.state === "open" && proposal.round === round && last?.verdict === "revise" && last.round === round;
}
