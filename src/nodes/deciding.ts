import { canonicalJson } from "../model/canonical-json.js";
import { auditId, type Case } from "../model/case.js";
import { readable, type Decision, type DecisionStatement, type Verdict } from "../model/decision.js";
import { AssentError } from "../model/error.js";
import { identifier } from "../model/identifier.js";
import type { Outcome } from "../model/outcome.js";
import type { PrincipalRecord } from "../model/principal.js";
import { fixRound, type Json, type Round } from "../model/proposal.js";
import { verdictsFor, type Review } from "../model/review.js";
import { mayNeverRun } from "../model/routing.js";
import type { Facts } from "../model/facts.js";
import type { Fallback } from "../model/requirement.js";
import { seatsAsked } from "../ledger/deciding.js";
import { isVote } from "../ledger/saying.js";
import type { DecideRequest } from "../ledger/ledger.js";
import { recordOf } from "../authority/authenticator.js";
import { whyNotAllowed } from "../authority/allowed.js";
import { isTooEarlyFor } from "../authority/standing.js";
import { signStatement } from "../authority/signature.js";
import { namesSeats } from "../authority/statement.js";
import { keysMissing } from "../authority/keys.js";
import type { Assent } from "./assent.js";
import { stableArgs, type Whose } from "./arguments.js";
import { amountOf } from "./evaluate-round.js";
import { findingInWords } from "./finding.js";
import { historyFor } from "./history.js";
import { withNovelty } from "./novelty.js";
import { gatherFacts } from "./propose.js";

/** What a person says about a review, before the ledger has judged it. */
export interface Verdicted {
  verdict: Verdict;
  /** The reviewer's own arguments, for `modify`. */
  args?: unknown;
  /** What they say, for `answer`. */
  answer?: unknown;
  reasonCode?: string | null;
  note?: string | null;
}

/**
 * Refuses what a review of its kind does not take: another verdict, a request for another draft without words or beyond
 * the last one, a reason code that the policy does not list.
 *
 * @throws AssentError `decision_invalid`.
 */
function requireFitting({ review, case: held }: { review: Review; case: Case }, said: Verdicted): void {
  const verdicts = verdictsFor(review.kind, held.round.routing?.requires, review);
  if (!verdicts.includes(said.verdict)) {
    throw new AssentError("decision_invalid", {
      what: `This review (${review.kind}) takes one of: ${verdicts.join(", ")}`,
      where: "decision",
      seen: said.verdict,
    });
  }
  if (said.verdict === "revise" && (said.note ?? "").trim() === "") {
    throw new AssentError("decision_invalid", { what: "Say in a note what has to change", where: "note" });
  }
  const codes = held.round.routing?.requires?.reasonCodes ?? null;
  if (codes === null || codes.includes(said.reasonCode ?? "")) return;
  throw new AssentError("decision_invalid", {
    what: `The policy asks for a reason code, one of: ${codes.join(", ")}`,
    where: "reasonCode",
    seen: said.reasonCode ?? null,
  });
}

/**
 * Builds one decision and everything that follows from it, given the {@link nextRound} that it makes: the outcome for
 * what ends the case at once. Pure.
 *
 * @throws AssentError `decision_invalid`, `json_invalid`.
 */
export function buildDecision(
  assent: Assent,
  { review, case: held }: { review: Review; case: Case },
  by: PrincipalRecord,
  said: Verdicted,
  made: {
    next: Round | undefined;
    /** Where an answer was typed into a resume: the place that was answered, so that it counts once. */
    answeredAt: string | null;
    /** The seats of the panels that are asked, where a quorum depends on them. */
    seats?: DecisionStatement["seats"];
  },
): Omit<DecideRequest, "digest"> {
  requireFitting({ review, case: held }, said);
  const at = assent.clock.now().toISOString();
  const { next, answeredAt } = made;
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
    by: recordOf(by),
    reasonCode,
    note,
    ...(made.seats !== undefined && { seats: made.seats }),
    decidedAt: at,
  };
  const decision: Decision = {
    // The same principal saying the same again is the same decision, so a call whose answer was lost can be repeated.
    id: identifier("decision", [
      review.id,
      ...(answeredAt === null
        ? voteOf(by, said, newArgsDigest ?? saidBesides(review, held, by, said) ?? saidAgain(held, statement))
        : [answeredAt]),
    ]),
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
    authority: assent.authority,
    amount: amountOf(assent, { proposal: held.proposal, round: next ?? held.round }) ?? null,
    ...((said.verdict === "approve" || said.verdict === "abstain") && { refusal: refusalOf(held, decision) }),
    // Of two who escalate at the same moment the second would pass over those whom the first asks.
    ...(said.verdict === "escalate" && { escalation: nextStep(review, held), version: review.version }),
    ...(next === undefined ? {} : { next: { round: next, permitted: permits(held, next, decision) } }),
    ...(held.round.routing?.stage === undefined ? {} : { stageRule: assent.stageRule }),
  };
}

