import { isDeepStrictEqual } from "node:util";
import { MAX_JSON_BYTES } from "../model/canonical-json.js";
import type { Case } from "../model/case.js";
import { type DecisionStatement, readable, type Decision, type Signature } from "../model/decision.js";
import { digest } from "../model/digest.js";
import type { Amount } from "../model/facts.js";
import { DISPLAY_BYTES_MAX, type Round } from "../model/proposal.js";
import type { Requirement } from "../model/requirement.js";
import { whyNotAllowed } from "./allowed.js";
import { NO_AUTHORITY, type Authority } from "./authority.js";
import { whyBeyondLimits } from "./limits.js";
import { whyNotSeparate } from "./segregation.js";
import { readStatement, seatsNamed } from "./statement.js";
import { panelsOf, tally } from "./votes.js";
import { votesOn } from "./votes-on.js";
import type { TrustedKey } from "./keys.js";
import { isSignedBy } from "./signature.js";

/** How far the clocks of those that decide and those that make keys may be apart. */
const CLOCKS_APART_MAX_MS = 5 * 60_000;

/** What decisions have to be signed with; null where none has to be signed, in open trust. */
export type Signatories = readonly TrustedKey[] | null;

/** What the host that is about to run something asks of the decisions behind it. */
export interface Demands {
  signatories: Signatories;
  /** What the policy says now, not what is recorded. */
  requires?: Requirement | undefined;
  authority?: Authority;
  /** What it is worth, as its action works that out from the arguments. */
  amount?: Amount | undefined;
  /** Whether the gate asks a question, so that an answer lets it go on. */
  isQuestion?: boolean;
}

/**
 * Whether the recorded decisions really stand behind the current round: why not, or null. This is what a claim rests
 * on, so nothing is taken from a column that a signed statement says as well.
 *
 * 1. What is recorded has the digests that it is recorded with.
 * 2. Each decision that counts says what its statement says, about this very case, and is of somebody whom `requires`
 *    asks for and whom the authority lets approve: what they say now, not what is recorded. What its author held of
 *    licences, and had approved before, was checked when it was written.
 * 3. Its statement is signed by a key that is trusted, for the time that it names; by a retired one, only about what was
 *    proposed before. Each counts once per person.
 * 4. The votes approve it, by the quorum of each panel; where one vote settles it, nobody has refused it. A later
 *    decision that asks for something else takes that back.
 */
export function whyNotStanding(held: Case, demands: Demands): string | null {
  const { round, decisions } = held;
  const altered = whyAltered(round);
  if (altered !== null) return altered;
  const about = decisions.filter((decision) => concerns(decision, held, demands));
  const last = decisions.at(-1);
  if (last === undefined) return "no decision stands behind the permit";
  if (!about.includes(last)) return "the last decision is about other arguments";
  const counted: Decision[] = [];
  for (const decision of about) {
    const wrong = whyNotCounted(decision, held, demands);
    // Who made this round, or voted before it was escalated, may be somebody who may not approve it; that takes nothing
    // from the approval of who may.
    const isBefore = decision !== last && (decision.round !== round.round || isOfEarlierStep(decision, held, demands));
    if (wrong !== null && !isBefore) return wrong;
    if (wrong === null) counted.push(decision);
  }
  return whyNotApproved(counted, held, demands);
}

/** Whether what somebody found really stands: that nobody who is trusted has said so, or null. */
export function whyNotFound(decision: Decision, held: Case, signatories: Signatories): string | null {
  return whyAltered(held.round) ?? (signatories === null ? null : whyNotSigned(decision, held, signatories));
}

/** Whether a decision says something on the current round that has to be looked at. */
function concerns(
  { verdict, round, argsDigest, newArgsDigest }: Decision,
  held: Case,
  { isQuestion }: Demands,
): boolean {
  const { round: current } = held;
  const isMaker = verdict === "modify" || (verdict === "answer" && isQuestion === true);
  if (isMaker) return round === current.round - 1 && newArgsDigest === current.argsDigest;
  const isVote = verdict === "approve" || verdict === "reject" || verdict === "abstain";
  return isVote && round === current.round && argsDigest === current.argsDigest;
}

/** Whether a decision is of somebody who was asked before the case was escalated, and is asked no more. */
function isOfEarlierStep(decision: Decision, { review }: Case, { requires }: Demands): boolean {
  const step = review?.step ?? 0;
  if (readable([decision]).length === 0 || whyNotAllowed(requires, step, decision) === null) return false;
  return Array.from({ length: step }, (_, earlier) => earlier).some(
    (earlier) => whyNotAllowed(requires, earlier, decision) === null,
  );
}

function whyNotApproved(decisions: readonly Decision[], held: Case, { requires, authority, isQuestion }: Demands) {
  const panels = panelsOf(requires, held.review?.step ?? 0);
  const votes = votesOn({ ...held, decisions: [...decisions] }, { isQuestion: isQuestion === true });
  const seats = seatsNamed(decisions, panels);
  const result = tally(panels, votes, { seats, seniority: (authority ?? NO_AUTHORITY).source.seniority });
  if (result === "pending") return "too few people have approved it";
  const isRefused = panels.every(({ quorum }) => quorum === "any") && votes.some(({ verdict }) => verdict === "reject");
  return result === "rejected" || isRefused ? "those who were asked have not approved it" : null;
}

