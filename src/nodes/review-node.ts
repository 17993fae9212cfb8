import { interrupt, isGraphInterrupt, type GraphInterrupt, type LangGraphRunnableConfig } from "@langchain/langgraph";
import { inWords, isExcluded, peopleOf } from "../authority/allowed.js";
import { unverifiedPrincipal } from "../authority/unverified.js";
import type { Case } from "../model/case.js";
import { digest } from "../model/digest.js";
import { AssentError } from "../model/error.js";
import { reviewDigest } from "../model/proposal.js";
import { ONE_PERSON, type Fallback } from "../model/requirement.js";
import type { Decision } from "../model/decision.js";
import { verdictsFor, type ReviewKind } from "../model/review.js";
import type { Trust } from "../model/trust.js";
import type { DecideResult } from "../ledger/ledger.js";
import { oneLine } from "../model/visible-text.js";
import { parseAnswer } from "./answer.js";
import type { Assent } from "./assent.js";
import { buildDecision, nextRound, seatsFor } from "./deciding.js";
import { instructions, reviewPayload } from "./payload.js";
import { stepFor } from "./gate-progress.js";
import type { GateSettings } from "./gate-settings.js";
import { runScope, type RunScope } from "./run-scope.js";
import type { GateState, GateUpdate } from "./state.js";

/** How the ledger fails for a passing reason. */
const LEDGER_AWAY = ["ledger_unavailable", "ledger_conflict"] as const;

// A reason may quote what somebody typed; it goes into the log and onto screens.
const REASON_COLUMNS_MAX = 600;

/**
 * The node that asks a person.
 *
 * Replay contract. It runs from the top once for the pause and once for the answer, and perhaps more often:
 *
 * - R1: before `interrupt()` it only reads, so running again changes nothing.
 * - R2: `interrupt()` is called exactly once per execution, also where nothing is left to ask: an answer that stays
 *   unconsumed would be given to the next question.
 * - R3: on the pause it makes one idempotent upsert of the review, then lets the interrupt through. If we die between
 *   the two, the re-run upserts the same review. If the ledger already knows the decision, it goes on instead.
 * - R4: after an answer it makes one idempotent ledger call, reads before it what a modification is routed by, and throws
 *   nothing but those calls' retryable errors.
 *   An answer that does not count is asked again, through an edge, with the reason.
 * - R5: an answer that names no review counts once in a pass of the gate, and not at all where one from before the pass
 *   may still be kept. LangGraph keeps it with the outermost graph's checkpoint until that graph's step has ended, and
 *   gives it to the next question when a run merely goes on.
 */
export function reviewNode(assent: Assent, gate: GateSettings) {
  return async (state: GateState, config: LangGraphRunnableConfig): Promise<GateUpdate> => {
    const scope = runScope(config);
    const held = state.current === undefined ? null : await assent.ledger.read(state.current);
    if (held === null || held.proposal.threadId !== scope.threadId) return { step: "policy", reason: null };
    const trust = trustFor(assent, held);
    const action = assent.action(held.proposal.action);
    const reason = typeof state.reason === "string" ? oneLine(state.reason, REASON_COLUMNS_MAX) : null;
    const kind = kindOf(held, gate);
    const payload = reviewPayload({
      case: held,
      action,
      gate: gate.name,
      kind,
      verdicts: verdictsFor(kind, held.round.routing?.requires, {
        step: held.review?.step ?? 0,
        round: held.round.round,
      }),
      trust,
      terms: termsOf(held),
      reason,
    });
    let answer: unknown;
    try {
      answer = interrupt(payload, { responseSchema: payload.responseSchema });
    } catch (pause) {
      if (!isGraphInterrupt(pause)) throw pause;
      return asked(assent, { held, gate, scope, reason, pause });
    }
    const known = state.answered ?? [];
    const mark = markOf(answer);
    const isFresh = !(known.includes(mark) || state.olderAnswers === true) || isById(held, config);
    const update =
      trust === "verified" ? nudged(assent, held, scope) : answered(assent, gate, held, { answer, isFresh }, scope);
    return { ...(await update), answered: [...new Set([...known, mark])] };
  };
}

/** The digest of an answer; what has none decides nothing, and may share one mark. */
function markOf(answer: unknown): string {
  try {
    return digest(answer);
  } catch {
    return "";
  }
}

