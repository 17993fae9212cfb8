import type { Pool } from "pg";
import type { StageRecord } from "../../autonomy/stage-record.js";
import type { Case } from "../../model/case.js";
import type { Clock } from "../../model/clock.js";
import type { Halt } from "../../model/halt.js";
import { identifier } from "../../model/identifier.js";
import { reviewDigest } from "../../model/proposal.js";
import type { Reviewer } from "../../model/reviewer.js";
import { isAutomatic } from "../../model/routing.js";
import { holdsClaim } from "../claiming.js";
import { afterDeadline, awaitsDraft } from "../deciding.js";
import type { NewFollowUp } from "../following.js";
import { requireHaltText, type HaltRequest, type LiftRequest } from "../halting.js";
import {
  askedEntry,
  claimedEntry,
  expiredEntry,
  newPermit,
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
  isPlainText,
  requireAskText,
  requireClaimText,
  requireDecisionText,
  requireFollowUpText,
  requirePlainText,
  requireProposalText,
  requireTakeText,
} from "../plain-text.js";
import type { HandleRequest, HandleResult, QueueSettings } from "../queueing.js";
import { requireHandling } from "../queue-requests.js";
import { requireReviewer, type RegisterRequest } from "../registering.js";
import { requireStageText, type SetCeilingRequest, type SetStageRequest } from "../staging.js";
import { unknownProposal, unknownReview } from "../unknown-proposal.js";
import { canWithdraw } from "../withdrawing.js";
import { decide, lockReview } from "./deciding.js";
import { appendFollowUps, openFollowUps } from "./following.js";
import { keepHalt, liftHalt } from "./halts.js";
import { askSql } from "./queries/ask.js";
import { claimedCaseSql, claimSql, extendSql, spendSql } from "./queries/claim.js";
import { reviewExpiredSql, reviewProposalSql, reviewWithdrawnSql } from "./queries/decide.js";
import { setSettingsSql } from "./queries/queue.js";
import { proposeSql, proposeValues } from "./queries/propose.js";
import { lockProposalSql } from "./queries/read-case.js";
import { nextRoundSql, routeSql, voidPermitSql } from "./queries/route.js";
import { entryKnownSql } from "./queries/settle.js";
import { bindSql, takenSql } from "./queries/take.js";
import { quoteSchema } from "./schema.js";
import { handle, refreshQueue } from "./queue.js";
import { register } from "./reviewers.js";
import { setStage } from "./stages.js";
import { connection, inTransaction, type Run } from "./transaction.js";
import { addRound, append, closeCase, issue, readCase } from "./writes.js";
import { PostgresReadings } from "./readings.js";

/** Where the ledger lives. */
export interface PostgresLedgerOptions {
  /** Your pool; give it an `error` listener. The ledger never ends it. */
  pool: Pool;
  /** The schema that `migrate` made; `assent` unless said. */
  schema?: string;
  /** How long a statement may take before it counts as failed and its connection as broken; 30,000 unless said. */
  statementMs?: number;
  /**
   * Whether each connection prepares a statement once, which halves what it costs; true unless said. Say false behind a
   * pooler that gives every transaction another connection and does not know prepared statements.
   */
  prepares?: boolean;
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
 * Keep the pool's connections (`idleTimeoutMillis` of minutes): a new one takes a tenth of a second to plan its first
 * statements, so giving them up after pg's ten seconds makes the first decisions after a quiet time slow.
 *
 * Whether a lease holds is told by the database's clock alone, so no worker's clock matters.
 *
 * @throws AssentError `config_invalid` for a schema name that cannot be used.
 */
export function postgresLedger(options: PostgresLedgerOptions): Ledger {
  const { pool, schema = "assent", statementMs, prepares, clock } = options;
  return new PostgresLedger(connection(pool, statementMs, prepares), quoteSchema(schema), clock);
}

interface ClaimedCase {
  doc: Case;
  lapsed: boolean;
  halt: Halt | null;
}

class PostgresLedger extends PostgresReadings implements Ledger {
  readonly durable = true;

  async propose(request: NewProposal): Promise<Case> {
    requireProposalText(request);
    await this.once(proposeSql, proposeValues(request));
    return this.mustRead(request.proposal.id);
  }

  async take(request: TakeRequest): Promise<Case[]> {
    requireTakeText(request);
    const { threadId, gate, ids, action } = request;
    const values = [threadId, gate, [...new Set(ids)].filter(isPlainText), action ?? null];
    await this.once(bindSql, values);
    const rows = await this.once<{ doc: Case }>(takenSql, values);
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
    const current = await this.mustRead(proposalId);
    if (current.round.round !== round) return current;
    const id = identifier("review", [proposalId, round]);
    const { kind, text } = askedEntry(request, id);
    await this.once(askSql, [
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
      request.kind,
      request.withinMs,
      request.otherwise,
      this.now(),
    ]);
    return this.mustRead(proposalId);
  }

  async decide(request: DecideRequest): Promise<DecideResult> {
    requireDecisionText(request);
    return decide(this.connection, this.schema, request, this.now());
  }