function voteOf(by: PrincipalRecord, said: Verdicted, what: string | null): string[] {
  return [by.authenticator, by.id, said.verdict, what ?? ""];
}

/**
 * Who says first that it happened and then that it did not has said two things. So has who escalates at a step and again at
 * a later one that asks for them too; who is asked no more there repeats what they said.
 */
function saidBesides({ kind, step }: Review, { round }: Case, by: PrincipalRecord, said: Verdicted): string | null {
  if (said.verdict !== "escalate") return kind === "reconciliation" ? (said.reasonCode ?? null) : null;
  const asked = Array.from({ length: step + 1 }, (_, from) => from).filter(
    (from) => whyNotAllowed(round.routing?.requires, from, { by, verdict: "escalate" }) === null,
  );
  const from = asked.at(-1) ?? 0;
  return from === 0 ? null : String(from);
}

/** Who says the same again when there are other seats has said another thing, each time; null for the first time. */
function saidAgain({ decisions }: Case, { round, verdict, by, seats }: DecisionStatement): string | null {
  const before = readable(decisions).filter(
    (made) => isVote(made) && made.round === round && made.verdict === verdict && made.by.id === by.id,
  );
  const last = before.at(-1);
  if (last === undefined) return null;
  const times = namesSeats(last.statement, seats) ? before.length - 1 : before.length;
  return times === 0 ? null : String(times);
}

/**
 * The round that a reviewer's own arguments or answer make: schema-checked, digested and, where it can be, routed. Only
 * reads the ledger: what the policy, or the action's novelty, wants to know of earlier cases.
 *
 * @throws AssentError `decision_invalid`, `args_invalid`, `action_unknown`, `json_invalid`, `facts_invalid`, and what the
 *   ledger throws.
 */
export async function nextRound(
  assent: Assent,
  { review, case: held }: { review: Review; case: Case },
  said: Verdicted,
): Promise<Round | undefined> {
  requireFitting({ review, case: held }, said);
  const made = roundMadeBy(assent, review, held, said);
  if (made === undefined) return undefined;
  const { proposal } = held;
  const next = await withNovelty(assent.ledger, assent.action(proposal.action), proposal.id, made);
  if (said.verdict !== "modify") return { ...next, routing: made.routing };
  const history = await historyFor(assent, proposal, next.facts);
  const asked = { action: proposal.action, agent: proposal.agent, at: assent.clock.now().toISOString() };
  return { ...next, routing: assent.policy.evaluate({ ...asked, facts: next.facts, history }) };
}

function roundMadeBy(assent: Assent, { kind }: Review, held: Case, said: Verdicted): Round | undefined {
  const { proposal, round } = held;
  if (said.verdict === "modify") return roundWith(assent, held, said.args);
  // What was found out about an effect in doubt leads to no other arguments.
  if (said.verdict !== "answer" || kind === "reconciliation") return undefined;
  // A question's answer settles it. What a clarification says is routed by the gate, like anything that is proposed.
  if (kind === "question") {
    const args = { ...round.args, answer: said.answer };
    return { ...roundWith(assent, held, args, { whose: "answer" }), routing: round.routing };
  }
  const known = Object.keys(assent.action(proposal.action).args.shape);
  const answer = Object(said.answer) as Record<string, unknown>;
  const clear = Object.fromEntries(Object.entries(answer).filter(([name]) => known.includes(name)));
  return roundWith(assent, held, { ...round.args, ...clear }, { facts: CLARIFIED, context: { answer: said.answer } });
}

/** Once a person has said what is meant, how sure the agent was of it counts for nothing. */
const CLARIFIED: Facts = { confidence: 1 };

/** The next round with other arguments. What followed from the old ones does not hold; what the agent said besides does. */
export function roundWith(
  assent: Assent,
  { proposal, round }: Case,
  args: unknown,
  { facts = {}, context, whose }: { facts?: Facts; context?: Record<string, unknown>; whose?: Whose } = {},
): Round {
  const action = assent.action(proposal.action);
  const parsed = stableArgs(action, args, whose);
  const derived = Object.keys(action.facts?.(round.args) ?? {});
  const claimed = Object.fromEntries(Object.entries(round.facts).filter(([name]) => !derived.includes(name)));
  return fixRound({
    round: round.round + 1,
    action: proposal.action,
    args: parsed as Record<string, Json>,
    agent: proposal.agent,
    requestedBy: proposal.requestedBy,
    facts: gatherFacts(action, parsed, { ...claimed, ...facts }),
    summary: action.summary(parsed),
    context: context === undefined ? round.display.context : { ...context, before: round.display.context },
  });
}