/** Whether this very run was given an answer under the id of this very question. */
function isById({ review }: Case, { configurable }: LangGraphRunnableConfig): boolean {
  const byId: unknown = configurable?.["__pregel_resume_map"];
  if (typeof byId !== "object" || byId === null || review === null) return false;
  return Object.hasOwn(byId, review.address.interruptId);
}

/** Verified if either the proposal or this host is: trust is never relaxed on the way. */
function trustFor(assent: Assent, { proposal }: Case): Trust {
  return assent.trust === "verified" || proposal.trust === "verified" ? "verified" : "open";
}

interface Pause {
  held: Case;
  gate: GateSettings;
  scope: RunScope;
  reason: string | null;
  pause: GraphInterrupt;
}

async function asked({ ledger, clock }: Assent, { held, gate, scope, reason, pause }: Pause): Promise<GateUpdate> {
  const interruptId = pause.interrupts[0]?.id;
  if (interruptId === undefined) {
    throw new AssentError("interrupt_swallowed", {
      what: "LangGraph gave the interrupt no id",
      where: scope.checkpointNs,
    });
  }
  const { threadId, checkpointNs, checkpointId } = scope;
  const now = awaits(held)
    ? await ledger.ask({
        proposalId: held.proposal.id,
        round: held.round.round,
        gate: gate.name,
        kind: kindOf(held, gate),
        ...termsOf(held),
        reason,
        address: { threadId, checkpointNs, checkpointId, interruptId },
        at: clock.now().toISOString(),
      })
    : held;
  if (awaits(now)) throw pause;
  return onward(now, scope);
}

/** What kind of review a round opens. */
function kindOf({ round }: Case, gate: GateSettings): ReviewKind {
  if (round.routing?.route === "veto") return "objection";
  return round.routing?.route === "clarify" ? "clarification" : (gate.kind ?? "approval");
}

/** Until when a round's review waits, and what happens then. A window ends with the action unless somebody objects. */
function termsOf({ round }: Case): { withinMs: number | null; otherwise: Fallback } {
  const { withinMs, otherwise, windowMs } = round.routing?.requires ?? ONE_PERSON;
  return round.routing?.route === "veto" && windowMs !== null
    ? { withinMs: windowMs, otherwise: "execute" }
    : { withinMs, otherwise };
}

/**
 * On to where the ledger says, with a note on whether this very pause is the one that was decided. Where a review is
 * closed and nothing came of it, asking again would never end.
 */
function onward(now: Case, scope: RunScope): GateUpdate {
  const { proposal, review } = now;
  if (stepFor(now) === "review" && review !== null && review.status !== "open") {
    throw new AssentError("permit_mismatch", {
      what: `The review is ${review.status}, but nothing says what follows`,
      where: `proposal ${proposal.id}, round ${review.round}`,
      fix: "Somebody changed the ledger's rows; find out who",
    });
  }
  const elsewhere = now.review !== null && now.review.address.checkpointNs !== scope.checkpointNs;
  return { step: stepFor(now), reason: null, replayed: now.outcome !== null && elsewhere };
}

/** Whether a person still has to decide on the case's current round. */
/** Records that an answer came once the time was over and what the policy says for that had taken its place. */
async function noteLate(assent: Assent, held: Case, { answer, isFresh }: Given, scope: RunScope): Promise<void> {
  const { review, outcome, permit, proposal } = held;
  if (review?.status !== "expired" || review.address.checkpointNs !== scope.checkpointNs) return;
  const parsed = parseAnswer(answer, assent.action(proposal.action), review.kind);
  const isMeant = parsed.ok && (parsed.answer.review === null ? isFresh : parsed.answer.review === review.id);
  const overAt = outcome?.at ?? permit?.issuedAt;
  if (isMeant && overAt !== undefined) await recordLate(assent, held, parsed.answer.as, overAt);
}

/** At the time that it came too late for, so that whoever runs this again writes the same row, which counts once. */
async function recordLate({ ledger }: Assent, { proposal }: Case, by: string | null, at: string): Promise<void> {
  await ledger.refuse({ proposalId: proposal.id, what: "answer", reason: "review_expired", by, at });
}

function awaits(held: Case): boolean {
  return stepFor(held) === "review" && (held.review === null || held.review.status === "open");
}