  async redraft(request: RedraftRequest): Promise<Case> {
    const { proposalId, round, next } = request;
    return this.#transaction(proposalId, async (run, schema) => {
      if (!awaitsDraft(await readCase(run, schema, proposalId), round)) return;
      await addRound(run, schema, proposalId, { ...next, routing: null });
      await append(run, schema, [redraftedEntry(request)]);
    });
  }

  async expire({ reviewId, outcome, next, at }: ExpireRequest): Promise<Case> {
    const proposalId = await this.#proposalOf(reviewId);
    if (proposalId === undefined) throw unknownReview(reviewId);
    return this.#transaction(proposalId, async (run, schema) => {
      const { proposal, round } = await readCase(run, schema, proposalId);
      const [locked] = await lockReview(run, schema, reviewId, this.now());
      const isCurrent = proposal.state === "open" && proposal.round === locked?.review.round;
      if (locked === undefined || !locked.isDue || !isCurrent) return;
      const { status, otherwise, step, withinMs, end } = afterDeadline(locked.review, next);
      await run(reviewExpiredSql(schema), [reviewId, status, otherwise, step, withinMs, this.now()]);
      const entries = [expiredEntry(locked.review, at)];
      if (end === "permit") entries.push(await issue(run, schema, newPermit(proposalId, round, "policy", at)));
      if (end === "outcome") entries.push(await closeCase(run, schema, proposalId, outcome, at));
      await append(run, schema, entries);
    });
  }

  async withdraw(request: WithdrawRequest): Promise<Case> {
    const { reviewId } = request;
    const proposalId = await this.#proposalOf(reviewId);
    if (proposalId === undefined) throw unknownReview(reviewId);
    return this.#transaction(proposalId, async (run, schema) => {
      const { proposal } = await readCase(run, schema, proposalId);
      const [locked] = await lockReview(run, schema, reviewId, this.now());
      if (locked === undefined || !canWithdraw({ ...locked, proposal }, request)) return;
      const ended = await run(reviewWithdrawnSql(schema), [reviewId, this.now(), request.ageMinMs]);
      if (ended.length > 0) await append(run, schema, [withdrawnEntry(locked.review, request)]);
    });
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
    const won = await this.once(claimSql, [
      proposalId,
      threadId,
      round,
      argsDigest,
      owner,
      leaseMs,
      takeover,
      kind,
      text,
      this.now(),
    ]);
    const [found] = isPlainText(proposalId)
      ? await this.once<ClaimedCase>(claimedCaseSql, [proposalId, this.now()])
      : [];
    if (found === undefined) return { claimed: false, lapsed: false, case: null };
    const { doc, lapsed, halt } = found;
    const claimed = won.length > 0 || holdsClaim(request, doc, lapsed);
    return { claimed, lapsed, ...(!claimed && halt !== null && { halt }), case: doc };
  }

  async extend({ permitId, owner, leaseMs }: Parameters<Ledger["extend"]>[0]): Promise<boolean> {
    return (await this.once(extendSql, [permitId, owner, leaseMs, this.now()])).length > 0;
  }

  async settle({ proposalId, round, owner, outcome, at, followUps = [] }: SettleRequest): Promise<Case> {
    followUps.forEach(requireFollowUpText);
    return this.#transaction(proposalId, async (run, schema) => {
      const spent = await run(spendSql(schema), [proposalId, round, owner, this.now()]);
      if (spent.length === 0) return;
      const closed = await closeCase(run, schema, proposalId, outcome, at);
      const opened = await openFollowUps(run, schema, followUps, this.now());
      await append(run, schema, [closed]);
      await appendFollowUps(run, schema, opened);
    });
  }

  async followUp(request: NewFollowUp): Promise<Case> {
    requireFollowUpText(request);
    return inTransaction(this.connection, async (run) => {
      const opened = await openFollowUps(run, this.schema, [request], this.now());
      await appendFollowUps(run, this.schema, opened);
      return readCase(run, this.schema, request.proposal.id);
    });
  }

  async handle(request: HandleRequest): Promise<HandleResult> {
    requirePlainText({ by: request.by, to: request.handling.what === "assign" ? request.handling.to : null });
    requireHandling(request);
    return handle(this.connection, this.schema, request, this.now());
  }

  async setQueueSettings(settings: QueueSettings): Promise<void> {
    await this.once(setSettingsSql, [settings.perAgent]);
  }

  async refreshQueue(): Promise<void> {
    await refreshQueue(this.run, this.schema, this.now());
  }

  async register(request: RegisterRequest): Promise<Reviewer> {
    requireReviewer(request);
    return register(this.connection, this.schema, request);
  }

  async halt(request: HaltRequest): Promise<Halt> {
    requireHaltText(request);
    return keepHalt(this.connection, this.schema, request);
  }

  async lift(request: LiftRequest): Promise<Halt | null> {
    requireHaltText(request);
    return liftHalt(this.connection, this.schema, request);
  }

  async setStage(request: SetStageRequest): Promise<StageRecord> {
    requireStageText(request);
    return setStage(this.connection, this.schema, request);
  }

  async setCeiling(request: SetCeilingRequest): Promise<StageRecord> {
    requireStageText(request);
    return setStage(this.connection, this.schema, request);
  }

  async close(): Promise<void> {}

  async #proposalOf(reviewId: string): Promise<string | undefined> {
    const id = isPlainText(reviewId) ? reviewId : "";
    return (await this.once<{ proposalId: string }>(reviewProposalSql, [id]))[0]?.proposalId;
  }

  /** Works on one proposal under its row lock, alone. */
  async #locked<Result>(proposalId: string, work: (run: Run, schema: string) => Promise<Result>): Promise<Result> {
    return inTransaction(this.connection, async (run) => {
      const locked = await run(lockProposalSql(this.schema), [proposalId]);
      if (locked.length === 0) throw unknownProposal(proposalId);
      return work(run, this.schema);
    });
  }

  async #transaction(proposalId: string, work: (run: Run, schema: string) => Promise<void>): Promise<Case> {
    return this.#locked(proposalId, async (run, schema) => {
      await work(run, schema);
      return readCase(run, schema, proposalId);
    });
  }
}
