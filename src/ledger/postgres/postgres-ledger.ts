import type { Pool } from "pg";
import { GENESIS_HASH, type AuditRow } from "../../model/audit-event.js";
import type { Case } from "../../model/case.js";
import type { Clock } from "../../model/clock.js";
import { identifier } from "../../model/identifier.js";
import { reviewDigest, type Proposal } from "../../model/proposal.js";
import type { Review } from "../../model/review.js";
import { isAutomatic } from "../../model/routing.js";
import { holdsClaim } from "../claiming.js";
import { judgeDecision, permittedRound } from "../deciding.js";
import {
  askedEntry,
  claimedEntry,
  decidedEntries,
  newPermit,
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
  isPlainText,
  requireAskText,
  requireClaimText,
  requireDecisionText,
  requireProposalText,
  requireTakeText,
} from "../plain-text.js";
import { unknownProposal } from "../unknown-proposal.js";
import { askSql } from "./queries/ask.js";
import { claimedCaseSql, claimSql, extendSql, spendSql } from "./queries/claim.js";
import { lockReviewSql, reviewProposalSql } from "./queries/decide.js";
import {
  auditHeadSql,
  auditRowsSql,
  caseRecordSql,
  casesSql,
  closedCasesSql,
  deliveredSql,
  reviewSql,
  reviewsSql,
  undeliveredSql,
} from "./queries/list.js";
import { proposeSql } from "./queries/propose.js";
import { lockProposalSql, readCaseSql } from "./queries/read-case.js";
import { nextRoundSql, routeSql, voidPermitSql } from "./queries/route.js";
import { entryKnownSql } from "./queries/settle.js";
import { bindSql, takenSql } from "./queries/take.js";
import { quoteSchema } from "./schema.js";
import { connection, inTransaction, once, type Connection, type Run } from "./transaction.js";
import { append, closeCase, issue, readCase, recordDecision } from "./writes.js";

/** Where the ledger lives. */
export interface PostgresLedgerOptions {
  /** Your pool; give it an `error` listener. The ledger never ends it. */
  pool: Pool;
  /** The schema that `migrate` made; `assent` unless said. */
  schema?: string;
  /** How long a statement may take before it counts as failed and its connection as broken; 30,000 unless said. */
  statementMs?: number;
  /** For tests: tells whether leases still hold, instead of the database's own clock. */
  clock?: Clock;
}

/**
 * The ledger in Postgres: durable, shared by any number of processes. Run `migrate({ pool, schema })`, or
 * `assent migrate`, once before.
 *
 * Locks are always taken in one order (proposal, review, head of the audit log), so its transactions do not deadlock
 * on each other.
 *
 * Whether a lease holds is told by the database's clock alone, so no worker's clock matters.
 *
 * @throws AssentError `config_invalid` for a schema name that cannot be used.
 */
export function postgresLedger({ pool, schema = "assent", statementMs, clock }: PostgresLedgerOptions): Ledger {
  return new PostgresLedger(connection(pool, statementMs), quoteSchema(schema), clock);
}

class PostgresLedger implements Ledger {
  readonly durable = true;
  readonly #connection: Connection;
  readonly #schema: string;
  readonly #clock: Clock | undefined;

  constructor(connection: Connection, schema: string, clock: Clock | undefined) {
    this.#connection = connection;
    this.#schema = schema;
    this.#clock = clock;
  }

