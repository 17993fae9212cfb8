import type { Authority } from "../authority/authority.js";
import type { StageRecord } from "../autonomy/stage-record.js";
import type { StageRule } from "../autonomy/stage-rule.js";
import type { AuditRow } from "../model/audit-event.js";
import type { Case } from "../model/case.js";
import type { Decision } from "../model/decision.js";
import type { Amount } from "../model/facts.js";
import type { Halt } from "../model/halt.js";
import type { Outcome } from "../model/outcome.js";
import type { Proposal, Round } from "../model/proposal.js";
import type { Reviewer } from "../model/reviewer.js";
import type { Fallback } from "../model/requirement.js";
import type { Address, Review, ReviewKind } from "../model/review.js";
import type { Routing } from "../model/routing.js";
import type { StageKey } from "../model/stage.js";
import type { NewFollowUp } from "./following.js";
import type { HaltRequest, LiftRequest } from "./halting.js";
import type { HistoryRequest } from "./history.js";
import type {
  HandleRequest,
  HandleResult,
  Load,
  QueueFilter,
  QueueItem,
  QueueMetrics,
  QueuePage,
  QueueRequest,
  QueueSettings,
} from "./queueing.js";
import type { RegisterRequest, SeatsRequest } from "./registering.js";
import type { SetCeilingRequest, SetStageRequest } from "./staging.js";

/**
 * Where proposals, reviews, decisions, permits and outcomes are kept: the only authority.
 *
 * Contract, checked by `ledgerContract` of `assent/testing` for every implementation:
 *
 * 1. Each method is one transaction; its audit rows are in it. What it returned is durable, if the ledger is.
 * 2. Methods are safe to call concurrently, from any number of processes, and to repeat after a lost answer: a write
 *    that was already made changes nothing and adds no audit row.
 * 3. Only `decide` issues permits of basis `decisions`; only `route` issues permits of basis `policy`.
 * 4. A permit is claimed by at most one owner at a time and spent once.
 * 5. A failure of the store is an AssentError `ledger_unavailable` or `ledger_conflict`, both retryable.
 * 6. What does not apply any more, such as asking about a closed case, changes nothing and returns the case as it is.
 *    Writing to an unknown proposal throws `proposal_unknown`; an id that nothing has finds nothing.
 * 7. Arguments, facts, context, reasons and results may hold any text. Names, ids and notes may not hold a NUL or half
 *    a surrogate pair: a write with one throws `json_invalid` and leaves nothing behind.
 *
 * 8. Whether a lease still holds is told by the ledger's own clock, the same for all its users: a worker whose clock
 *    is wrong neither loses a claim by it nor takes another's.
 *
 * Times are texts as `Date.toISOString` writes them.
 */
export interface Ledger {
  /** Whether what it keeps outlives the process. */
  readonly durable: boolean;