/** Verified trust: the answer's content counts for nothing; the ledger's decisions do. */
async function nudged({ ledger }: Assent, held: Case, scope: RunScope): Promise<GateUpdate> {
  const now = (await ledger.read(held.proposal.id)) ?? held;
  if (!awaits(now) || now.round.round !== held.round.round) return onward(now, scope);
  const review = now.review?.id ?? "";
  return { step: "review", reason: `No decision is recorded yet. ${instructions("verified", review, [])}` };
}

interface Given {
  answer: unknown;
  /** Whether it cannot be an earlier question's answer, given again by LangGraph. */
  isFresh: boolean;
}

/** Open trust: the answer is the decision, recorded as unverified and keyed by the place that it answered. */
async function answered(
  assent: Assent,
  gate: GateSettings,
  held: Case,
  given: Given,
  scope: RunScope,
): Promise<GateUpdate> {
  const again = (reason: string): GateUpdate => ({ step: "review", reason });
  const review = held.review;
  if (!awaits(held)) {
    await noteLate(assent, held, given, scope);
    return onward(held, scope);
  }
  // The pause was never registered here, so nobody can have been shown it.
  if (review?.address.checkpointNs !== scope.checkpointNs) return again("The pause had not been recorded yet.");
  const parsed = parseAnswer(given.answer, assent.action(held.proposal.action), review.kind);
  if (!parsed.ok) return again(parsed.reason);
  const { answer } = parsed;
  const verdicts = verdictsFor(review.kind, held.round.routing?.requires, review);
  if (!verdicts.includes(answer.verdict)) {
    return again(`This review takes one of: ${verdicts.join(", ")}; not ${answer.verdict}.`);
  }
  if (answer.review !== null && answer.review !== review.id) {
    return again(`The answer names review ${answer.review}; this one is ${review.id}.`);
  }
  if (answer.review === null && !given.isFresh) {
    const why = "LangGraph may have given this question the answer to an earlier one";
    return again(`${why}. Name this review: "review":"${review.id}".`);
  }
  let built: ReturnType<typeof buildDecision>;
  try {
    const item = { review, case: held };
    const next = await nextRound(assent, item, answer);
    const made = { next, answeredAt: scope.checkpointNs, seats: await seatsFor(assent, item) };
    built = buildDecision(assent, item, unverifiedPrincipal(answer.as, answer.roles), answer, made);
  } catch (error) {
    if (LEDGER_AWAY.some((code) => AssentError.isInstance(error, code))) throw error;
    return again(AssentError.isInstance(error) ? error.message : "The new arguments cannot be used.");
  }
  const quoted = { digest: reviewDigest(held.proposal.id, held.round), answered: { named: answer.review !== null } };
  let result: DecideResult;
  try {
    result = await assent.ledger.decide({ ...built, ...quoted });
  } catch (error) {
    // The ledger will never take it. Throwing would poison the thread, for this answer is already kept there.
    if (AssentError.isInstance(error) && !error.retryable && error.httpStatus < 500) return again(error.message);
    throw error;
  }
  if (result.ok || result.why === "closed") {
    if (result.case === null) return { step: "policy", reason: null };
    if (!result.ok) await noteLate(assent, result.case, given, scope);
    return result.ok && awaits(result.case) ? again(stillOpen(built.decision)) : onward(result.case, scope);
  }
  if (result.why === "forbidden") {
    const { by } = built.decision;
    const people = peopleOf(held.round.routing?.requires, review.step).map(inWords).join(", and ");
    const hint =
      people === "" ? "" : ` It is for ${people}: say whom you play, such as "as":"ana","roles":["manager"].`;
    return again(
      `${result.because ?? `${by.name} may not decide`}.${isExcluded(held.round.routing?.requires, by) ? "" : hint}`,
    );
  }
  if (result.why === "late") {
    await recordLate(assent, held, answer.as, review.deadlineAt ?? review.askedAt);
    return again("The time to decide is over; what the policy says for that takes its place.");
  }
  if (result.why === "ambiguous") {
    return again(`Several reviews are pending on this thread; name this one: "review":"${review.id}".`);
  }
  return again("The review changed at the same moment; look at it again.");
}

/** Why it is asked again where what was said counts, and does not settle it. */
function stillOpen({ verdict, by }: Decision): string {
  return verdict === "escalate"
    ? "It was escalated: others decide now."
    : `${by.name}'s vote counts. It takes more than one: others decide next.`;
}