/** Whether a decision's author may approve the arguments that it makes: if the routing asks for them, and anybody may. */
function permits({ round }: Case, { routing }: Round, decision: Decision): boolean {
  if (routing === null || mayNeverRun(routing.route) || round.routing?.route === "suggest") return false;
  return whyNotAllowed(routing.requires, 0, decision) === null;
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
  // Nobody but a person does what is suggested; here they say that they did.
  if (held.round.routing?.route === "suggest") {
    return { ...base, status: "suggested", reason: whatWasDone(held, decision) };
  }
  const route = next?.routing?.route;
  if (route !== "suggest" && route !== "block") return null;
  return {
    ...base,
    status: route === "suggest" ? "suggested" : "blocked",
    reason: next?.routing?.explanation ?? route,
  };
}

function whatWasDone({ review }: Case, { by, verdict, reasonCode, note }: Decision): string {
  if (review?.kind === "reconciliation") return findingInWords(by.name, reasonCode, note);
  if (review?.kind === "second-look") return note ?? `${by.name} looked at it, and it was right`;
  return note ?? `${by.name} ${verdict === "approve" ? "took it and did it" : "did it with other arguments"}`;
}

/** How the case ends if those who were asked do not agree on it, and this is the last of them. */
function refusalOf(held: Case, decision: Decision): Outcome {
  const unverified = decision.by.level === "unverified";
  const base = outcomeBase(held, decision.decidedAt, { decidedBy: decision.by.name, unverified });
  return { ...base, status: "rejected", reason: "Those who were asked did not agree on it", reasonCode: null };
}

/** Whose turn it is after the people of a review's step; null if the escalation has nobody left. */
export function nextStep({ step }: Review, { round }: Case): { withinMs: number | null; otherwise: Fallback } | null {
  const next = round.routing?.requires?.escalateTo[step];
  return next === undefined ? null : { withinMs: next.withinMs, otherwise: next.otherwise };
}

/**
 * The seats that a vote's statement names: those of the panels that are asked, where a quorum depends on them.
 *
 * @throws AssentError what the ledger throws.
 */
export async function seatsFor(
  { ledger, authority }: Assent,
  item: { review: Review; case: Case },
): Promise<DecisionStatement["seats"]> {
  const asked = seatsAsked(authority, item);
  if (asked === null) return undefined;
  const seats = await ledger.seats(asked);
  return asked.panels.map((by, index) => ({ by: [...by], of: seats[index] ?? 0 }));
}

/** What every outcome of a case carries. */
export function outcomeBase(
  held: Pick<Case, "proposal" | "round" | "review" | "decisions">,
  at: string,
  who: Pick<Outcome, "decidedBy" | "unverified"> = whoDecided(held),
): Pick<Outcome, "proposalId" | "action" | "auditId" | "at" | "decidedBy" | "unverified" | "replayed"> {
  const { id, action } = held.proposal;
  return {
    proposalId: id,
    action,
    auditId: auditId(id),
    at,
    ...who,
    replayed: false,
  };
}

/** Who decided where time ran out: nobody, whatever was said before. */
export function nobodyDecided({ decisions }: Pick<Case, "decisions">): Pick<Outcome, "decidedBy" | "unverified"> {
  return { decidedBy: null, unverified: readable(decisions).some(({ by }) => by.level === "unverified") };
}

/** Who spoke last, unless time ran out after that, or it was a vote on a round that is void. */
function whoDecided({ round, review, decisions }: Parameters<typeof outcomeBase>[0]): ReturnType<typeof nobodyDecided> {
  const nobody = nobodyDecided({ decisions });
  const last = readable(decisions).at(-1);
  if (last === undefined || review?.status === "expired") return nobody;
  return last.round < round.round && isVote(last) ? nobody : { ...nobody, decidedBy: last.by.name };
}

/**
 * The same decision, signed by this process, which saw its author authenticated. One that would count nowhere is refused
 * here, where somebody waits for the answer.
 *
 * @throws AssentError `keys_missing`; `config_invalid` where the clock is behind the key that it signs with.
 */
export async function signed(assent: Assent, request: Omit<DecideRequest, "digest">): Promise<typeof request> {
  const signer = (await assent.keys?.signer()) ?? null;
  if (signer !== null) {
    const trusted = (await assent.keys?.trusted()) ?? [];
    const { decidedAt } = request.decision;
    const since = trusted.find(({ id }) => id === signer.keyId)?.since ?? decidedAt;
    if (isTooEarlyFor(since, decidedAt)) throw clockBehind(decidedAt, since);
    const signatures = [await signStatement(request.decision.statement, signer)];
    return { ...request, decision: { ...request.decision, signatures } };
  }
  if (assent.trust === "open") return request;
  throw keysMissing("This process holds no signing key, so nothing can be decided here", "keys");
}

function clockBehind(seen: string, since: string): AssentError {
  return new AssentError("config_invalid", {
    what: `This machine's clock is behind: the key that decisions are signed with is in use since ${since}`,
    where: "clock",
    seen,
    fix: "Set the clock right (`assent doctor` compares it with the database's) and decide again; nothing was recorded",
  });
}