  /** Records a proposal. The first write of an id wins; later ones get what was recorded. */
  propose(proposal: NewProposal): Promise<Case>;
  /** Reads one case. */
  read(proposalId: string): Promise<Case | null>;
  /**
   * Binds the open, unbound proposals among `ids` to `gate` and returns, in the order of `ids`, every case that is
   * this thread's and this gate's, closed ones included. Foreign ids and those of other gates are left out.
   */
  take(request: TakeRequest): Promise<Case[]>;
  /**
   * Stores what the policy said about the current round; the first write wins. `execute` and `flag` issue a permit of basis
   * `policy`; `suggest` and `block` close the case with `outcome`.
   */
  route(request: RouteRequest): Promise<Case>;
  /**
   * Voids the unclaimed permit of a round that the policy no longer supports and opens the next round, unrouted. One
   * that is void already leads to the next round too.
   */
  reroute(request: RerouteRequest): Promise<Case>;
  /**
   * Opens the review of the current round, or moves an open one to a new address. Only the proposal's own thread may
   * ask, and only about a round that is routed and has no permit. A decided review is left as it is.
   */
  ask(request: AskRequest): Promise<Case>;
  /**
   * Writes one decision and what follows from it, if the review is still open and unchanged, its deadline has not
   * passed, and the routing and the authority let its author decide: see {@link Consequence}. The same decision again is
   * answered with what was recorded.
   */
  decide(request: DecideRequest): Promise<DecideResult>;
  /** Opens the next round, unrouted, with what the agent made of a decision `revise`; the first write wins. */
  redraft(request: RedraftRequest): Promise<Case>;
  /** Open reviews whose deadline has passed by the ledger's clock, the most overdue first. */
  due(request: { limit: number }): Promise<{ review: Review; case: Case }[]>;
  /**
   * Lets the fallback take the place of a decision, if the deadline has passed by the ledger's clock and nobody has
   * decided: see {@link Review}. Changes nothing otherwise, so it is safe to repeat and to race with decisions.
   */
  expire(request: ExpireRequest): Promise<Case>;
  /**
   * Ends an open review whose thread does not wait at `interruptId` any more: it is `withdrawn`, the case stays open
   * without a review, and asking about the same round opens it again with its whole time. Changes nothing if the review
   * is not open, has moved to another interrupt meanwhile, or was asked less than `ageMinMs` ago.
   */
  withdraw(request: WithdrawRequest): Promise<Case>;
  /** Notes an attempt that did not count. */
  refuse(request: RefuseRequest): Promise<void>;
  /**
   * Claims the permit of a round for `owner`, in one conditional update; an owner is one attempt, not one process.
   * Claiming again while the lease holds changes nothing and says that it is claimed. With `takeover`, a claim whose
   * lease ran out is taken as well. While a halt applies nothing is claimed, from the moment that `halt` returned.
   */
  claim(request: ClaimRequest): Promise<ClaimResult>;
  /** Lets a claim's lease end `leaseMs` from now; false if the claim is lost. */
  extend(request: { permitId: string; owner: string; leaseMs: number }): Promise<boolean>;
  /**
   * Records how the attempt ended, spends the permit and closes the case; the first write wins. Only the claim's owner
   * may, or, with `owner` null, anybody once the lease ran out. What follows opens with it, and only if this very call
   * spends the permit.
   */
  settle(request: SettleRequest): Promise<Case>;
  /** Opens a case that follows on a closed one, routed and asked about at once; the first write of an id wins. */
  followUp(request: NewFollowUp): Promise<Case>;

  /**
   * Sums or counts, by the names of the queries, over other proposals that were let through and are like the asker: in
   * their current round they have a permit that is not void, and the case has not ended without effect (rejected,
   * expired, blocked, failed). One that is permitted and not used up counts whatever its age, for it may run at any
   * moment; one that is used up counts while that is less than `overMs` ago by the ledger's clock. A query `per` a
   * fact that the asker does not have is left out of the answer.
   */
  history(request: HistoryRequest): Promise<Record<string, number>>;

  /** Halts a scope, in place of what halted it before; a halt that stands, of the same kind, is left as it is. */
  halt(request: HaltRequest): Promise<Halt>;
  /** Lifts the halt of exactly this scope and gives it; null if there is none. */
  lift(request: LiftRequest): Promise<Halt | null>;
  /** Every halt that stands, in the order of their ids. */
  halts(): Promise<Halt[]>;

  /** The stage of one agent and action, with what people have judged; stage 1 where nothing is known. */
  stage(of: StageKey): Promise<StageRecord>;
  /** Stages that were ever changed, in the order of their ids, after `afterId`. */
  stages(request: PageRequest): Promise<StageRecord[]>;
  /** Sets a stage; throws `stage_invalid` above the ceiling. What is so already changes nothing. */
  setStage(request: SetStageRequest): Promise<StageRecord>;
  /** Sets how far a stage may go, and takes it down to there. What is so already changes nothing. */
  setCeiling(request: SetCeilingRequest): Promise<StageRecord>;

  /** What is known of a reviewer; null for nothing. */
  reviewer(id: string): Promise<Reviewer | null>;
  /** Reviewers that are known, in the order of their ids, after `afterId`. */
  reviewers(request: PageRequest): Promise<Reviewer[]>;
  /** Takes what is said of a reviewer in place of what was known before. What is known already changes nothing. */
  register(request: RegisterRequest): Promise<Reviewer>;
  /**
   * How many seats each panel has: one for each reviewer whom it means, who decides at all, is there by the ledger's clock
   * and is not excluded, and one for everybody who has voted in it, wherever they are now.
   */
  seats(request: SeatsRequest): Promise<number[]>;

