import { isDeepStrictEqual } from "node:util";
import type { Verdict } from "../../src/model/decision.js";
import type { Amount } from "../../src/model/facts.js";
import type { Outcome } from "../../src/model/outcome.js";
import type { PrincipalRecord } from "../../src/model/principal.js";
import type { Fallback, Requirement, Selector } from "../../src/model/requirement.js";
import type { Reviewer } from "../../src/model/reviewer.js";
import type { Route } from "../../src/model/routing.js";
import { aloneEnough, isAsked, notAllowed, seatsToName, settled, type NotAllowed } from "./review-rules.js";
import type { ModelAuthority } from "./review-world.js";

/** A review, as far as the model follows it. */
export interface ModelReview {
  status: "open" | "decided" | "expired";
  step: number;
  version: number;
  asks: number;
  interrupt: string;
  deadlineMs: number | null;
  otherwise: Fallback;
}

/** One round: what it is worth, what the policy asks for (null: not routed yet), and what came of it. */
export interface ModelRound {
  nth: number;
  amount: Amount | undefined;
  requires: Requirement | null;
  review: ModelReview | null;
  permit: { basis: "decisions" | "policy"; state: "issued" | "claimed" | "spent" | "void" } | null;
}

/** Something that was said and counts. */
export interface ModelSaid {
  id: string;
  round: number;
  verdict: Verdict;
  by: PrincipalRecord;
  atMs: number;
  /** The seats that its statement names. */
  seats: { by: Selector[]; of: number }[] | null;
  /** What a modification makes. */
  next?: { amount: Amount | undefined; requires: Requirement; route: Route };
}

/** What is wrong with a call that decides, if anything is. */
export type Flaw =
  | "none"
  | "other digest"
  | "other arguments"
  | "older version"
  | "same version"
  | "other seats"
  | "unnamed"
  | "named"
  | "no refusal"
  | "no next";

/** A call that decides, as the model judges it. */
export interface ModelCall extends ModelSaid {
  flaw: Flaw;
  /** The version that it names, if it names one. */
  version: number | null;
  escalation: { withinMs: number | null; otherwise: Fallback } | null;
}

/** One case. */
export interface ModelCase {
  threadId: string;
  action: string;
  agent: string;
  requestedBy: string | null;
  rounds: ModelRound[];
  said: ModelSaid[];
  outcome: Outcome["status"] | null;
}

/** What a decision is answered with. */
export type ModelAnswer =
  | { answer: "counts"; settles: string }
  | { answer: "repeated" | "closed" | "late" | "changed" | "digest" | "ambiguous" }
  | { answer: "forbidden"; because: NotAllowed[] };

/** Everything that a ledger holds of reviews, and the rules of the documentation about it, without I/O. */
export class ReviewModel {
  nowMs: number;
  readonly authority: ModelAuthority;
  readonly reviewers = new Map<string, Reviewer>();
  readonly cases: ModelCase[] = [];

  constructor(authority: ModelAuthority, nowMs: number) {
    this.authority = authority;
    this.nowMs = nowMs;
  }

  /** Opens the review of the current round, or moves an open one; nothing where there is nothing to ask. */
  ask(held: ModelCase, interrupt: string): void {
    const round = current(held);
    if (held.outcome !== null || round.requires === null) return;
    const { review } = round;
    if (review === null && round.permit === null) {
      const { withinMs, otherwise } = round.requires;
      const deadlineMs = withinMs === null ? null : this.nowMs + withinMs;
      round.review = { status: "open", step: 0, version: 1, asks: 1, interrupt, deadlineMs, otherwise };
    } else if (review?.status === "open" && review.interrupt !== interrupt) {
      review.interrupt = interrupt;
      review.asks += 1;
    }
  }

