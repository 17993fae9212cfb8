import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { isDeepStrictEqual } from "node:util";
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import type { Case } from "../model/case.js";
import type { Verdict } from "../model/decision.js";
import { digest } from "../model/digest.js";
import { AssentError } from "../model/error.js";
import type { Permit } from "../model/permit.js";
import type { Json } from "../model/proposal.js";
import { isAutomatic, mayNeverRun, type Routing } from "../model/routing.js";
import { whyNotStanding } from "../authority/standing.js";
import { agentHalted } from "./agents.js";
import type { AnyAction, Assent } from "./assent.js";
import { outcomeBase } from "./deciding.js";
import { runEffect } from "./effect.js";
import { amountOf } from "./evaluate-round.js";
import { followUpsAfter } from "./follow-up-cases.js";
import { stepFor } from "./gate-progress.js";
import type { GateSettings } from "./gate-settings.js";
import { parseArgs } from "./arguments.js";
import { routeRound, routingOf } from "./route.js";
import { runScope, type RunScope } from "./run-scope.js";
import { signatories } from "./signatories.js";
import type { ClaimRequest } from "../ledger/ledger.js";
import type { GateState, GateUpdate } from "./state.js";

/**
 * The node that carries an action out: the one place with an effect in the world.
 *
 * Replay contract: it never interrupts and trusts nothing in the graph's state. What it runs, and whether, comes from
 * the ledger. It digests the arguments it is about to run, checks what the permit rests on, claims the permit with one
 * conditional update, runs, and records the outcome.
 *
 * | if we die | then |
 * | --- | --- |
 * | before the claim | the permit is unclaimed; the re-run claims it |
 * | between claim and effect, or in the effect | the lease runs out; the re-run takes over (idempotent) or says `in-doubt` |
 * | between effect and outcome | the same: the idempotency key is the permit's, so an idempotent effect stays one |
 * | after the outcome | the re-run finds the case closed and goes on; what has to be looked at was opened with it |
 *
 * While a person has halted the agent or the action, nothing is claimed: it throws `agent_halted`, and the thread stays.
 */
export function executeNode(assent: Assent, gate: GateSettings) {
  return async (state: GateState, config: LangGraphRunnableConfig): Promise<GateUpdate> => {
    const scope = runScope(config);
    const held = state.current === undefined ? null : await assent.ledger.read(state.current);
    if (held === null || held.proposal.threadId !== scope.threadId) return { step: "policy" };
    if (held.proposal.state === "closed") return { step: "audit", replayed: true };
    requireUnspent(held);
    const action = assent.action(held.proposal.action);
    const args = parseArgs(action, held.round.args) as Record<string, Json>;
    requireRecorded(held, args);
    const refusal = await whyNot(assent, gate, held);
    if (refusal !== null) return refused(assent, gate, held, refusal);
    return carryOut(assent, held, { action, args, scope });
  };
}

/** A permit is spent together with the outcome. Where there is none, nobody knows whether the action took effect. */
function requireUnspent({ proposal, round, permit }: Case): void {
  if (permit?.state !== "spent") return;
  throw new AssentError("permit_mismatch", {
    what: "The permit is spent, but nothing says how that ended",
    where: `proposal ${proposal.id}, round ${round.round}`,
    fix: "Somebody changed the ledger's rows; find out who, and whether the action took effect",
  });
}

/** The arguments about to be run are, byte for byte, those that were recorded, shown and permitted. */
function requireRecorded({ proposal, round, permit }: Case, args: Record<string, Json>): void {
  const running = digest(args);
  if (running === round.argsDigest && (permit === null || permit.argsDigest === running)) return;
  throw new AssentError("permit_mismatch", {
    what: `The arguments that the action "${proposal.action}" would run with are not those that were recorded`,
    where: `proposal ${proposal.id}, round ${round.round}`,
    seen: { running, recorded: round.argsDigest, permitted: permit?.argsDigest ?? null },
    fix: "Check whether the action's schema changed what it accepts, or the ledger's rows were altered",
  });
}

/** Why nothing may run now, and how the case is to be routed instead, where the check has already said that. */
interface Refusal {
  reason: string;
  routing?: Routing;
}

