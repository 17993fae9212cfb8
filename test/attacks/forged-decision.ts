import type { Case, Decision, Review } from "assent";
import { canonicalJson } from "../../src/model/canonical-json.js";
import type { DecisionStatement } from "../../src/model/decision.js";
import type { Intruder } from "./hosts/intruders.js";
import type { GatedVictim } from "./victims/gated.js";

/** A review with its case, which somebody wants to be approved. */
export interface Reviewed {
  review: Review;
  case: Case;
}

/** What was asked on a thread, oldest first, without drafts that were sent back. */
export async function reviewed({ ledger, config }: GatedVictim): Promise<Reviewed[]> {
  const asked = await ledger.reviews({ threadId: config.configurable.thread_id, limit: 10 });
  return asked.filter(({ review, case: { decisions } }) =>
    decisions.every(({ reviewId, verdict }) => reviewId !== review.id || verdict !== "revise"),
  );
}

type About = "id" | "reviewId" | "proposalId" | "round" | "argsDigest";

/** What the record of a decision says of what it is about. */
export function recordOf({ review, case: { proposal, round } }: Reviewed): Pick<Decision, About> {
  return {
    id: `dc_${crypto.randomUUID()}`,
    reviewId: review.id,
    proposalId: proposal.id,
    round: review.round,
    argsDigest: round.argsDigest,
  };
}

/** A statement in which somebody approves it, now. */
export function statementOn({ review, case: { proposal, round } }: Reviewed): DecisionStatement {
  return {
    type: "assent.decision",
    v: 1,
    thread: proposal.threadId,
    proposal: proposal.id,
    review: review.id,
    round: review.round,
    action: proposal.action,
    verdict: "approve",
    argsDigest: round.argsDigest,
    displayDigest: round.displayDigest,
    newArgsDigest: null,
    by: { kind: "person", id: "ana", name: "ana", roles: [], authenticator: "test", level: "system" },
    reasonCode: null,
    note: null,
    decidedAt: new Date().toISOString(),
  };
}

/** An approval that fits it in everything but that nobody signed it. */
export function madeUpDecision(onto: Reviewed): Decision {
  const statement = statementOn(onto);
  const { verdict, by, reasonCode, note, newArgsDigest, decidedAt } = statement;
  const about = recordOf(onto);
  return {
    ...about,
    verdict,
    by,
    reasonCode,
    note,
    newArgsDigest,
    decidedAt,
    statement: canonicalJson(statement),
    signatures: [],
  };
}

/**
 * Writes a decision's row and what would follow from it, as the deciders' database user may: the review is decided, and
 * the permit issued.
 */
export async function writeDecision(decider: Intruder, decision: Decision): Promise<void> {
  const { id, proposalId, reviewId, round, verdict, by, argsDigest, statement, signatures, decidedAt } = decision;
  const columns = { id, proposal_id: proposalId, review_id: reviewId, round, verdict, principal: JSON.stringify(by) };
  const rest = { args_digest: argsDigest, statement, decided_at: decidedAt, signatures: JSON.stringify(signatures) };
  await written(decider, [
    insert("decisions", { ...columns, ...rest }),
    ["update reviews set status = 'decided', version = version + 1 where id = $1", reviewId],
    permit("decisions", proposalId, round),
  ]);
}

/** A row for a table, by the names of its columns. */
function insert(table: string, row: Record<string, unknown>): Write {
  const names = Object.keys(row);
  const places = names.map((_, nth) => `$${nth + 1}`);
  return [`insert into ${table} (${names.join(", ")}) values (${places.join(", ")})`, ...Object.values(row)];
}

/** One statement with its values. */
export type Write = readonly [sql: string, ...values: unknown[]];

/** A permit for a round. */
export function permit(basis: "decisions" | "policy", proposalId: string, round: number): Write {
  const sql = `insert into permits (id, proposal_id, round, args_digest, basis, state, issued_at)
    select $1, proposal_id, round, args_digest, $2, 'issued', now() from rounds where proposal_id = $3 and round = $4`;
  return [sql, `pm_${crypto.randomUUID()}`, basis, proposalId, round];
}

/** Writes what a database user may write. */
export async function written(intruder: Intruder, writes: readonly Write[]): Promise<void> {
  for (const [sql, ...values] of writes) {
    if ((await intruder.write(sql, values)) === 0) throw new TypeError(`it was refused: ${sql}`);
  }
}

/** Tries to write what a database user may not write. */
export async function refused(intruder: Intruder, writes: readonly Write[]): Promise<void> {
  for (const [sql, ...values] of writes) {
    if ((await intruder.write(sql, values)) > 0) throw new TypeError(`it was written: ${sql}`);
  }
}

/** Tries to write what a database user may write on some graphs and not on others. */
export async function tried(intruder: Intruder, writes: readonly Write[]): Promise<void> {
  for (const [sql, ...values] of writes) await intruder.write(sql, values);
}
