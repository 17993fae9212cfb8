import { canonicalJson } from "../model/canonical-json.js";
import { auditId, type Case } from "../model/case.js";
import { readable, type Decision } from "../model/decision.js";
import { AssentError } from "../model/error.js";
import type { Facts } from "../model/facts.js";
import { afterWhat, followUpId, followUpThread, isDrawn, type FollowUpKind } from "../model/follow-up.js";
import type { Outcome } from "../model/outcome.js";
import type { Permit } from "../model/permit.js";
import { DISPLAY_BYTES_MAX, fixRound, type Json, type Round, type RoundDraft } from "../model/proposal.js";
import type { Requirement } from "../model/requirement.js";
import type { ReviewKind } from "../model/review.js";
import type { Routing } from "../model/routing.js";
import type { NewFollowUp } from "../ledger/following.js";
import type { Assent } from "./assent.js";
import { requirementAfter } from "./follow-up-terms.js";

/** What a follow-up takes over from the case that it is about, or has of its own. */
export interface FollowUpDraft extends Omit<RoundDraft, "round" | "context"> {
  kind: FollowUpKind;
  id: string;
  /** The closed case; null where there is none. */
  old: Case | null;
  /** What is to be told besides the old case. */
  told?: Record<string, Json>;
  trust: Case["proposal"]["trust"];
  at: string;
}

/**
 * What opens with the end of a case: whoever has to look at it. Pure, and never throws: the effect has happened.
 */
export function followUpsAfter(assent: Assent, held: Case, permit: Permit, outcome: Outcome): NewFollowUp[] {
  const old = { ...held, outcome };
  if (outcome.status === "in-doubt") return [reconciliation(assent, old, outcome)];
  if (outcome.status !== "executed" || permit.basis !== "policy") return [];
  const { routing } = held.round;
  if (outcome.flagged) return [secondLook(assent, old, "The policy flagged it", { because: "flagged" })];
  if (!isDrawn(permit.id, routing?.sample)) return [];
  return [secondLook(assent, old, "It was drawn from what runs by itself", { because: "sampled" })];
}

function reconciliation(assent: Assent, old: Case, { reason, at }: Outcome & { status: "in-doubt" }): NewFollowUp {
  const explanation = `Nobody knows whether this took effect. ${reason}. Find out, and say what happened.`;
  const requires = requirementAfter(old.round.routing, assent.followUpTerms.reconciliation);
  const draft = { ...sameAs(assent, old, "reconciliation", at), id: followUpId("reconciliation", old.proposal.id) };
  return opened(draft, "reconciliation", suggested(assent, explanation, requires));
}

/** A second look at an executed case, by nobody who had a part in it. */
export function secondLook(
  assent: Assent,
  old: Case & { outcome: Outcome | null },
  why: string,
  { because, by, facts = {}, at, id }: { because: string; by?: string; facts?: Facts; at?: string; id?: string },
  told?: Record<string, Json>,
): NewFollowUp {
  const kind = because === "incident" ? "incident" : "second-look";
  const { routing } = old.round;
  const excludes = partakersIn(old.decisions, old.proposal.requestedBy, by ?? null);
  const requires = requirementAfter(routing, assent.followUpTerms.secondLook, excludes);
  const same = sameAs(assent, old, kind, at ?? old.outcome?.at ?? "");
  const draft: FollowUpDraft = {
    ...same,
    id: id ?? followUpId(kind, old.proposal.id),
    facts: { ...same.facts, ...facts },
    told: { because, ...told },
  };
  const explanation = `${why}. Look whether it was right: approve if it was, reject if it was wrong.`;
  const { stage } = routing ?? {};
  return opened(draft, "second-look", {
    ...suggested(assent, explanation, requires),
    ...(stage !== undefined && { stage }),
  });
}

/** Ids of whoever made these decisions, and of others who had a part in what they are about. */
export function partakersIn(decisions: readonly Decision[], ...others: (string | null)[]): string[] {
  const deciders = readable(decisions).map(({ by }) => by.id);
  return [...new Set([...deciders, ...others.filter((id) => id !== null)])].toSorted();
}

