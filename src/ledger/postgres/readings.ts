import type { StageRecord } from "../../autonomy/stage-record.js";
import { GENESIS_HASH, type AuditRow } from "../../model/audit-event.js";
import type { Case } from "../../model/case.js";
import type { Clock } from "../../model/clock.js";
import type { Halt } from "../../model/halt.js";
import { AssentError } from "../../model/error.js";
import { type Proposal } from "../../model/proposal.js";
import type { Review } from "../../model/review.js";
import type { Reviewer } from "../../model/reviewer.js";
import type { StageKey } from "../../model/stage.js";
import type { HistoryRequest } from "../history.js";
import type { ClosedCase, Ledger, PageRequest, ReviewFilter } from "../ledger.js";
import {
  DEFAULT_SETTINGS,
  type Load,
  type QueueFilter,
  type QueueItem,
  type QueueMetrics,
  type QueuePage,
  type QueueRequest,
  type QueueSettings,
} from "../queueing.js";
import type { SeatsRequest } from "../registering.js";
import { isPlainText } from "../plain-text.js";
import { unknownProposal } from "../unknown-proposal.js";
import { readHistory } from "./history.js";
import { haltsSql } from "./queries/halts.js";
import {
  auditHeadSql,
  auditRowsOfSql,
  auditRowsSql,
  caseRecordSql,
  casesOfThreadSql,
  casesSql,
  closedCasesSql,
  deliveredSql,
  dueSql,
  reviewSql,
  reviewsQuery,
  undeliveredSql,
} from "./queries/list.js";
import { loadsSql, settingsSql } from "./queries/queue.js";
import { queueMetricsSql } from "./queries/queue-metrics.js";
import { readCaseSql } from "./queries/read-case.js";
import { stagesSql } from "./queries/stages.js";
import { reviewersSql } from "./queries/reviewers.js";
import { countQueue, readItem, readQueue } from "./queue.js";
import { readReviewer, readSeats } from "./reviewers.js";
import { readStage } from "./stages.js";
import { once, type Connection, type Run } from "./transaction.js";

/** What reads the ledger in Postgres, and changes nothing but which threads were seen to finish. */
export class PostgresReadings {
  protected readonly connection: Connection;
  protected readonly schema: string;
  protected readonly clock: Clock | undefined;

  constructor(connection: Connection, schema: string, clock: Clock | undefined) {
    this.connection = connection;
    this.schema = schema;
    this.clock = clock;
  }

  /** Runs one statement in a transaction of its own. */
  protected readonly run: Run = (text, values = []) => once(this.connection, text, values);

  async read(proposalId: string): Promise<Case | null> {
    if (!isPlainText(proposalId)) return null;
    const [row] = await this.once<{ doc: Case }>(readCaseSql, [proposalId]);
    return row?.doc ?? null;
  }

  async review(reviewId: string): Promise<{ review: Review; case: Case } | null> {
    if (!isPlainText(reviewId)) return null;
    const [row] = await this.once<{ review: Review; case: Case }>(reviewSql, [reviewId]);
    return row ?? null;
  }

  async queue(request: QueueRequest): Promise<QueuePage> {
    return readQueue(this.run, this.schema, request, this.now());
  }

  async queueCount(filter: QueueFilter): Promise<{ count: number; isExact: boolean }> {
    return countQueue(this.run, this.schema, filter);
  }

  async queueItem(reviewId: string): Promise<QueueItem | null> {
    return readItem(this.run, this.schema, reviewId, this.now());
  }

  async loads(): Promise<Load[]> {
    return this.once<Load>(loadsSql, []);
  }

  async queueSettings(): Promise<QueueSettings> {
    return (await this.once<QueueSettings>(settingsSql, []))[0] ?? DEFAULT_SETTINGS;
  }