  async propose(request: NewProposal): Promise<Case> {
    requireProposalText(request);
    const { proposal, round } = request;
    const { kind, text } = proposedEntry(request);
    await this.#once(proposeSql, [
      proposal.id,
      proposal.threadId,
      proposal.action,
      proposal.agent,
      proposal.requestedBy,
      proposal.trust,
      round.round,
      proposal.proposedAt,
      JSON.stringify(round.args),
      round.argsDigest,
      JSON.stringify(round.facts),
      JSON.stringify(round.display),
      round.displayDigest,
      kind,
      text,
    ]);
    return this.#read(proposal.id);
  }

  async read(proposalId: string): Promise<Case | null> {
    if (!isPlainText(proposalId)) return null;
    const [row] = await this.#once<{ doc: Case }>(readCaseSql, [proposalId]);
    return row?.doc ?? null;
  }

  async take(request: TakeRequest): Promise<Case[]> {
    requireTakeText(request);
    const { threadId, gate, ids, action } = request;
    const values = [threadId, gate, [...new Set(ids)].filter(isPlainText), action ?? null];
    await this.#once(bindSql, values);
    const rows = await this.#once<{ doc: Case }>(takenSql, values);
    return rows.map((row) => row.doc);
  }

  async route(request: RouteRequest): Promise<Case> {
    const { proposalId, routing, outcome, at } = request;
    return this.#transaction(proposalId, async (run, schema) => {
      const values = [proposalId, request.round, JSON.stringify(routing)];
      const [round] = await run<{ round: number; argsDigest: string }>(routeSql(schema), values);
      if (round === undefined) return;
      const entries = [routedEntry(request)];
      if (isAutomatic(routing.route)) {
        entries.push(await issue(run, schema, newPermit(proposalId, round, "policy", at)));
      }
      if (outcome !== null) entries.push(await closeCase(run, schema, proposalId, outcome, at));
      await append(run, schema, entries);
    });
  }

  async reroute(request: RerouteRequest): Promise<Case> {
    const { proposalId, round } = request;
    return this.#transaction(proposalId, async (run, schema) => {
      const voided = await run(voidPermitSql(schema), [proposalId, round]);
      if (voided.length === 0) return;
      await run(nextRoundSql(schema), [proposalId, round]);
      await append(run, schema, [voidedEntry(request)]);
    });
  }

  async ask(request: AskRequest): Promise<Case> {
    requireAskText(request);
    const { proposalId, round, gate, address, at } = request;
    const current = await this.#read(proposalId);
    if (current.round.round !== round) return current;
    const id = identifier("review", [proposalId, round]);
    const { kind, text } = askedEntry(request, id);
    await this.#once(askSql, [
      id,
      proposalId,
      round,
      reviewDigest(proposalId, current.round),
      gate,
      address.threadId,
      address.checkpointNs,
      address.checkpointId,
      address.interruptId,
      at,
      kind,
      text,
    ]);
    return this.#read(proposalId);
  }

  async decide(request: DecideRequest): Promise<DecideResult> {
    requireDecisionText(request);
    const { decision, outcome } = request;
    const [owner] = await this.#once<{ proposalId: string }>(reviewProposalSql, [
      isPlainText(decision.reviewId) ? decision.reviewId : "",
    ]);
    if (owner === undefined) return { ok: false, why: "unknown", case: null };
    const refusal = await this.#locked(owner.proposalId, async (run, schema) => {
      const held = await readCase(run, schema, owner.proposalId);
      const [locked] = await run<{ review: Review; openOnThread: number }>(lockReviewSql(schema), [decision.reviewId]);
      if (locked === undefined) return { ok: false, why: "unknown", case: null } as const;
      const verdict = judgeDecision(request, { ...locked, case: held });
      if (!verdict.counts) return verdict.result;
      await recordDecision(run, schema, request);
      const entries = decidedEntries(request);
      const permitted = permittedRound(request, held);
      if (permitted !== null) {
        const permit = newPermit(owner.proposalId, permitted, "decisions", decision.decidedAt);
        entries.push(await issue(run, schema, permit));
      }
      if (outcome !== null) {
        entries.push(await closeCase(run, schema, owner.proposalId, outcome, decision.decidedAt));
      }
      await append(run, schema, entries);
      return null;
    });
    return refusal ?? { ok: true, case: await this.#read(owner.proposalId), repeated: false };
  }

  async refuse(request: RefuseRequest): Promise<void> {
    const entry = refusedEntry(request);
    await this.#locked(request.proposalId, async (run, schema) => {
      const known = await run(entryKnownSql(schema), [entry.proposalId, entry.text]);
      if (known.length === 0) await append(run, schema, [entry]);
    });
  }

  async claim(request: ClaimRequest): Promise<ClaimResult> {
    requireClaimText(request);
    const { proposalId, threadId, round, argsDigest, owner, leaseMs, takeover } = request;
    const { kind, text } = claimedEntry(request);
    const won = await this.#once(claimSql, [
      proposalId,
      threadId,
      round,
      argsDigest,
      owner,
      leaseMs,
      takeover,
      kind,
      text,
      this.#now(),
    ]);
    const [found] = isPlainText(proposalId)
      ? await this.#once<{ doc: Case; lapsed: boolean }>(claimedCaseSql, [proposalId, this.#now()])
      : [];
    if (found === undefined) return { claimed: false, lapsed: false, case: null };
    const { doc, lapsed } = found;
    return { claimed: won.length > 0 || holdsClaim(request, doc, lapsed), lapsed, case: doc };
  }

  async extend({ permitId, owner, leaseMs }: Parameters<Ledger["extend"]>[0]): Promise<boolean> {
    return (await this.#once(extendSql, [permitId, owner, leaseMs, this.#now()])).length > 0;
  }

  async settle({ proposalId, round, owner, outcome, at }: SettleRequest): Promise<Case> {
    return this.#transaction(proposalId, async (run, schema) => {
      const spent = await run(spendSql(schema), [proposalId, round, owner, this.#now()]);
      if (spent.length === 0) return;
      await append(run, schema, [await closeCase(run, schema, proposalId, outcome, at)]);
    });
  }

  async review(reviewId: string): Promise<{ review: Review; case: Case } | null> {
    if (!isPlainText(reviewId)) return null;
    const [row] = await this.#once<{ review: Review; case: Case }>(reviewSql, [reviewId]);
    return row ?? null;
  }

  async reviews({ status, threadId, limit, after }: ReviewFilter): Promise<{ review: Review; case: Case }[]> {
    return this.#once(reviewsSql, [status ?? null, threadId ?? null, after?.askedAt ?? null, after?.id ?? null, limit]);
  }

  async undelivered({ limit }: { limit: number }): Promise<Proposal[]> {
    return (await this.#once<{ proposal: Proposal }>(undeliveredSql, [limit])).map((row) => row.proposal);
  }

  async delivered(threadId: string): Promise<void> {
    await this.#once(deliveredSql, [threadId]);
  }

  async auditRows({ afterSeq, limit, proposalId }: Parameters<Ledger["auditRows"]>[0]): Promise<AuditRow[]> {
    return this.#once(auditRowsSql, [afterSeq, proposalId ?? null, limit]);
  }

  async caseRecordText(auditId: string): Promise<{ proposalId: string; text: string } | null> {
    if (!isPlainText(auditId)) return null;
    const [row] = await this.#once<{ proposalId: string; text: string }>(caseRecordSql, [auditId]);
    return row ?? null;
  }

  async closedCases({ afterId, limit }: PageRequest): Promise<ClosedCase[]> {
    return this.#once<ClosedCase>(closedCasesSql, [afterId, limit]);
  }

  async cases({ afterId, limit, threadId }: PageRequest & { threadId?: string }): Promise<Case[]> {
    return (await this.#once<{ doc: Case }>(casesSql, [afterId, limit, threadId ?? null])).map((row) => row.doc);
  }

  async auditHead(): Promise<{ seq: number; hash: string }> {
    const [head] = await this.#once<{ seq: number; hash: string }>(auditHeadSql, []);
    return head ?? { seq: 0, hash: GENESIS_HASH };
  }

  async close(): Promise<void> {}

  async #once<Row extends object>(sql: (schema: string) => string, values: unknown[]): Promise<Row[]> {
    return once<Row>(this.#connection, sql(this.#schema), values);
  }

  /** The time that leases are told by; null for the database's own. */
  #now(): string | null {
    return this.#clock?.now().toISOString() ?? null;
  }

  async #read(proposalId: string): Promise<Case> {
    const found = await this.read(proposalId);
    if (found === null) throw unknownProposal(proposalId);
    return found;
  }

  /** Works on one proposal under its row lock, alone. */
  async #locked<Result>(proposalId: string, work: (run: Run, schema: string) => Promise<Result>): Promise<Result> {
    return inTransaction(this.#connection, async (run) => {
      const locked = await run(lockProposalSql(this.#schema), [proposalId]);
      if (locked.length === 0) throw unknownProposal(proposalId);
      return work(run, this.#schema);
    });
  }

  async #transaction(proposalId: string, work: (run: Run, schema: string) => Promise<void>): Promise<Case> {
    return this.#locked(proposalId, async (run, schema) => {
      await work(run, schema);
      return readCase(run, schema, proposalId);
    });
  }
}
