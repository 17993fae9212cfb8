import type { AuditRow } from "../../model/audit-event.js";
import { auditId, type Case } from "../../model/case.js";
import { systemClock, type Clock } from "../../model/clock.js";
import type { Outcome } from "../../model/outcome.js";
import type { Permit } from "../../model/permit.js";
import type { Proposal } from "../../model/proposal.js";
import type { Review } from "../../model/review.js";
import { isAutomatic } from "../../model/routing.js";
import { hasLapsed, holdsClaim } from "../claiming.js";
import { judgeDecision, permittedRound } from "../deciding.js";
import {
  askedEntry,
  claimedEntry,
  closing,
  decidedEntries,
  newPermit,
  permittedEntry,
  proposedEntry,
  refusedEntry,
  routedEntry,
  voidedEntry,
} from "../journal.js";
import type {
  AskRequest,
  ClaimRequest,
  ClaimResult,
  ClosedCase,
  DecideRequest,
  DecideResult,
  Ledger,
  NewProposal,
  PageRequest,
  RefuseRequest,
  RerouteRequest,
  ReviewFilter,
  RouteRequest,
  SettleRequest,
  TakeRequest,
} from "../ledger.js";
import {
  requireAskText,
  requireClaimText,
  requireDecisionText,
  requireProposalText,
  requireTakeText,
} from "../plain-text.js";
import { unknownProposal } from "../unknown-proposal.js";
import { byAge, byId, findReview, newEntry, newReview, openOnThread, view, type Entry } from "./entry.js";
import { MemoryLog } from "./log.js";

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

