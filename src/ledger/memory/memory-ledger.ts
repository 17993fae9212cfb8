import { GENESIS_HASH, linkHash, type AuditEvent, type AuditRow } from "../../model/audit-event.js";
import type { Case, CaseRecord } from "../../model/case.js";
import { identifier } from "../../model/identifier.js";
import { reviewDigest } from "../../model/proposal.js";
import type { Outcome } from "../../model/outcome.js";
import type { Decision } from "../../model/decision.js";
import type { Permit } from "../../model/permit.js";
import type { Proposal, Round } from "../../model/proposal.js";
import type { Review } from "../../model/review.js";
import { judgeDecision, permittedRound } from "../deciding.js";
import {
  askedEntry,
  claimedEntry,
  closing,
  decidedEntry,
  newPermit,
  permittedEntry,
  proposedEntry,
  refusedEntry,
  routedEntry,
} from "../journal.js";
import type {
  AskRequest,
  ClaimRequest,
  ClaimResult,
  DecideRequest,
  DecideResult,
  Ledger,
  NewProposal,
  RefuseRequest,
  RerouteRequest,
  ReviewFilter,
  RouteRequest,
  SettleRequest,
  TakeRequest,
} from "../ledger.js";
import { unknownProposal } from "../unknown-proposal.js";

/** What is kept of one proposal. */
interface Entry {
  proposal: Proposal;
  rounds: Map<number, Round>;
  reviews: Map<number, Review>;
  permits: Map<number, Permit>;
  decisions: Decision[];
  outcome: Outcome | null;
  recordText: string | null;
  delivered: boolean;
}

/**
 * A ledger in this process's memory: the fifteen-line way to try a gate in a script or a unit test. What it keeps is
 * gone with the process, so it refuses to serve a LangGraph dev server, whose hot reload would lose it.
 *
 * Every method changes its maps without awaiting in between, so no two interleave; what it returns are copies.
 */
export function memoryLedger(): Ledger {
  return new MemoryLedger();
}

class MemoryLedger implements Ledger {
  readonly durable = false;
  readonly #entries = new Map<string, Entry>();
  readonly #log: AuditRow[] = [];

  async propose({ proposal, round }: NewProposal): Promise<Case> {
    const known = this.#entries.get(proposal.id);
    if (known !== undefined) return view(known);
    const entry: Entry = {
      proposal: { ...proposal, gate: null, round: round.round, state: "open" },
      rounds: new Map([[round.round, structuredClone(round)]]),
      reviews: new Map(),
      permits: new Map(),
      decisions: [],
      outcome: null,
      recordText: null,
      delivered: false,
    };
    this.#entries.set(proposal.id, entry);
    this.#append(proposedEntry({ proposal, round }));
    return view(entry);
  }

  async read(proposalId: string): Promise<Case | null> {
    const entry = this.#entries.get(proposalId);
    return entry === undefined ? null : view(entry);
  }

  async take({ threadId, gate, ids, action }: TakeRequest): Promise<Case[]> {
    const taken: Case[] = [];
    for (const id of ids) {
      const entry = this.#entries.get(id);
      if (entry === undefined || entry.proposal.threadId !== threadId) continue;
      if (action !== undefined && entry.proposal.action !== action) continue;
      if (entry.proposal.gate === null && entry.proposal.state === "open") entry.proposal.gate = gate;
      if (entry.proposal.gate === gate) taken.push(view(entry));
    }
    return taken;
  }

  async route(request: RouteRequest): Promise<Case> {
    const entry = this.#entry(request.proposalId);
    const round = entry.rounds.get(request.round);
    if (round === undefined || round.routing !== null || entry.proposal.state === "closed") return view(entry);
    round.routing = structuredClone(request.routing);
    this.#append(routedEntry(request));
    if (request.routing.route === "execute" || request.routing.route === "flag") {
      this.#permit(entry, round, "policy", request.at);
    }
    if (request.outcome !== null) this.#close(entry, request.outcome, request.at);
    return view(entry);
  }