/** The same words as the old case's, so that everything that goes by them goes for what follows on it as well. */
export function sameAs(assent: Assent, old: Case, kind: FollowUpKind, at: string): Omit<FollowUpDraft, "id"> {
  const { proposal, round } = old;
  return {
    kind,
    old,
    action: proposal.action,
    args: round.args,
    agent: proposal.agent,
    requestedBy: proposal.requestedBy,
    facts: round.facts,
    summary: round.display.summary,
    trust: trustAfter(assent, old),
    at,
  };
}

/** Verified if either the old case or this host is: trust is never relaxed on the way. */
export function trustAfter(assent: Assent, { proposal }: Case): Case["proposal"]["trust"] {
  return assent.trust === "verified" ? assent.trust : proposal.trust;
}

/** A follow-up about which a person is asked, or that its routing ends at once. */
export function opened(
  draft: FollowUpDraft,
  kind: ReviewKind,
  routing: Routing,
  outcome: Outcome | null = null,
): NewFollowUp {
  const { withinMs = null, otherwise = "hold" } = routing.requires ?? {};
  const { proposal, round } = drafted(draft);
  return { proposal, round: { ...round, routing }, gate: draft.kind, kind, withinMs, otherwise, outcome };
}

/** What a follow-up proposes, before it is routed. */
export function drafted({ id, trust, at, ...draft }: FollowUpDraft): Pick<NewFollowUp, "proposal" | "round"> {
  const { action, agent, requestedBy } = draft;
  const proposal = { id, threadId: followUpThread(id), action, agent, requestedBy, trust, proposedAt: at };
  return { proposal, round: shown(draft) };
}

/** A routing by which people say what they make of it, and nothing runs. */
export function suggested(assent: Assent, explanation: string, requires: Requirement): Routing {
  return { route: "suggest", rules: [], explanation, policyDigest: assent.policy.digest, requires };
}

/** How much of an old result is shown. */
const RESULT_BYTES_MAX = 8 * 1024;

/** The round with what is told of the old case; without the agent's own words where these have no room beside that. */
function shown({ kind, old, told = {}, ...draft }: Omit<FollowUpDraft, "id" | "trust" | "at">): Round {
  const after = { after: { kind, proposal: old?.proposal.id ?? null }, ...told };
  const fixed = (context: Record<string, unknown>): Round =>
    fixRound({ ...draft, round: 1, context: context as Json }, DISPLAY_BYTES_MAX);
  if (old === null) return fixed(after);
  const about = { old: endOf(old) };
  try {
    return fixed({ ...after, ...about, says: wordsOf(old) });
  } catch (error) {
    if (!AssentError.isInstance(error)) throw error;
    const { case: id, route, decidedBy, status, at } = about.old;
    return fixed({ ...after, old: { case: id, route, decidedBy, status, at }, says: `see case ${id}` });
  }
}

/** What the agent said: of a case that itself follows on another, what was said at first. */
function wordsOf({ proposal, round }: Case): unknown {
  const { context } = round.display;
  return afterWhat({ proposal, round }) === null ? context : (Object(context) as Record<string, unknown>)["says"];
}

function endOf({ proposal, outcome, decisions, round }: Case) {
  const decidedBy = [...new Set(readable(decisions).map(({ by }) => by.name))];
  const known = { case: auditId(proposal.id), route: round.routing?.route ?? null, decidedBy };
  if (outcome === null) return { ...known, status: "open", at: proposal.proposedAt };
  const { status, at } = outcome;
  return { ...known, status, at, ...(status === "executed" ? resultIn(outcome.result) : { reason: outcome.reason }) };
}

function resultIn(result: Json): { result?: Json } {
  if (result === null) return {};
  return canonicalJson(result, { maxBytes: Infinity }).length <= RESULT_BYTES_MAX ? { result } : {};
}