/**
 * Why nothing may run now; null if the permit holds. Policy and gate are asked again about the recorded facts: without
 * a person they have to let the action run by itself, now or after the window that has ended; with one they must not
 * have forbidden it since.
 */
async function whyNot(assent: Assent, gate: GateSettings, held: Case): Promise<Refusal | null> {
  const { permit } = held;
  if (permit === null || permit.state === "void") return { reason: "there is no permit" };
  const routing = await routingOf(assent, gate, held);
  const otherwise = { reason: `the policy now says otherwise: ${routing.explanation}`, routing };
  switch (permit.basis) {
    case "decisions": {
      if (mayNeverRun(routing.route)) return otherwise;
      const reason = whyNotStanding(held, {
        signatories: await signatories(assent, held),
        requires: routing.requires,
        authority: assent.authority,
        amount: amountOf(assent, held),
        isQuestion: gate.kind === "question",
      });
      return reason === null ? null : { reason };
    }
    case "policy":
      return isAutomatic(routing.route) || isWaitOver(held, routing, assent.clock.now()) ? null : otherwise;
    default:
      return permit.basis satisfies never;
  }
}

/** What may be said while time runs out, and does not keep it from running out. */
const LETS_WAIT: readonly Verdict[] = ["approve", "abstain", "escalate"];

/** How far the clocks of ledger and hosts may be apart. */
const CLOCKS_APART_MAX_MS = 5 * 60_000;

/**
 * Whether nobody has said anything for as long as the policy now says that somebody may. That it was really that long
 * follows from what was recorded: a ledger gives a review no less time than its round's routing says.
 */
function isWaitOver({ review, decisions, round }: Case, routing: Routing, now: Date): boolean {
  const isHeldUp = decisions.some((made) => made.round === round.round && !LETS_WAIT.includes(made.verdict));
  if (review?.status !== "expired" || isHeldUp) return false;
  const waitMs = waitOf(routing);
  const givenMs = round.routing === null ? null : waitOf(round.routing);
  if (waitMs === null || givenMs === null || givenMs < waitMs) return false;
  return Date.parse(review.askedAt) + waitMs <= now.getTime() + CLOCKS_APART_MAX_MS;
}

/** How long people may say something before it runs without them; null where it does not. */
function waitOf({ route, requires }: Routing): number | null {
  const executes = route === "review" && requires?.otherwise === "execute";
  return (route === "veto" ? requires?.windowMs : executes ? requires.withinMs : null) ?? null;
}

/**
 * No effect. The case is routed anew, as the check found: were it asked again, two that refuse to run beside each other
 * would let each other through and refuse each other for ever. Then a person is asked, or it goes on as the ledger says.
 */
async function refused(
  assent: Assent,
  gate: GateSettings,
  held: Case,
  { reason, routing }: Refusal,
): Promise<GateUpdate> {
  const at = assent.clock.now().toISOString();
  const { id } = held.proposal;
  const { permit } = held;
  if (permit?.state === "issued" || permit?.state === "void") {
    const next = await assent.ledger.reroute({ proposalId: id, round: held.round.round, reason, at });
    const isNext = next.proposal.round === held.round.round + 1;
    if (isNext && routing !== undefined) await routeRound(assent, gate, next, routing);
    return { step: "policy" };
  }
  await assent.ledger.refuse({ proposalId: id, what: "claim", reason, by: null, at });
  if (permit === null) return { step: stepFor(held) };
  // Claimed under what held then: its owner still works, or it died, may have had its effect, and may not be repeated.
  const now = await doubt(assent, held);
  if (now.proposal.state === "open") throw heldElsewhere(permit);
  return { step: "audit", replayed: false };
}

function heldElsewhere(permit: Permit): AssentError {
  return new AssentError("claim_held", {
    what: "Another worker holds the claim on this action and is still alive",
    where: permit.id,
    seen: { owner: permit.owner, leaseUntil: permit.leaseUntil },
    fix: "Resume the thread again later; the action will not run twice",
  });
}

interface Effect {
  action: AnyAction;
  args: Record<string, Json>;
  scope: RunScope;
}