  async queueMetrics({ overMs }: { overMs: number }): Promise<QueueMetrics> {
    const [row] = await this.once<{ metrics: QueueMetrics }>(queueMetricsSql, [overMs, this.now()]);
    if (row === undefined) throw new AssentError("ledger_conflict", { what: "The queue's metrics cannot be read" });
    return row.metrics;
  }

  async reviewer(id: string): Promise<Reviewer | null> {
    return readReviewer(this.run, this.schema, id);
  }

  async reviewers({ afterId, limit }: PageRequest): Promise<Reviewer[]> {
    return (await this.once<{ doc: Reviewer }>(reviewersSql, [afterId, limit])).map(({ doc }) => doc);
  }

  async seats(request: SeatsRequest): Promise<number[]> {
    return readSeats(this.run, this.schema, request, this.now());
  }

  async reviews(filter: ReviewFilter): Promise<{ review: Review; case: Case }[]> {
    const { text, values } = reviewsQuery(this.schema, filter);
    return once(this.connection, text, values);
  }

  async due({ limit }: { limit: number }): Promise<{ review: Review; case: Case }[]> {
    return this.once(dueSql, [limit, this.now()]);
  }

  async undelivered({ limit }: { limit: number }): Promise<Proposal[]> {
    return (await this.once<{ proposal: Proposal }>(undeliveredSql, [limit])).map((row) => row.proposal);
  }

  async delivered(threadId: string): Promise<void> {
    await this.once(deliveredSql, [threadId]);
  }

  async history(request: HistoryRequest): Promise<Record<string, number>> {
    return readHistory(this.connection, this.schema, request, this.now());
  }

  async halts(): Promise<Halt[]> {
    return (await this.once<{ doc: Halt }>(haltsSql, [])).map(({ doc }) => doc);
  }

  async stage(of: StageKey): Promise<StageRecord> {
    return readStage(this.run, this.schema, of);
  }

  async stages({ afterId, limit }: PageRequest): Promise<StageRecord[]> {
    return (await this.once<{ doc: StageRecord }>(stagesSql, [afterId, limit])).map(({ doc }) => doc);
  }

  async auditRows({ afterSeq, limit, proposalId }: Parameters<Ledger["auditRows"]>[0]): Promise<AuditRow[]> {
    const page = [afterSeq, limit];
    return proposalId === undefined ? this.once(auditRowsSql, page) : this.once(auditRowsOfSql, [...page, proposalId]);
  }

  async caseRecordText(auditId: string): Promise<{ proposalId: string; text: string } | null> {
    if (!isPlainText(auditId)) return null;
    const [row] = await this.once<{ proposalId: string; text: string }>(caseRecordSql, [auditId]);
    return row ?? null;
  }

  async closedCases({ afterId, limit }: PageRequest): Promise<ClosedCase[]> {
    return this.once<ClosedCase>(closedCasesSql, [afterId, limit]);
  }

  async cases({ afterId, limit, threadId }: PageRequest & { threadId?: string }): Promise<Case[]> {
    const page = [afterId, limit];
    const rows =
      threadId === undefined
        ? await this.once<{ doc: Case }>(casesSql, page)
        : await this.once<{ doc: Case }>(casesOfThreadSql, [...page, threadId]);
    return rows.map((row) => row.doc);
  }

  async auditHead(): Promise<{ seq: number; hash: string }> {
    const [head] = await this.once<{ seq: number; hash: string }>(auditHeadSql, []);
    return head ?? { seq: 0, hash: GENESIS_HASH };
  }

  protected async once<Row extends object>(sql: (schema: string) => string, values: unknown[]): Promise<Row[]> {
    return once<Row>(this.connection, sql(this.schema), values);
  }

  /** The time that leases are told by; null for the database's own. */
  protected now(): string | null {
    return this.clock?.now().toISOString() ?? null;
  }

  protected async mustRead(proposalId: string): Promise<Case> {
    const found = await this.read(proposalId);
    if (found === null) throw unknownProposal(proposalId);
    return found;
  }
}
