import { canonicalJson } from "../model/canonical-json.js";
import { auditId, type Case } from "../model/case.js";
import {
  APPROVAL_VERDICTS,
  readable,
  type ApprovalVerdict,
  type Decision,
  type DecisionStatement,
} from "../model/decision.js";
import { AssentError } from "../model/error.js";
import { identifier } from "../model/identifier.js";
import type { Outcome } from "../model/outcome.js";
import type { PrincipalRecord } from "../model/principal.js";
import { fixRound, type Json, type Round } from "../model/proposal.js";
import type { Review } from "../model/review.js";
import { mayNeverRun } from "../model/routing.js";
import type { DecideRequest } from "../ledger/ledger.js";
import { signStatement } from "../authority/signature.js";
import { keysMissing } from "../authority/keys.js";
import type { Assent } from "./assent.js";
import { stableArgs } from "./arguments.js";
import { gatherFacts } from "./propose.js";

/** What a person says about a review, before the ledger has judged it. */
export interface Verdicted {
  verdict: ApprovalVerdict;
  /** The reviewer's own arguments, for `modify`. */
  args?: unknown;
  reasonCode?: string | null;
  note?: string | null;
}

/** Reads a verdict that an approval review takes. */
export function approvalVerdict(value: unknown): ApprovalVerdict {
  const known = APPROVAL_VERDICTS.find((verdict) => verdict === value);
  if (known !== undefined) return known;
  throw new AssentError("decision_invalid", {
    what: `An approval takes one of: ${APPROVAL_VERDICTS.join(", ")}`,
    where: "decision",
    seen: value,
  });
}

/**
 * Builds one decision and everything that follows from it: the next round for `modify`, routed by the policy, and the
 * outcome for what ends the case at once. Pure but for the action's own `summary` and `facts`.
 *
 * @throws AssentError `args_invalid`, `action_unknown`, `json_invalid`, `facts_invalid`.
 */
export function buildDecision(
  assent: Assent,
  { review, case: held }: { review: Review; case: Case },
  by: PrincipalRecord,
  said: Verdicted,
  /** Where an answer was typed into a resume: the place that was answered, so that it counts once. */
  answeredAt: string | null,
): Omit<DecideRequest, "digest"> {
  const at = assent.clock.now().toISOString();
  const next = said.verdict === "modify" ? nextRound(assent, held, said.args) : undefined;
  const newArgsDigest = next?.argsDigest ?? null;
  const reasonCode = said.reasonCode ?? null;
  const note = said.note ?? null;
  const { argsDigest, displayDigest } = held.round;
  const statement: DecisionStatement = {
    type: "assent.decision",
    v: 1,
    thread: held.proposal.threadId,
    proposal: review.proposalId,
    review: review.id,
    round: review.round,
    action: held.proposal.action,
    verdict: said.verdict,
    argsDigest,
    displayDigest,
    newArgsDigest,
    by: { ...by, roles: [...by.roles] },
    reasonCode,
    note,
    decidedAt: at,
  };
  const decision: Decision = {
    // The same principal saying the same again is the same decision, so a call whose answer was lost can be repeated.
    id: identifier("decision", [review.id, ...(answeredAt === null ? voteOf(by, said, newArgsDigest) : [answeredAt])]),
    reviewId: review.id,
    proposalId: review.proposalId,
    round: review.round,
    verdict: said.verdict,
    by: statement.by,
    reasonCode,
    note,
    argsDigest,
    newArgsDigest,
    statement: canonicalJson(statement),
    signatures: [],
    decidedAt: at,
  };
  return {
    decision,
    outcome: endOf(held, next, decision, reasonCode, note),
    ...(next === undefined ? {} : { next: { round: next, permitted: permits(next) } }),
  };
}

function voteOf(by: PrincipalRecord, said: Verdicted, newArgsDigest: string | null): string[] {
  return [by.authenticator, by.id, said.verdict, newArgsDigest ?? ""];
}

/** The round that a reviewer's own arguments make: schema-checked, digested and routed again. */
function nextRound(assent: Assent, { proposal, round }: Case, args: unknown): Round {
  const action = assent.action(proposal.action);
  const parsed = stableArgs(action, args);
  // What followed from the old arguments does not hold for the new ones; what the agent said besides still does.
  const derived = Object.keys(action.facts?.(round.args) ?? {});
  const claimed = Object.fromEntries(Object.entries(round.facts).filter(([name]) => !derived.includes(name)));
  const next = fixRound({
    round: round.round + 1,
    action: proposal.action,
    args: parsed as Record<string, Json>,
    agent: proposal.agent,
    requestedBy: proposal.requestedBy,
    facts: gatherFacts(action, parsed, claimed),
    summary: action.summary(parsed),
    context: round.display.context,
  });
  const routing = assent.policy.evaluate({ action: proposal.action, agent: proposal.agent, facts: next.facts });
  return { ...next, routing };
}

/** Whether a modification's author may approve the new arguments: yes, unless nobody may. */
function permits({ routing }: Round): boolean {
  return routing !== null && !mayNeverRun(routing.route);
}

function endOf(
  held: Case,
  next: Round | undefined,
  decision: Decision,
  reasonCode: string | null,
  note: string | null,
): Outcome | null {
  const who = { decidedBy: decision.by.name, unverified: decision.by.level === "unverified" };
  const base = outcomeBase(held, decision.decidedAt, who);
  if (decision.verdict === "reject") {
    const reason = note ?? reasonCode ?? `${decision.by.name} rejected it`;
    return { ...base, status: "rejected", reason, reasonCode };
  }
  const route = next?.routing?.route;
  if (route !== "suggest" && route !== "block") return null;
  return {
    ...base,
    status: route === "suggest" ? "suggested" : "blocked",
    reason: next?.routing?.explanation ?? route,
  };
}

/** What every outcome of a case carries. */
export function outcomeBase(
  { proposal, decisions }: Case,
  at: string,
  who: { decidedBy: string | null; unverified: boolean } = whoDecided(readable(decisions)),
): Pick<Outcome, "proposalId" | "action" | "auditId" | "at" | "decidedBy" | "unverified" | "replayed"> {
  return {
    proposalId: proposal.id,
    action: proposal.action,
    auditId: auditId(proposal.id),
    at,
    ...who,
    replayed: false,
  };
}

function whoDecided(decisions: readonly Decision[]): { decidedBy: string | null; unverified: boolean } {
  return {
    decidedBy: decisions.at(-1)?.by.name ?? null,
    unverified: decisions.some(({ by }) => by.level === "unverified"),
  };
}

/** The same decision, signed by this process, which saw its author authenticated. */
export async function signed(assent: Assent, request: Omit<DecideRequest, "digest">): Promise<typeof request> {
  const signer = (await assent.keys?.signer()) ?? null;
  if (signer !== null) {
    const signatures = [await signStatement(request.decision.statement, signer)];
    return { ...request, decision: { ...request.decision, signatures } };
  }
  if (assent.trust === "open") return request;
  throw keysMissing("This process holds no signing key, so nothing can be decided here", "keys");
}