  /** A page of the open reviews; throws `query_invalid` and `cursor_invalid` for what cannot be read. */
  queue(request: QueueRequest): Promise<QueuePage>;
  /** How many open reviews fit, exactly up to 10,000. */
  queueCount(filter: QueueFilter): Promise<{ count: number; isExact: boolean }>;
  /** One open review as the queue shows it; null if there is none of this id. */
  queueItem(reviewId: string): Promise<QueueItem | null>;
  /**
   * Does something with an open review that is not to decide it; throws `query_invalid` for a lease of more than a day, or a
   * moment more than 90 days away. A vote that leaves its review open takes from its author what was theirs there.
   */
  handle(request: HandleRequest): Promise<HandleResult>;
  /** How many open reviews are whose, in the order of their ids. */
  loads(): Promise<Load[]>;
  /** What is set for the whole queue. */
  queueSettings(): Promise<QueueSettings>;
  /** Sets it; open reviews are shown or wait accordingly. */
  setQueueSettings(settings: QueueSettings): Promise<void>;
  /**
   * Brings up to date what time alone changes: urgencies, and what was put aside for long enough; and lets of each agent's
   * reviews as many show as its budget has room for.
   */
  refreshQueue(): Promise<void>;
  /** How much there is, and how fast it moved within the last so many milliseconds. */
  queueMetrics(request: { overMs: number }): Promise<QueueMetrics>;

  /** Reads one review with its case. */
  review(reviewId: string): Promise<{ review: Review; case: Case } | null>;
  /** Lists reviews, oldest first. */
  reviews(filter: ReviewFilter): Promise<{ review: Review; case: Case }[]>;
  /**
   * Cases whose thread does not wait for a person and has not been seen to finish, oldest first; without those whose
   * review was withdrawn.
   */
  undelivered(request: { limit: number }): Promise<Proposal[]>;
  /** Notes that a thread was seen to finish: the outcomes of its closed cases have arrived. */
  delivered(threadId: string): Promise<void>;

  /** Rows of the audit log in order, after `afterSeq`, all or one proposal's. */
  auditRows(request: { afterSeq: number; limit: number; proposalId?: string }): Promise<AuditRow[]>;
  /** The stored record of a closed case, as its canonical text. */
  caseRecordText(auditId: string): Promise<{ proposalId: string; text: string } | null>;
  /** The stored records of closed cases, as their canonical texts, in the order of proposal ids, after `afterId`. */
  closedCases(request: PageRequest): Promise<ClosedCase[]>;
  /** Every case, open or closed, all or one thread's, in the order of proposal ids, after `afterId`. */
  cases(request: PageRequest & { threadId?: string }): Promise<Case[]>;
  /** Where the audit log ends; `seq` 0 and the hash before the first row while it is empty. */
  auditHead(): Promise<{ seq: number; hash: string }>;
  /** Releases what the ledger holds of its own. */
  close(): Promise<void>;
}

/** A page of what is ordered by ids, proposals' unless said. */
export interface PageRequest {
  /** Only what comes after this id; empty for the first page. */
  afterId: string;
  limit: number;
}

/** What is stored of a closed case. */
export interface ClosedCase {
  proposalId: string;
  auditId: string;
  /** The canonical text of the case record. */
  text: string;
}

/** A proposal to record. */
export interface NewProposal {
  proposal: Omit<Proposal, "gate" | "round" | "state">;
  round: Round;
}

/** Which proposals a gate takes. */
export interface TakeRequest {
  threadId: string;
  gate: string;
  ids: readonly string[];
  /** Only proposals of this action. */
  action?: string;
}

/** A policy's word on a round. */
export interface RouteRequest {
  proposalId: string;
  round: number;
  routing: Routing;
  /** How the case ends if the route is `suggest` or `block`. */
  outcome: Outcome | null;
  at: string;
}

/** A round that has to be routed again. */
export interface RerouteRequest {
  proposalId: string;
  /** The round whose permit no longer holds. */
  round: number;
  reason: string;
  at: string;
}

/** A thread asking for a review. */
export interface AskRequest {
  proposalId: string;
  round: number;
  gate: string;
  kind: ReviewKind;
  address: Address;
  /** How long there is to decide, from the first time it is asked; null for as long as it takes. */
  withinMs: number | null;
  /** What happens when nobody has decided by then. */
  otherwise: Fallback;
  /** Why it asks again. */
  reason: string | null;
  at: string;
}