  /** What becomes of a decision, by the order in which the documentation tells the refusals. */
  decide(held: ModelCase, call: ModelCall): ModelAnswer {
    if (held.said.some(({ id }) => id === call.id)) return { answer: "repeated" };
    const round = current(held);
    const review = round.review;
    if (held.outcome !== null || call.round !== round.nth || review?.status !== "open") return { answer: "closed" };
    if (this.isDue(held) && review.otherwise !== "hold") return { answer: "late" };
    const because = notAllowed(this, held, call);
    if (because.length > 0) return { answer: "forbidden", because };
    if (call.version !== null && call.version !== review.version) return { answer: "changed" };
    if (!this.#namesSeats(held, call)) return { answer: "changed" };
    const after = this.#settles(held, call);
    if (after === null || ["other digest", "other arguments"].includes(call.flaw)) return { answer: "digest" };
    const open = this.cases.filter(
      (each) => each.threadId === held.threadId && current(each).review?.status === "open",
    );
    if (call.flaw === "unnamed" && open.length > 1) return { answer: "ambiguous" };
    held.said.push({ ...call, atMs: this.nowMs });
    this.#follow(held, call, after);
    return { answer: "counts", settles: after };
  }

  /** What happens at a deadline, if it has passed. */
  expire(held: ModelCase): string {
    const round = current(held);
    const { review } = round;
    if (held.outcome !== null || review === null || !this.isDue(held)) return "not due";
    review.version += 1;
    const next = round.requires?.escalateTo[review.step];
    review.deadlineMs = null;
    if (review.otherwise === "reject") {
      review.status = "expired";
      held.outcome = "expired";
      return "ends";
    }
    if (review.otherwise === "execute") {
      review.status = "expired";
      round.permit = { basis: "policy", state: "issued" };
      return "executes";
    }
    if (review.otherwise === "escalate" && next !== undefined) {
      this.#hand(review, next);
      return "escalates";
    }
    review.otherwise = "hold";
    return "holds";
  }

  /** Whether a deadline has passed, and nobody has acted on it. */
  isDue(held: ModelCase): boolean {
    const { review } = current(held);
    return review?.status === "open" && review.deadlineMs !== null && review.deadlineMs <= this.nowMs;
  }

  #hasNext(held: ModelCase): boolean {
    const { requires, review } = current(held);
    return requires!.escalateTo.length > review!.step;
  }

  #hand(review: ModelReview, next: { withinMs: number | null; otherwise: Fallback }): void {
    review.step += 1;
    review.otherwise = next.otherwise;
    review.deadlineMs = next.withinMs === null ? null : this.nowMs + next.withinMs;
  }

  #namesSeats(held: ModelCase, { verdict, seats }: ModelCall): boolean {
    const round = current(held);
    if (!["approve", "reject", "abstain"].includes(verdict)) return true;
    // As many seats of others, such as those who were asked before it was escalated, are other seats.
    const there = seatsToName(this, held, round, round.review!.step);
    return there === null || isDeepStrictEqual(seats, there);
  }

  /** What it comes to; null if to nothing, which no ledger takes. */
  #settles(held: ModelCase, call: ModelCall): string | null {
    switch (call.verdict) {
      case "approve":
      case "reject":
      case "abstain": {
        const then = settled(this, { ...held, said: [...held.said, call] });
        return then === "rejected" && call.verdict !== "reject" && call.flaw === "no refusal" ? null : then;
      }
      case "modify": {
        if (call.next === undefined || call.flaw === "no next") return null;
        const { route, requires } = call.next;
        if (route === "block" || route === "suggest") return route === "block" ? "blocked" : "suggested";
        return isAsked(requires, call.by) && aloneEnough(requires, call.by) ? "approved alone" : "next round";
      }
      case "escalate":
        return call.escalation === null || !this.#hasNext(held) ? null : "escalated";
      case "revise":
      case "answer":
        return "revise";
      default:
        return call.verdict satisfies never;
    }
  }

  #follow(held: ModelCase, { next, escalation }: ModelCall, after: string): void {
    const round = current(held);
    const review = round.review!;
    if (after === "pending") return;
    review.version += 1;
    if (after === "escalated") return this.#hand(review, escalation!);
    review.status = "decided";
    if (after === "approved") round.permit = { basis: "decisions", state: "issued" };
    if (after === "rejected" || after === "blocked" || after === "suggested") held.outcome = after;
    if (next === undefined) return;
    const permit = after === "approved alone" ? ({ basis: "decisions", state: "issued" } as const) : null;
    held.rounds.push({ nth: round.nth + 1, amount: next.amount, requires: next.requires, review: null, permit });
  }
}

/** The round that a case is in. */
export function current(held: ModelCase): ModelRound {
  return held.rounds.at(-1)!;
}