/** Claims and runs; or waits, within a bound, for whoever is carrying this very permit out: its outcome is ours too. */
async function carryOut(assent: Assent, held: Case, effect: Effect): Promise<GateUpdate> {
  const { clock, leaseMs } = assent;
  const owner = `${hostname()}:${process.pid}:${randomUUID()}`;
  const giveUpAt = clock.now().getTime() + 2 * leaseMs;
  for (let waitMs = 20; ; waitMs = Math.min(waitMs * 2, 500)) {
    const { claimed, lapsed, halt, case: current } = await claim(assent, held, effect, owner);
    const permit = current?.permit ?? null;
    if (current === null || permit === null || current.round.round !== held.round.round) return { step: "policy" };
    if (current.proposal.state === "closed") return { step: "audit", replayed: true };
    if (claimed) {
      requireUnaltered(held, current);
      const settled = await runAndSettle(assent, current, permit, effect, owner);
      if (settled.proposal.state === "closed") return { step: "audit", replayed: false };
    } else if (halt !== undefined && (permit.state === "issued" || (lapsed && effect.action.idempotent))) {
      throw agentHalted(halt, current);
    } else if (permit.state !== "claimed") {
      return { step: "policy" };
    } else if (lapsed && !effect.action.idempotent && (await doubt(assent, current)).proposal.state === "closed") {
      return { step: "audit", replayed: false };
    }
    if (clock.now().getTime() >= giveUpAt) throw heldElsewhere(permit);
    await clock.sleep(waitMs, effect.scope.signal);
  }
}

/** What was checked is what was claimed: between the two nobody may have exchanged the rows. */
function requireUnaltered(checked: Case, claimed: Case): void {
  if (isDeepStrictEqual([checked.round, checked.decisions], [claimed.round, claimed.decisions])) return;
  throw new AssentError("permit_mismatch", {
    what: "The case was altered between the check of its decisions and the claim",
    where: `proposal ${claimed.proposal.id}, round ${claimed.round.round}`,
    fix: "Run the thread again: it is checked anew",
  });
}

function claim(assent: Assent, held: Case, { action, args, scope }: Effect, owner: string) {
  const request: ClaimRequest = {
    proposalId: held.proposal.id,
    threadId: scope.threadId,
    round: held.round.round,
    argsDigest: digest(args),
    owner,
    leaseMs: assent.leaseMs,
    at: assent.clock.now().toISOString(),
    takeover: action.idempotent,
  };
  return insisting(assent, () => assent.ledger.claim(request));
}

/**
 * Repeats a call that failed for a passing reason, five times within a second. A claim whose answer was lost would
 * otherwise be our own obstacle until its lease ran out, and an effect whose outcome was not written a doubt.
 */
async function insisting<T>({ clock }: Assent, call: () => Promise<T>): Promise<T> {
  for (let waitMs = 50; ; waitMs *= 2) {
    try {
      return await call();
    } catch (error) {
      if (!AssentError.isInstance(error) || !error.retryable || waitMs > 400) throw error;
    }
    await clock.sleep(waitMs);
  }
}

async function runAndSettle(
  assent: Assent,
  current: Case,
  permit: Permit,
  { action, args, scope }: Effect,
  owner: string,
): Promise<Case> {
  const outcome = await runEffect(assent, { case: current, permit, action, args, owner, signal: scope.signal });
  const { id } = current.proposal;
  const followUps = followUpsAfter(assent, current, permit, outcome);
  const request = { proposalId: id, round: current.round.round, owner, outcome, at: outcome.at, followUps };
  return insisting(assent, () => assent.ledger.settle(request));
}

/**
 * A claim ran out and the action may not be repeated: nobody knows whether it took effect, and that is recorded. While
 * the claim still holds this changes nothing.
 */
async function doubt(assent: Assent, held: Case): Promise<Case> {
  const { proposal, round, permit } = held;
  const at = assent.clock.now().toISOString();
  const outcome = {
    ...outcomeBase(held, at),
    status: "in-doubt",
    reason: "The worker that ran it died, and the action is not idempotent: it is not known whether it took effect",
  } as const;
  const followUps = permit === null ? [] : followUpsAfter(assent, held, permit, outcome);
  return assent.ledger.settle({ proposalId: proposal.id, round: round.round, owner: null, at, outcome, followUps });
}