/** One decision with everything that it causes. */
export interface DecideRequest {
  decision: Decision;
  /** The review's version that was seen; left out, any. */
  version?: number;
  /** The digest that was quoted. */
  digest: string;
  /** What was read for it: a ledger that finds nothing changed since need not read it again. */
  seen?: { review: Review; case: Case };
  /**
   * In open trust: whether the answer names its review. One that does not is refused while the thread has several
   * open reviews, because a client may have sent it to all of them.
   */
  answered?: { named: boolean };
  /** For `modify` and `answer`: the next round, already routed, and whether its author may let it run. */
  next?: { round: Round; permitted: boolean };
  /** Who may let how much run; the default one if left out. */
  authority?: Authority;
  /** What it lets run is worth, as its action works that out from the arguments; what is recorded, if left out. */
  amount?: Amount | null;
  /** For a vote: how the case ends if the votes refuse it. A rejection has it as its outcome. */
  refusal?: Outcome;
  /** For `escalate`: who decides next has this much time; null if there is nobody. */
  escalation?: { withinMs: number | null; otherwise: Fallback } | null;
  /** Moves the stage of the case's agent and action, if this decision is the first to judge the case. */
  stageRule?: StageRule;
  /** For what ends the case at once (`reject`, a `modify` that is blocked, what a person does instead of the agent). */
  outcome: Outcome | null;
}

/** What became of a decision. */
export type DecideResult =
  | { ok: true; case: Case; repeated: boolean }
  | {
      ok: false;
      why: "unknown" | "closed" | "late" | "changed" | "digest" | "ambiguous" | "forbidden";
      /** For `forbidden`: why its author may not say this. */
      because?: string;
      case: Case | null;
    };

/** What an agent made of what a person asked it to change. */
export interface RedraftRequest {
  proposalId: string;
  /** The round of which a person asked for another draft. */
  round: number;
  next: Round;
  at: string;
}

/** A deadline that has passed. */
export interface ExpireRequest {
  reviewId: string;
  /** How the case ends if the fallback is `reject`. */
  outcome: Outcome;
  /** Who decides next, and by when, if the fallback is `escalate`; null holds it. */
  next: { withinMs: number | null; otherwise: Fallback } | null;
  at: string;
}

/** A review that nobody waits for. */
export interface WithdrawRequest {
  reviewId: string;
  /** Where the thread was seen not to wait. */
  interruptId: string;
  /** How long ago it must have been asked last, in milliseconds and by the ledger's clock. */
  ageMinMs: number;
  /** What was seen instead, for the log. */
  reason: string;
  at: string;
}

/** An attempt that did not count. */
export interface RefuseRequest {
  proposalId: string;
  what: "answer" | "decision" | "claim";
  reason: string;
  /** Who tried, as far as that is known. */
  by: string | null;
  at: string;
}

/** An attempt to take a permit. */
export interface ClaimRequest {
  proposalId: string;
  threadId: string;
  round: number;
  /** Digest of the arguments that are about to be run. */
  argsDigest: string;
  owner: string;
  /** How long the claim holds, from now, without a sign of life. */
  leaseMs: number;
  /** When the claimant asked, by its own clock: for the log. */
  at: string;
  /** Whether a claim whose lease ran out may be taken over. */
  takeover: boolean;
}

/** Whether the permit was taken, and the case as it then is. */
export interface ClaimResult {
  claimed: boolean;
  /** Whether somebody holds a claim whose lease has run out. */
  lapsed: boolean;
  /** Where nothing was claimed: the halt that applies, if there is one. */
  halt?: Halt;
  case: Case | null;
}

/** The end of an attempt. */
export interface SettleRequest {
  proposalId: string;
  round: number;
  /** The claim's owner; null settles a claim whose lease ran out (in doubt). */
  owner: string | null;
  outcome: Outcome;
  at: string;
  /** The cases that open with this end; none if left out. */
  followUps?: readonly NewFollowUp[];
}

/** Which reviews to list. */
export interface ReviewFilter {
  status?: Review["status"];
  threadId?: string;
  limit: number;
  /** Only reviews asked after this one, for paging. */
  after?: { askedAt: string; id: string };
}
