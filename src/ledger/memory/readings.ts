import type { StageRecord } from "../../autonomy/stage-record.js";
import type { AuditRow } from "../../model/audit-event.js";
import { auditId, type Case } from "../../model/case.js";
import { type Clock } from "../../model/clock.js";
import type { Halt } from "../../model/halt.js";
import type { Proposal } from "../../model/proposal.js";
import type { Review } from "../../model/review.js";
import type { Reviewer } from "../../model/reviewer.js";
import type { StageKey } from "../../model/stage.js";
import type { HistoryRequest } from "../history.js";
import type { ClosedCase, Ledger, PageRequest, ReviewFilter } from "../ledger.js";
import type {
  Load,
  QueueFilter,
  QueueItem,
  QueueMetrics,
  QueuePage,
  QueueRequest,
  QueueSettings,
} from "../queueing.js";
import type { SeatsRequest } from "../registering.js";
import { view, type Entry } from "./entry.js";
import { MemoryHalts } from "./halts.js";
import { historyOf } from "./history.js";
import { byAge, byId, dueReviews, findReview, reviewsOf } from "./listing.js";
import { MemoryLog } from "./log.js";
import { MemoryQueue } from "./queue.js";
import { metricsOf } from "./queue-metrics.js";
import { MemoryReviewers } from "./reviewers.js";
import { MemoryStages } from "./stages.js";

/** What reads a memory ledger, and changes nothing but which threads were seen to finish. What it gives are copies. */
export class MemoryReadings {
  protected readonly kept = new Map<string, Entry>();
  protected readonly log = new MemoryLog();
  protected readonly halted = new MemoryHalts(this.log);
  protected readonly staged = new MemoryStages();
  protected readonly known = new MemoryReviewers(this.log);
  protected readonly queued = new MemoryQueue();
  protected readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  async read(proposalId: string): Promise<Case | null> {
    const entry = this.kept.get(proposalId);
    return entry === undefined ? null : view(entry);
  }

  async due({ limit }: { limit: number }): Promise<{ review: Review; case: Case }[]> {
    return dueReviews(this.kept.values(), this.in(0), limit);
  }

  async history(request: HistoryRequest): Promise<Record<string, number>> {
    return historyOf(this.kept.values(), request, this.clock.now().getTime());
  }

  async halts(): Promise<Halt[]> {
    return this.halted.all();
  }

  async stage(of: StageKey): Promise<StageRecord> {
    return this.staged.record(of);
  }

  async stages({ afterId, limit }: PageRequest): Promise<StageRecord[]> {
    return this.staged.list(afterId, limit);
  }

  async queue(request: QueueRequest): Promise<QueuePage> {
    return this.queued.page(this.kept.values(), request, this.in(0));
  }

  async queueCount(filter: QueueFilter): Promise<{ count: number; isExact: boolean }> {
    return this.queued.count(this.kept.values(), filter, this.in(0));
  }

  async queueItem(reviewId: string): Promise<QueueItem | null> {
    return this.queued.item(this.kept.values(), reviewId, this.in(0));
  }

  async loads(): Promise<Load[]> {
    return this.queued.loads(this.kept.values(), this.in(0));
  }

  async queueSettings(): Promise<QueueSettings> {
    return this.queued.settings();
  }

  async queueMetrics({ overMs }: { overMs: number }): Promise<QueueMetrics> {
    const now = this.in(0);
    return metricsOf(this.kept.values(), this.queued.all(this.kept.values(), now), { overMs, now });
  }

  /** Nothing is stored here that time alone changes. */
  async refreshQueue(): Promise<void> {}

  async reviewer(id: string): Promise<Reviewer | null> {
    return this.known.get(id);
  }

  async reviewers({ afterId, limit }: PageRequest): Promise<Reviewer[]> {
    return this.known.list(afterId, limit);
  }

  async seats(request: SeatsRequest): Promise<number[]> {
    return this.known.seats(request, this.in(0));
  }

  async review(reviewId: string): Promise<{ review: Review; case: Case } | null> {
    const found = findReview(this.kept.values(), reviewId);
    return found === undefined ? null : { review: structuredClone(found.review), case: view(found.entry) };
  }

  async reviews(filter: ReviewFilter): Promise<{ review: Review; case: Case }[]> {
    return reviewsOf(this.kept.values(), filter);
  }

  async undelivered({ limit }: { limit: number }): Promise<Proposal[]> {
    return [...this.kept.values()]
      .filter((entry) => !entry.delivered && !waitsForReview(entry))
      .toSorted(byAge)
      .slice(0, limit)
      .map((entry) => structuredClone(entry.proposal));
  }

  async delivered(threadId: string): Promise<void> {
    for (const entry of this.kept.values()) {
      if (entry.proposal.threadId === threadId && entry.proposal.state === "closed") entry.delivered = true;
    }
  }

  async auditRows({ afterSeq, limit, proposalId }: Parameters<Ledger["auditRows"]>[0]): Promise<AuditRow[]> {
    return this.log.rows(afterSeq, limit, proposalId);
  }

  async caseRecordText(id: string): Promise<{ proposalId: string; text: string } | null> {
    for (const { proposal, recordText } of this.kept.values()) {
      if (recordText !== null && auditId(proposal.id) === id) return { proposalId: proposal.id, text: recordText };
    }
    return null;
  }

  async closedCases({ afterId, limit }: PageRequest): Promise<ClosedCase[]> {
    return [...this.kept.values()]
      .filter(({ proposal }) => proposal.id > afterId)
      .toSorted(byId)
      .flatMap(({ proposal: { id }, recordText: text }) =>
        text === null ? [] : [{ proposalId: id, auditId: auditId(id), text }],
      )
      .slice(0, limit);
  }

  async cases({ afterId, limit, threadId }: PageRequest & { threadId?: string }): Promise<Case[]> {
    const later = [...this.kept.values()].filter(
      ({ proposal }) => proposal.id > afterId && (threadId === undefined || proposal.threadId === threadId),
    );
    return later.toSorted(byId).slice(0, limit).map(view);
  }

  async auditHead(): Promise<{ seq: number; hash: string }> {
    return this.log.head();
  }

  protected in(ms: number): string {
    return new Date(this.clock.now().getTime() + ms).toISOString();
  }

  async close(): Promise<void> {}
}

/** Whether a case has a review that is not at its end. */
function waitsForReview({ reviews, proposal }: Entry): boolean {
  const status = reviews.get(proposal.round)?.status;
  return status === "open" || status === "withdrawn";
}
