import { isDeepStrictEqual } from "node:util";
import { canonicalJson } from "../model/canonical-json.js";
import type { Case } from "../model/case.js";
import { DecisionStatement, readable, type Decision, type Signature } from "../model/decision.js";
import { digest } from "../model/digest.js";
import type { Round } from "../model/proposal.js";
import type { Requirement } from "../model/requirement.js";
import { whyNotAllowed } from "./allowed.js";
import type { TrustedKey } from "./keys.js";
import { isSignedBy } from "./signature.js";

/** How many people have to say yes. */
const QUORUM = 1;

/** How far the clocks of those that decide and those that make keys may be apart. */
const CLOCKS_APART_MAX_MS = 5 * 60_000;

/** What decisions have to be signed with; null where none has to be signed, in open trust. */
export type Signatories = readonly TrustedKey[] | null;

/**
 * Whether the recorded decisions really stand behind the current round: why not, or null. This is what a claim rests
 * on, so nothing is taken from a column that a signed statement says as well.
 *
 * 1. What is recorded has the digests that it is recorded with.
 * 2. The last decision approves this very round, or made it; a later one that says anything else takes that back.
 * 3. Each decision that counts says what its statement says, about this very case, and is of somebody whom
 *    `requires` asks for: what the policy says now, not what is recorded.
 * 4. Its statement is signed by a key that is trusted, for the time that it names; by a retired one, only about what was
 *    proposed before. Each counts once per person.
 */
export function whyNotStanding(held: Case, signatories: Signatories, requires?: Requirement): string | null {
  const { round, decisions } = held;
  const altered = whyAltered(round);
  if (altered !== null) return altered;
  const last = decisions.at(-1);
  if (last === undefined) return "no decision stands behind the permit";
  if (!covers(last, held)) return "the last decision is about other arguments";
  const people = new Set<string>();
  for (const decision of decisions.filter((made) => covers(made, held))) {
    const wrong = whyNotCounted(decision, held, { signatories, requires });
    // Who made this round may be somebody who may not approve it; that takes nothing from the approval of who may.
    const isBefore = decision !== last && decision.round !== held.round.round;
    if (wrong !== null && !isBefore) return wrong;
    if (wrong === null) people.add(JSON.stringify([decision.by.authenticator, decision.by.id]));
  }
  return people.size >= QUORUM ? null : "too few people have approved it";
}

interface Demands {
  signatories: Signatories;
  requires: Requirement | undefined;
}

function whyNotCounted(decision: Decision, held: Case, { signatories, requires }: Demands): string | null {
  if (readable([decision]).length === 0) return "the decision's record cannot be read";
  // A round that a decision made is reviewed anew only if its author may not approve it.
  const step = decision.round === held.round.round ? (held.review?.step ?? 0) : 0;
  const notAsked = whyNotAllowed(requires, step, decision);
  return notAsked ?? (signatories === null ? null : whyNotSigned(decision, held, signatories));
}

/** Whether a round is, byte for byte, what its digests say, and shows what it would run and why: why not, or null. */
export function whyAltered({ args, argsDigest, facts, display, displayDigest }: Round): string | null {
  if (!hasDigest(args, argsDigest)) return "the recorded arguments do not have the recorded digest";
  if (!hasDigest(display, displayDigest)) return "what is shown does not have the recorded digest";
  if (!hasDigest(display.args, argsDigest)) return "what is shown has other arguments than the recorded ones";
  return isDeepStrictEqual(display.facts, facts) ? null : "what is shown has other facts than the recorded ones";
}

function hasDigest(value: unknown, recorded: string): boolean {
  try {
    return digest(value) === recorded;
  } catch {
    // What no digest can be made of was never recorded.
    return false;
  }
}

/** Whether a decision lets the current round run. */
function covers({ verdict, round, argsDigest, newArgsDigest }: Decision, { round: current }: Case): boolean {
  if (verdict === "approve") return round === current.round && argsDigest === current.argsDigest;
  const makesNext = verdict === "modify" || verdict === "answer";
  return makesNext && round === current.round - 1 && newArgsDigest === current.argsDigest;
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

function readStatement(text: string): DecisionStatement | null {
  try {
    const parsed = DecisionStatement.safeParse(JSON.parse(text));
    // One text for one statement: no key twice, nothing added that a reader would not see.
    return parsed.success && canonicalJson(parsed.data) === text ? parsed.data : null;
  } catch {
    return null;
  }
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
    displayDigest: verdict === "approve" ? round.displayDigest : statement.displayDigest,
    newArgsDigest,
    by: decision.by,
    reasonCode,
    note,
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

/** Why what a key signed at that time, about what was proposed at the other, does not count. */
function whyNotThen({ id, since, until, revokedAt }: TrustedKey, decidedAt: string, proposedAt: string): string | null {
  // Whoever has a revoked key can write any time into a statement.
  if (revokedAt !== null) return `the decision is signed with key ${id}, which was revoked`;
  const at = Date.parse(decidedAt);
  const end = until === null ? Number.POSITIVE_INFINITY : Date.parse(until) + CLOCKS_APART_MAX_MS;
  if (!(at >= Date.parse(since) - CLOCKS_APART_MAX_MS && at <= end)) {
    return `the decision is signed with key ${id}, which was not in use then`;
  }
  // So can whoever kept a retired one, by a clock that is set back; but when it was proposed is not theirs to write.
  return Date.parse(proposedAt) > end ? `the decision is signed with key ${id}, retired before it was proposed` : null;
}
