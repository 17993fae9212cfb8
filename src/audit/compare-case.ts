import { canonicalJson } from "../model/canonical-json.js";
import { auditId, CASE_BYTES_MAX, CaseRecord, type Case } from "../model/case.js";
import { DecisionStatement, type Decision } from "../model/decision.js";
import { digest, digestText } from "../model/digest.js";
import type { Proposal } from "../model/proposal.js";
import type { ClosedCase } from "../ledger/ledger.js";
import { seatsNamed } from "../authority/statement.js";
import { panelsOf, tally } from "../authority/votes.js";
import { votesOn } from "../authority/votes-on.js";
import type { Life } from "./life.js";

/**
 * What a case in the ledger's tables says that the log does not say, or says otherwise. The log may be ahead of the
 * case, never behind: everything in a case was logged in the same transaction.
 */
export function compareCase(held: Case, life: Life | undefined): string[] {
  if (life === undefined) return ["The ledger holds the case, the log has no row of it"];
  const wrong = [
    ...held.decisions.flatMap((decision) => compareDecision(decision, held, life)),
    ...compareRound(held, life),
    ...comparePermit(held, life),
    ...compareEnd(held, life),
  ];
  // Votes that are not what was logged say nothing of what follows from them.
  return wrong.length > 0 ? wrong : compareVotes(held);
}

/** What is wrong with the stored record of a closed case. */
export function compareRecord({ proposalId, auditId: id, text }: ClosedCase, life: Life | undefined): string[] {
  const closing = life?.closing ?? null;
  if (closing === null) return ["The case has a stored record, the log no closing row"];
  if (id !== auditId(proposalId)) return [`The stored record is filed under ${id}`];
  if (digestText(text) !== closing.caseDigest) return ["The stored record is not the one that the closing row binds"];
  return [];
}

/** The digest of a case's outcome in the ledger's tables. */
export function outcomeDigest({ outcome }: Pick<Case, "outcome">): string {
  return digest(outcome, { maxBytes: CASE_BYTES_MAX });
}

/** The digest of the outcome in a stored record; null if the record cannot be read. */
export function recordedOutcomeDigest(text: string): string | null {
  const record = readCaseRecord(text);
  return record === null ? null : digest(record.outcome, { maxBytes: CASE_BYTES_MAX });
}

/** Reads the text of a case record; null if it is none. */
export function readCaseRecord(text: string): CaseRecord | null {
  try {
    return CaseRecord.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/** Whether those who voted are as many as the routing asks for, where a permit rests on it. */
function compareVotes(held: Case): string[] {
  const { permit, round, review, decisions } = held;
  if (permit?.basis !== "decisions") return [];
  const panels = panelsOf(round.routing?.requires, review?.step ?? 0);
  // Who is senior to whom is not in the ledger.
  if (panels.some(({ tieBreak }) => tieBreak === "senior")) return [];
  const electorate = { seats: seatsNamed(decisions, panels), seniority: [] };
  // Where somebody has voted, what made the round decides nothing.
  const result = tally(panels, votesOn(held, { isQuestion: true }), electorate);
  return result === "approved" ? [] : ["Its permit rests on votes that do not let it run"];
}

function compareDecision(decision: Decision, { proposal }: Case, { decisions }: Life): string[] {
  const { id, statement } = decision;
  const logged = decisions.get(id);
  if (logged === undefined) return [`Decision ${id} is not in the log`];
  if (logged !== digestText(statement)) return [`The statement of decision ${id} is not the one that the log binds`];
  return saysTheSame(decision, proposal) ? [] : [`Decision ${id} says something else than its own statement`];
}

function saysTheSame(decision: Decision, { threadId, action }: Proposal): boolean {
  const stated = readStatement(decision.statement);
  if (stated === null) return false;
  const { type: _type, v: _v, displayDigest: _display, ...said } = stated;
  const { id: _id, statement: _statement, signatures: _signatures, proposalId, reviewId, ...kept } = decision;
  return (
    canonicalJson(said) === canonicalJson({ ...kept, thread: threadId, proposal: proposalId, review: reviewId, action })
  );
}

function readStatement(text: string): DecisionStatement | null {
  try {
    return DecisionStatement.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

function compareRound({ round }: Case, { rounds }: Life): string[] {
  const logged = rounds[round.round];
  if (logged === undefined) return [`Round ${round.round} is not in the log`];
  const problems: string[] = [];
  if (digestOf(round.args) !== round.argsDigest || logged.argsDigest !== round.argsDigest) {
    problems.push(`The arguments of round ${round.round} are not those in the log`);
  }
  if (digestOf(round.display) !== round.displayDigest) {
    problems.push(`What round ${round.round} displayed does not have its recorded digest`);
  }
  if (round.routing !== null && logged.route !== round.routing.route) {
    problems.push(`The routing of round ${round.round} is not the one in the log`);
  }
  return problems;
}

function digestOf(value: unknown): string | null {
  try {
    return digest(value);
  } catch {
    return null;
  }
}

function comparePermit({ permit }: Case, { rounds }: Life): string[] {
  if (permit === null) return [];
  const logged = rounds[permit.round];
  if (logged?.permit?.id !== permit.id || logged.permit.basis !== permit.basis) {
    return [`Permit ${permit.id} is not in the log`];
  }
  const problems: string[] = [];
  if (permit.argsDigest !== logged.argsDigest)
    problems.push(`Permit ${permit.id} is for other arguments than in the log`);
  const taken = permit.state === "claimed" || permit.state === "spent";
  if (taken && !logged.claimed) problems.push(`Permit ${permit.id} is ${permit.state}, the log has no claim`);
  return problems;
}

function compareEnd({ proposal, outcome }: Case, { closing }: Life): string[] {
  if ((proposal.state === "closed") !== (outcome !== null)) {
    return [`The case is ${proposal.state} and has ${outcome === null ? "no" : "an"} outcome`];
  }
  if (outcome === null) return [];
  if (closing === null) return ["The case is closed, the log has no closing row"];
  return closing.status === outcome.status
    ? []
    : [`The case ended as ${outcome.status}, in the log as ${closing.status}`];
}