  async reroute({ proposalId, round, reason, at }: RerouteRequest): Promise<Case> {
    const entry = this.#entry(proposalId);
    const permit = entry.permits.get(round);
    const current = entry.rounds.get(round);
    if (permit?.state !== "issued" || current === undefined || entry.proposal.round !== round) return view(entry);
    permit.state = "void";
    entry.rounds.set(round + 1, { ...structuredClone(current), round: round + 1, routing: null });
    entry.proposal.round = round + 1;
    this.#append(refusedEntry({ proposalId, what: "claim", reason, by: null, at }));
    return view(entry);
  }

  async ask(request: AskRequest): Promise<Case> {
    const entry = this.#entry(request.proposalId);
    const round = entry.rounds.get(request.round);
    if (round === undefined || entry.proposal.state === "closed") return view(entry);
    const known = entry.reviews.get(request.round);
    if (known !== undefined) {
      if (known.status !== "open" || known.address.interruptId === request.address.interruptId) return view(entry);
      known.address = { ...request.address };
      known.asks += 1;
      this.#append(askedEntry(request, known.id));
      return view(entry);
    }
    const review: Review = {
      id: identifier("review", [request.proposalId, request.round]),
      proposalId: request.proposalId,
      round: request.round,
      kind: "approval",
      status: "open",
      version: 1,
      digest: reviewDigest(request.proposalId, round),
      gate: request.gate,
      trust: entry.proposal.trust,
      address: { ...request.address },
      asks: 1,
      askedAt: request.at,
    };
    entry.reviews.set(request.round, review);
    this.#append(askedEntry(request, review.id));
    return view(entry);
  }

  async decide(request: DecideRequest): Promise<DecideResult> {
    const found = this.#findReview(request.decision.reviewId);
    if (found === undefined) return { ok: false, why: "unknown", case: null };
    const { entry, review } = found;
    const verdict = judgeDecision(request, {
      review,
      case: view(entry),
      openOnThread: this.#openOnThread(entry.proposal.threadId),
    });
    if (!verdict.counts) return verdict.result;
    const permitted = permittedRound(request, view(entry));
    entry.decisions.push(structuredClone(request.decision));
    review.status = "decided";
    review.version += 1;
    this.#append(decidedEntry(request));
    if (request.next !== undefined) {
      entry.rounds.set(request.next.round.round, structuredClone(request.next.round));
      entry.proposal.round = request.next.round.round;
    }
    if (permitted !== null) this.#permit(entry, permitted, "decisions", request.decision.decidedAt);
    if (request.outcome !== null) this.#close(entry, request.outcome, request.decision.decidedAt);
    return { ok: true, case: view(entry), repeated: false };
  }

  async refuse(request: RefuseRequest): Promise<void> {
    this.#entry(request.proposalId);
    this.#append(refusedEntry(request));
  }

  async claim(request: ClaimRequest): Promise<ClaimResult> {
    const entry = this.#entries.get(request.proposalId);
    if (entry === undefined) return { claimed: false, case: null };
    const permit = entry.permits.get(request.round);
    const free =
      permit?.state === "issued" ||
      (permit?.state === "claimed" &&
        (permit.owner === request.owner || (request.takeover && (permit.leaseUntil ?? "") <= request.now)));
    const fits =
      permit?.argsDigest === request.argsDigest &&
      entry.proposal.threadId === request.threadId &&
      entry.proposal.state === "open" &&
      entry.proposal.round === request.round;
    if (permit === undefined || !free || !fits) return { claimed: false, case: view(entry) };
    Object.assign(permit, { state: "claimed", owner: request.owner, leaseUntil: request.leaseUntil });
    permit.claims += 1;
    this.#append(claimedEntry(request));
    return { claimed: true, case: view(entry) };
  }

  async extend({ permitId, owner, leaseUntil }: Parameters<Ledger["extend"]>[0]): Promise<boolean> {
    for (const { permits } of this.#entries.values()) {
      for (const permit of permits.values()) {
        if (permit.id !== permitId) continue;
        if (permit.state !== "claimed" || permit.owner !== owner) return false;
        permit.leaseUntil = leaseUntil;
        return true;
      }
    }
    return false;
  }

