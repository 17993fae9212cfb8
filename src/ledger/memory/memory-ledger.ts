import { ruledChange } from "../../autonomy/stage-change.js";
import { type Case } from "../../model/case.js";
import { systemClock, type Clock } from "../../model/clock.js";
import type { Outcome } from "../../model/outcome.js";
import type { Permit } from "../../model/permit.js";
import { isAutomatic } from "../../model/routing.js";
import { hasLapsed, holdsClaim } from "../claiming.js";
import type { NewFollowUp } from "../following.js";
import { afterDeadline, awaitsDraft, isDue, judgeDecision, seatsAsked } from "../deciding.js";
import {
  askedEntry,
  claimedEntry,
  closing,
  decidedEntries,
  expiredEntry,
  newPermit,
  permittedEntry,
  proposedEntry,
  redraftedEntry,
  refusedEntry,
  routedEntry,
  voidedEntry,
  withdrawnEntry,
} from "../journal.js";
import type {
  AskRequest,
  ClaimRequest,
  ClaimResult,
  DecideRequest,
  DecideResult,
  ExpireRequest,
  Ledger,
  NewProposal,
  RedraftRequest,
  RefuseRequest,
  RerouteRequest,
  RouteRequest,
  SettleRequest,
  TakeRequest,
  WithdrawRequest,
} from "../ledger.js";
import {
  requireAskText,
  requireClaimText,
  requireDecisionText,
  requireFollowUpText,
  requireProposalText,
  requireTakeText,
} from "../plain-text.js";
import { judgementBy, stagedEntry, stageKeyOf } from "../staging.js";
import { unknownProposal, unknownReview } from "../unknown-proposal.js";
import { canWithdraw } from "../withdrawing.js";
import { approvedBy, escalate } from "./deciding.js";
import { afterAsking, newEntry, noteMissed, view, type Entry } from "./entry.js";
import { followUpEntry } from "./following.js";
import { findPermit, findReview, openOnThread } from "./listing.js";
import { MemoryStandingOrders } from "./standing-orders.js";

/** How a memory ledger is set up. */
export interface MemoryLedgerOptions {
  /** Tells whether leases still hold; the machine's own unless said. */
  clock?: Clock;
}

/**
 * A ledger in this process's memory: the fifteen-line way to try a gate in a script or a unit test. What it keeps is
 * gone with the process, so it refuses to serve a LangGraph dev server, whose hot reload would lose it.
 *
 * Every method changes its maps without awaiting in between, so no two interleave, and takes everything back if it
 * throws; what it returns are copies.
 *
 * @example
 * ```ts
 * import { createAssent, memoryLedger, policy } from "assent";
 *
 * export const assent = createAssent({
 *   actions: [],
 *   policy: policy({ default: { route: "review" } }),
 *   ledger: memoryLedger(),
 * });
 * ```
 */
export function memoryLedger({ clock = systemClock }: MemoryLedgerOptions = {}): Ledger {
  return new MemoryLedger(clock);
}

class MemoryLedger extends MemoryStandingOrders implements Ledger {
  readonly durable = false;

  async propose(request: NewProposal): Promise<Case> {
    requireProposalText(request);
    const known = this.kept.get(request.proposal.id);
    if (known !== undefined) return view(known);
    const entry = newEntry(request);
    this.log.append(proposedEntry(request));
    this.kept.set(request.proposal.id, entry);
    return view(entry);
  }

  async take(request: TakeRequest): Promise<Case[]> {
    requireTakeText(request);
    const { threadId, gate, ids, action } = request;
    const taken: Case[] = [];
    for (const id of new Set(ids)) {
      const entry = this.kept.get(id);
      if (entry === undefined || entry.proposal.threadId !== threadId) continue;
      if (action !== undefined && entry.proposal.action !== action) continue;
      if (entry.proposal.gate === null && entry.proposal.state === "open") entry.proposal.gate = gate;
      if (entry.proposal.gate === gate) taken.push(view(entry));
    }
    return taken;
  }