function whyNotCounted(decision: Decision, held: Case, { signatories, ...demands }: Demands): string | null {
  if (readable([decision]).length === 0) return "the decision's record cannot be read";
  const { requires, authority = NO_AUTHORITY, amount } = demands;
  // A round that a decision made is reviewed anew only if its author may not approve it alone.
  const step = decision.round === held.round.round ? (held.review?.step ?? 0) : 0;
  const notAllowed = whyNotAllowed(requires, step, decision);
  if (notAllowed !== null) return notAllowed;
  if (decision.verdict === "approve" || decision.verdict === "modify") {
    const subject = { action: held.proposal.action, amount };
    const { by, verdict } = decision;
    const beyond = whyNotSeparate(authority, by, held, verdict) ?? whyBeyondLimits(authority, by, subject, () => 0);
    if (beyond !== null) return beyond;
  }
  return signatories === null ? null : whyNotSigned(decision, held, signatories);
}

/** Whether a round is, byte for byte, what its digests say, and shows what it would run and why: why not, or null. */
export function whyAltered({ args, argsDigest, facts, display, displayDigest }: Round): string | null {
  if (!hasDigest(args, argsDigest)) return "the recorded arguments do not have the recorded digest";
  if (!hasDigest(display, displayDigest, DISPLAY_BYTES_MAX)) return "what is shown does not have the recorded digest";
  if (!hasDigest(display.args, argsDigest)) return "what is shown has other arguments than the recorded ones";
  return isDeepStrictEqual(display.facts, facts) ? null : "what is shown has other facts than the recorded ones";
}

function hasDigest(value: unknown, recorded: string, maxBytes = MAX_JSON_BYTES): boolean {
  try {
    return digest(value, { maxBytes }) === recorded;
  } catch {
    // What no digest can be made of was never recorded.
    return false;
  }
}

function whyNotSigned(decision: Decision, held: Case, trusted: readonly TrustedKey[]): string | null {
  if (decision.by.level === "unverified") return "the decision was made in open trust, and this is verified trust";
  const statement = readStatement(decision.statement);
  if (statement === null) return "the decision's statement cannot be read";
  if (!saysTheSame(statement, decision, held)) return "the decision is not what its statement says";
  if (decision.signatures.length === 0) return "the decision is not signed";
  let why = "the decision is signed by no trusted key";
  for (const signature of decision.signatures) {
    const key = signedWith(decision.statement, signature, trusted);
    const wrong = key === null ? why : whyNotThen(key, statement.decidedAt, held.proposal.proposedAt);
    if (wrong === null) return null;
    why = wrong;
  }
  return why;
}

function saysTheSame(statement: DecisionStatement, decision: Decision, { proposal, round }: Case): boolean {
  const { verdict, argsDigest, newArgsDigest, reasonCode, note, decidedAt } = decision;
  const recorded: DecisionStatement = {
    type: "assent.decision",
    v: 1,
    thread: proposal.threadId,
    proposal: proposal.id,
    review: decision.reviewId,
    round: decision.round,
    action: proposal.action,
    verdict,
    argsDigest,
    // A modification or an answer is about what the round before it showed.
    displayDigest: decision.round === round.round ? round.displayDigest : statement.displayDigest,
    newArgsDigest,
    by: decision.by,
    reasonCode,
    note,
    // Nothing else records them.
    ...(statement.seats !== undefined && { seats: statement.seats }),
    decidedAt,
  };
  return decision.proposalId === proposal.id && isDeepStrictEqual(recorded, statement);
}

/** The key that made a signature. Which one it claims to be of only says where to look first. */
function signedWith(statement: string, signature: Signature, trusted: readonly TrustedKey[]): TrustedKey | null {
  const likely = trusted.filter(({ id }) => id === signature.keyid);
  const others = trusted.filter(({ id }) => id !== signature.keyid);
  return [...likely, ...others].find(({ publicKey }) => isSignedBy(statement, signature, publicKey)) ?? null;
}

/** Whether what a key signs counts nowhere, since by the signer's clock it is before the key is in use. */
export function isTooEarlyFor(since: string, decidedAt: string): boolean {
  return !(Date.parse(decidedAt) >= Date.parse(since) - CLOCKS_APART_MAX_MS);
}

/** Why what a key signed at that time, about what was proposed at the other, does not count. */
function whyNotThen({ id, since, until, revokedAt }: TrustedKey, decidedAt: string, proposedAt: string): string | null {
  // Whoever has a revoked key can write any time into a statement.
  if (revokedAt !== null) return `the decision is signed with key ${id}, which was revoked`;
  const at = Date.parse(decidedAt);
  const end = until === null ? Number.POSITIVE_INFINITY : Date.parse(until) + CLOCKS_APART_MAX_MS;
  if (isTooEarlyFor(since, decidedAt) || !(at <= end)) {
    return `the decision is signed with key ${id}, which was not in use then`;
  }
  // So can whoever kept a retired one, by a clock that is set back; but when it was proposed is not theirs to write.
  return Date.parse(proposedAt) > end ? `the decision is signed with key ${id}, retired before it was proposed` : null;
}