  async settle({ proposalId, round, owner, outcome, at }: SettleRequest): Promise<Case> {
    const entry = this.#entry(proposalId);
    const permit = entry.permits.get(round);
    const mine = owner === null ? (permit?.leaseUntil ?? "") <= at : permit?.owner === owner;
    if (entry.proposal.state === "closed" || permit?.state !== "claimed" || !mine) return view(entry);
    permit.state = "spent";
    this.#close(entry, outcome, at);
    return view(entry);
  }

  async review(reviewId: string): Promise<{ review: Review; case: Case } | null> {
    const found = this.#findReview(reviewId);
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
      .slice(0, limit)
      .map((entry) => structuredClone(entry.proposal));
  }

  async delivered(proposalIds: readonly string[]): Promise<void> {
    for (const id of proposalIds) {
      const entry = this.#entries.get(id);
      if (entry?.proposal.state === "closed") entry.delivered = true;
    }
  }

  async auditRows({ afterSeq, limit, proposalId }: Parameters<Ledger["auditRows"]>[0]): Promise<AuditRow[]> {
    return this.#log
      .filter((row) => row.seq > afterSeq && (proposalId === undefined || row.proposalId === proposalId))
      .slice(0, limit)
      .map((row) => ({ ...row }));
  }

  async caseRecordText(auditId: string): Promise<{ proposalId: string; text: string } | null> {
    for (const { outcome, recordText, proposal } of this.#entries.values()) {
      if (outcome?.auditId === auditId && recordText !== null) return { proposalId: proposal.id, text: recordText };
    }
    return null;
  }

  async closedCases({ afterId, limit }: Parameters<Ledger["closedCases"]>[0]): ReturnType<Ledger["closedCases"]> {
    return [...this.#entries.values()]
      .filter(({ recordText, proposal }) => recordText !== null && proposal.id > afterId)
      .toSorted((a, b) => (a.proposal.id < b.proposal.id ? -1 : 1))
      .slice(0, limit)
      .map(({ recordText, proposal }) => ({
        proposalId: proposal.id,
        record: JSON.parse(recordText ?? "null") as CaseRecord,
      }));
  }

  async close(): Promise<void> {}

  #entry(proposalId: string): Entry {
    const entry = this.#entries.get(proposalId);
    if (entry === undefined) throw unknownProposal(proposalId);
    return entry;
  }

  #findReview(reviewId: string): { entry: Entry; review: Review } | undefined {
    for (const entry of this.#entries.values()) {
      for (const review of entry.reviews.values()) if (review.id === reviewId) return { entry, review };
    }
    return undefined;
  }

  #openOnThread(threadId: string): number {
    let open = 0;
    for (const { proposal, reviews } of this.#entries.values()) {
      if (proposal.threadId === threadId && reviews.get(proposal.round)?.status === "open") open += 1;
    }
    return open;
  }

  #permit(entry: Entry, round: { round: number; argsDigest: string }, basis: Permit["basis"], at: string): void {
    const permit = newPermit(entry.proposal.id, round, basis, at);
    entry.permits.set(round.round, permit);
    this.#append(permittedEntry(permit));
  }

  #close(entry: Entry, outcome: Outcome, at: string): void {
    entry.outcome = structuredClone(outcome);
    entry.proposal.state = "closed";
    const closed = closing({ ...view(entry), outcome }, at);
    entry.recordText = closed.text;
    this.#append(closed.entry);
  }

  #append(entry: string): void {
    const { kind, proposal } = JSON.parse(entry) as AuditEvent;
    const previous = this.#log.at(-1);
    const hash = linkHash(previous?.hash ?? GENESIS_HASH, entry);
    this.#log.push({ seq: (previous?.seq ?? 0) + 1, kind, proposalId: proposal, entry, hash });
  }
}

function view(entry: Entry): Case {
  const round = entry.rounds.get(entry.proposal.round);
  if (round === undefined) throw unknownProposal(entry.proposal.id);
  return structuredClone({
    proposal: entry.proposal,
    round,
    review: entry.reviews.get(entry.proposal.round) ?? null,
    decisions: entry.decisions,
    permit: entry.permits.get(entry.proposal.round) ?? null,
    outcome: entry.outcome,
  });
}