class MemoryLedger implements Ledger {
  readonly durable = false;
  readonly #entries = new Map<string, Entry>();
  readonly #log = new MemoryLog();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async propose(request: NewProposal): Promise<Case> {
    requireProposalText(request);
    const known = this.#entries.get(request.proposal.id);
    if (known !== undefined) return view(known);
    const entry = newEntry(request);
    this.#log.append(proposedEntry(request));
    this.#entries.set(request.proposal.id, entry);
    return view(entry);
  }

  async read(proposalId: string): Promise<Case | null> {
    const entry = this.#entries.get(proposalId);
    return entry === undefined ? null : view(entry);
  }

  async take(request: TakeRequest): Promise<Case[]> {
    requireTakeText(request);
    const { threadId, gate, ids, action } = request;
    const taken: Case[] = [];
    for (const id of new Set(ids)) {
      const entry = this.#entries.get(id);
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
      this.#log.append(routedEntry(request));
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
      this.#log.append(voidedEntry(request));
    });
  }

  async ask(request: AskRequest): Promise<Case> {
    requireAskText(request);
    return this.#change(request.proposalId, (entry) => {
      const { proposal } = entry;
      const current = proposal.state === "open" && proposal.round === request.round;
      if (!current || proposal.threadId !== request.address.threadId) return;
      const known = entry.reviews.get(request.round);
      if (known === undefined) {
        const review = newReview(entry, request);
        if (review === null) return;
        entry.reviews.set(review.round, review);
        this.#log.append(askedEntry(request, review.id));
      } else if (known.status === "open" && known.address.interruptId !== request.address.interruptId) {
        known.address = { ...request.address };
        known.asks += 1;
        this.#log.append(askedEntry(request, known.id));
      }
    });
  }

  async decide(request: DecideRequest): Promise<DecideResult> {
    requireDecisionText(request);
    const { decision, next, outcome } = request;
    const found = findReview(this.#entries.values(), decision.reviewId);
    if (found === undefined) return { ok: false, why: "unknown", case: null };
    const { review } = found;
    const { id, threadId } = found.entry.proposal;
    const held = view(found.entry);
    const verdict = judgeDecision(request, {
      review,
      case: held,
      openOnThread: openOnThread(this.#entries.values(), threadId),
    });
    if (!verdict.counts) return verdict.result;
    const permitted = permittedRound(request, held);
    const decided = this.#change(id, (entry) => {
      entry.decisions.push(structuredClone(decision));
      Object.assign(review, { status: "decided", version: review.version + 1 });
      decidedEntries(request).forEach((made) => this.#log.append(made));
      if (next !== undefined) {
        entry.rounds.set(next.round.round, structuredClone(next.round));
        entry.proposal.round = next.round.round;
      }
      if (permitted !== null) this.#permit(entry, permitted, "decisions", decision.decidedAt);
      if (outcome !== null) this.#close(entry, outcome, decision.decidedAt);
    });
    return { ok: true, case: decided, repeated: false };
  }

  async refuse(request: RefuseRequest): Promise<void> {
    this.#entry(request.proposalId);
    const entry = refusedEntry(request);
    if (!this.#log.holds(entry)) this.#log.append(entry);
  }

  async claim(request: ClaimRequest): Promise<ClaimResult> {
    requireClaimText(request);
    const entry = this.#entries.get(request.proposalId);
    if (entry === undefined) return { claimed: false, lapsed: false, case: null };
    const permit = entry.permits.get(request.round);
    const lapsed = hasLapsed(permit, this.#in(0));
    if (holdsClaim(request, view(entry), lapsed)) return { claimed: true, lapsed, case: view(entry) };
    const free = permit?.state === "issued" || (lapsed && request.takeover);
    const fits =
      permit?.argsDigest === request.argsDigest &&
      entry.proposal.threadId === request.threadId &&
      entry.proposal.state === "open" &&
      entry.proposal.round === request.round;
    if (permit === undefined || !free || !fits) return { claimed: false, lapsed, case: view(entry) };
    this.#log.append(claimedEntry(request));
    const leaseUntil = this.#in(request.leaseMs);
    Object.assign(permit, { state: "claimed", owner: request.owner, leaseUntil, claims: permit.claims + 1 });
    return { claimed: true, lapsed: false, case: view(entry) };
  }

  async extend({ permitId, owner, leaseMs }: Parameters<Ledger["extend"]>[0]): Promise<boolean> {
    for (const { permits } of this.#entries.values()) {
      for (const permit of permits.values()) {
        if (permit.id !== permitId) continue;
        if (permit.state !== "claimed" || permit.owner !== owner) return false;
        permit.leaseUntil = this.#in(leaseMs);
        return true;
      }
    }
    return false;
  }

  async settle({ proposalId, round, owner, outcome, at }: SettleRequest): Promise<Case> {
    return this.#change(proposalId, (entry) => {
      const permit = entry.permits.get(round);
      const mine = owner === null ? hasLapsed(permit, this.#in(0)) : permit?.owner === owner;
      if (entry.proposal.state === "closed" || permit?.state !== "claimed" || !mine) return;
      permit.state = "spent";
      this.#close(entry, outcome, at);
    });
  }

  async review(reviewId: string): Promise<{ review: Review; case: Case } | null> {
    const found = findReview(this.#entries.values(), reviewId);
    return found === undefined ? null : { review: structuredClone(found.review), case: view(found.entry) };
  }

  async reviews({ status, threadId, limit, after }: ReviewFilter): Promise<{ review: Review; case: Case }[]> {
    const place = (review: Pick<Review, "askedAt" | "id">): string => `${review.askedAt} ${review.id}`;
    return [...this.#entries.values()]
      .flatMap((entry) => [...entry.reviews.values()].map((review) => ({ entry, review })))
      .filter(({ review }) => status === undefined || review.status === status)
      .filter(({ entry }) => threadId === undefined || entry.proposal.threadId === threadId)
      .filter(({ review }) => after === undefined || place(review) > place(after))
      .toSorted((a, b) => (place(a.review) < place(b.review) ? -1 : 1))
      .slice(0, limit)
      .map(({ entry, review }) => ({ review: structuredClone(review), case: view(entry) }));
  }

  async undelivered({ limit }: { limit: number }): Promise<Proposal[]> {
    return [...this.#entries.values()]
      .filter((entry) => !entry.delivered && entry.reviews.get(entry.proposal.round)?.status !== "open")
      .toSorted(byAge)
      .slice(0, limit)
      .map((entry) => structuredClone(entry.proposal));
  }

  async delivered(threadId: string): Promise<void> {
    for (const entry of this.#entries.values()) {
      if (entry.proposal.threadId === threadId && entry.proposal.state === "closed") entry.delivered = true;
    }
  }

  async auditRows({ afterSeq, limit, proposalId }: Parameters<Ledger["auditRows"]>[0]): Promise<AuditRow[]> {
    return this.#log.rows(afterSeq, limit, proposalId);
  }

  async caseRecordText(id: string): Promise<{ proposalId: string; text: string } | null> {
    for (const { proposal, recordText } of this.#entries.values()) {
      if (recordText !== null && auditId(proposal.id) === id) return { proposalId: proposal.id, text: recordText };
    }
    return null;
  }

  async closedCases({ afterId, limit }: PageRequest): Promise<ClosedCase[]> {
    return [...this.#entries.values()]
      .filter(({ proposal }) => proposal.id > afterId)
      .toSorted(byId)
      .flatMap(({ proposal: { id }, recordText: text }) =>
        text === null ? [] : [{ proposalId: id, auditId: auditId(id), text }],
      )
      .slice(0, limit);
  }

  async cases({ afterId, limit, threadId }: PageRequest & { threadId?: string }): Promise<Case[]> {
    const later = [...this.#entries.values()].filter(
      ({ proposal }) => proposal.id > afterId && (threadId === undefined || proposal.threadId === threadId),
    );
    return later.toSorted(byId).slice(0, limit).map(view);
  }

  async auditHead(): Promise<{ seq: number; hash: string }> {
    return this.#log.head();
  }

  async close(): Promise<void> {}

  #in(ms: number): string {
    return new Date(this.#clock.now().getTime() + ms).toISOString();
  }

  #entry(proposalId: string): Entry {
    const entry = this.#entries.get(proposalId);
    if (entry === undefined) throw unknownProposal(proposalId);
    return entry;
  }

  /** Does all of `work` or nothing. */
  #change(proposalId: string, work: (entry: Entry) => void): Case {
    const entry = this.#entry(proposalId);
    const before = structuredClone(entry);
    const { seq } = this.#log.head();
    try {
      work(entry);
    } catch (error) {
      this.#entries.set(proposalId, before);
      this.#log.takeBack(seq);
      throw error;
    }
    return view(entry);
  }

  #permit(entry: Entry, round: { round: number; argsDigest: string }, basis: Permit["basis"], at: string): void {
    const permit = newPermit(entry.proposal.id, round, basis, at);
    entry.permits.set(round.round, permit);
    this.#log.append(permittedEntry(permit));
  }

  #close(entry: Entry, outcome: Outcome, at: string): void {
    entry.outcome = structuredClone(outcome);
    entry.proposal.state = "closed";
    const closed = closing({ ...view(entry), outcome }, at);
    entry.recordText = closed.text;
    this.#log.append(closed.entry);
  }
}