  async route(request: RouteRequest): Promise<Case> {
    return this.#change(request.proposalId, (entry) => {
      const round = entry.rounds.get(request.round);
      const current = entry.proposal.state === "open" && entry.proposal.round === request.round;
      if (round === undefined || round.routing !== null || !current) return;
      round.routing = structuredClone(request.routing);
      this.log.append(routedEntry(request));
      if (isAutomatic(request.routing.route)) this.#permit(entry, round, "policy", request.at);
      if (request.outcome !== null) this.#close(entry, request.outcome, request.at);
    });
  }

  async reroute(request: RerouteRequest): Promise<Case> {
    const { proposalId, round } = request;
    return this.#change(proposalId, (entry) => {
      const permit = entry.permits.get(round);
      const old = entry.rounds.get(round);
      const current = entry.proposal.state === "open" && entry.proposal.round === round;
      if ((permit?.state !== "issued" && permit?.state !== "void") || old === undefined || !current) return;
      permit.state = "void";
      entry.rounds.set(round + 1, { ...structuredClone(old), round: round + 1, routing: null });
      entry.proposal.round = round + 1;
      this.log.append(voidedEntry(request));
    });
  }

  async ask(request: AskRequest): Promise<Case> {
    requireAskText(request);
    return this.#change(request.proposalId, (entry) => {
      const review = afterAsking(entry, request, request.withinMs === null ? null : this.in(request.withinMs));
      if (review === null) return;
      entry.reviews.set(review.round, review);
      entry.addressedAt.set(review.id, this.in(0));
      this.log.append(askedEntry(request, review.id));
    });
  }

  async decide(request: DecideRequest): Promise<DecideResult> {
    requireDecisionText(request);
    const { decision, next } = request;
    const found = findReview(this.kept.values(), decision.reviewId);
    if (found === undefined) return { ok: false, why: "unknown", case: null };
    const { review } = found;
    const { id, threadId } = found.entry.proposal;
    const held = view(found.entry);
    const now = this.in(0);
    const seats = seatsAsked(request.authority, { review, case: held });
    const verdict = judgeDecision(request, {
      review,
      case: held,
      openOnThread: openOnThread(this.kept.values(), threadId),
      isDue: isDue(review, now),
      reviewer: this.known.get(decision.by.id),
      approvedBefore: (query) => approvedBy(this.kept.values(), { by: decision.by.id, except: id, query, now }),
      seats: seats === null ? [] : this.known.seats(seats, now),
      now,
    });
    if (!verdict.counts) return verdict.result;
    const { follows } = verdict;
    const decided = this.#change(id, (entry) => {
      entry.decisions.push(structuredClone(decision));
      entry.decidedAt.set(decision.id, now);
      if (follows.review === "decided") Object.assign(review, { status: "decided", version: review.version + 1 });
      if (follows.review === "escalated") escalate(review, request.escalation ?? null, (ms) => this.in(ms));
      decidedEntries(request).forEach((made) => this.log.append(made));
      if (next !== undefined) {
        entry.rounds.set(next.round.round, structuredClone(next.round));
        entry.proposal.round = next.round.round;
      }
      if (follows.permit !== null) this.#permit(entry, follows.permit, "decisions", decision.decidedAt);
      if (follows.outcome !== null) this.#close(entry, follows.outcome, decision.decidedAt);
      this.#judge(request, held);
    });
    if (follows.review === "open") this.queued.noteVote(review.id, decision.by.id);
    return { ok: true, case: decided, repeated: false };
  }

  async redraft(request: RedraftRequest): Promise<Case> {
    const { proposalId, round, next } = request;
    return this.#change(proposalId, (entry) => {
      if (!awaitsDraft(entry, round)) return;
      entry.rounds.set(next.round, { ...structuredClone(next), routing: null });
      entry.proposal.round = next.round;
      this.log.append(redraftedEntry(request));
    });
  }

  async expire({ reviewId, outcome, next, at }: ExpireRequest): Promise<Case> {
    const found = findReview(this.kept.values(), reviewId);
    if (found === undefined) throw unknownReview(reviewId);
    const { review } = found;
    return this.#change(found.entry.proposal.id, (entry) => {
      const current = entry.rounds.get(review.round);
      const isCurrent = entry.proposal.state === "open" && entry.proposal.round === review.round;
      if (current === undefined || !isCurrent || !isDue(review, this.in(0))) return;
      this.log.append(expiredEntry(review, at));
      const after = afterDeadline(review, next);
      const deadlineAt = after.withinMs === null ? null : this.in(after.withinMs);
      Object.assign(review, { status: after.status, otherwise: after.otherwise, step: after.step, deadlineAt });
      review.version += 1;
      noteMissed(entry, review, this.in(0));
      if (after.end === "permit") this.#permit(entry, current, "policy", at);
      if (after.end === "outcome") this.#close(entry, outcome, at);
    });
  }

  async withdraw(request: WithdrawRequest): Promise<Case> {
    const found = findReview(this.kept.values(), request.reviewId);
    if (found === undefined) throw unknownReview(request.reviewId);
    const { review } = found;
    return this.#change(found.entry.proposal.id, ({ proposal, addressedAt }) => {
      const isYoung = (addressedAt.get(review.id) ?? "") > this.in(-request.ageMinMs);
      if (isYoung || !canWithdraw({ review, proposal }, request)) return;
      this.log.append(withdrawnEntry(review, request));
      Object.assign(review, { status: "withdrawn", version: review.version + 1 });
    });
  }

  async refuse(request: RefuseRequest): Promise<void> {
    this.#entry(request.proposalId);
    const entry = refusedEntry(request);
    if (!this.log.holds(entry)) this.log.append(entry);
  }

  async claim(request: ClaimRequest): Promise<ClaimResult> {
    requireClaimText(request);
    const entry = this.kept.get(request.proposalId);
    if (entry === undefined) return { claimed: false, lapsed: false, case: null };
    const permit = entry.permits.get(request.round);
    const lapsed = hasLapsed(permit, this.in(0));
    if (holdsClaim(request, view(entry), lapsed)) return { claimed: true, lapsed, case: view(entry) };
    const free = permit?.state === "issued" || (lapsed && request.takeover);
    const fits =
      permit?.argsDigest === request.argsDigest &&
      entry.proposal.threadId === request.threadId &&
      entry.proposal.state === "open" &&
      entry.proposal.round === request.round;
    const halt = this.halted.of(entry.proposal);
    if (permit === undefined || !free || !fits || halt !== null) {
      return { claimed: false, lapsed, ...(halt && { halt }), case: view(entry) };
    }
    this.log.append(claimedEntry(request));
    const leaseUntil = this.in(request.leaseMs);
    Object.assign(permit, { state: "claimed", owner: request.owner, leaseUntil, claims: permit.claims + 1 });
    return { claimed: true, lapsed: false, case: view(entry) };
  }

  async extend({ permitId, owner, leaseMs }: Parameters<Ledger["extend"]>[0]): Promise<boolean> {
    const permit = findPermit(this.kept.values(), permitId);
    if (permit?.state !== "claimed" || permit.owner !== owner) return false;
    permit.leaseUntil = this.in(leaseMs);
    return true;
  }

  async settle({ proposalId, round, owner, outcome, at, followUps = [] }: SettleRequest): Promise<Case> {
    followUps.forEach(requireFollowUpText);
    return this.#change(proposalId, (entry) => {
      const permit = entry.permits.get(round);
      const mine = owner === null ? hasLapsed(permit, this.in(0)) : permit?.owner === owner;
      if (entry.proposal.state === "closed" || permit?.state !== "claimed" || !mine) return;
      permit.state = "spent";
      entry.spentAt = this.in(0);
      this.#close(entry, outcome, at);
      for (const followUp of followUps) this.#follow(followUp);
    });
  }

  async followUp(request: NewFollowUp): Promise<Case> {
    requireFollowUpText(request);
    this.#follow(request);
    return view(this.#entry(request.proposal.id));
  }

  /** Counts what a decision says about the agent, and moves the stage. Comes last: nothing after it may fail. */
  #judge(request: DecideRequest, held: Case): void {
    const right = judgementBy(request, held);
    if (right === null) return;
    const { stageRule, decision } = request;
    const of = stageKeyOf(held);
    const made = { proposalId: decision.proposalId, at: decision.decidedAt };
    const change = stageRule === undefined ? null : ruledChange(this.staged.record(of, right), stageRule, made);
    if (change !== null) this.log.append(stagedEntry(change));
    this.staged.judge(of, right);
    if (change !== null) this.staged.change(change);
  }

  /** All that can fail comes before anything is kept. */
  #follow(request: NewFollowUp): void {
    if (this.kept.has(request.proposal.id)) return;
    const { entry, made } = followUpEntry(request, (ms) => this.in(ms));
    made.forEach((each) => this.log.append(each));
    this.kept.set(request.proposal.id, entry);
  }

  #entry(proposalId: string): Entry {
    const entry = this.kept.get(proposalId);
    if (entry === undefined) throw unknownProposal(proposalId);
    return entry;
  }

  /** Does all of `work` or nothing. */
  #change(proposalId: string, work: (entry: Entry) => void): Case {
    const entry = this.#entry(proposalId);
    const before = structuredClone(entry);
    const { seq } = this.log.head();
    const { size } = this.kept;
    try {
      work(entry);
    } catch (error) {
      for (const opened of [...this.kept.keys()].slice(size)) this.kept.delete(opened);
      this.kept.set(proposalId, before);
      this.log.takeBack(seq);
      throw error;
    }
    return view(entry);
  }

  #permit(entry: Entry, round: { round: number; argsDigest: string }, basis: Permit["basis"], at: string): void {
    const permit = newPermit(entry.proposal.id, round, basis, at);
    entry.permits.set(round.round, permit);
    this.log.append(permittedEntry(permit));
  }

  #close(entry: Entry, outcome: Outcome, at: string): void {
    entry.outcome = structuredClone(outcome);
    entry.proposal.state = "closed";
    const closed = closing({ ...view(entry), outcome }, at);
    entry.recordText = closed.text;
    this.log.append(closed.entry);
  }
}
