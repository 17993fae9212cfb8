import type { Case } from "../model/case.js";
import type { Outcome } from "../model/outcome.js";
import { ONE_PERSON } from "../model/requirement.js";
import { merged } from "../policy/requirements.js";
import { isAutomatic, stricter, type Routing } from "../model/routing.js";
import { killedRouting } from "./agents.js";
import type { Assent } from "./assent.js";
import { outcomeBase } from "./deciding.js";
import { evaluateRound } from "./evaluate-round.js";
import type { GateSettings } from "./gate-settings.js";
import { historyFor } from "./history.js";

/**
 * Where the current round goes by the policy and by its gate, whichever is stricter; where they agree, everything that
 * either asks for. The same question is asked again at the claim. A gate that fails to answer asks for a person.
 */
export async function routingOf(assent: Assent, gate: GateSettings, held: Case): Promise<Routing> {
  const history = await historyFor(assent, held.proposal, held.round.facts);
  const policy = evaluateRound(assent, held, { at: assent.clock.now().toISOString(), history });
  return onceClarified(held, await tightened(gate, held, policy));
}

/**
 * Routes the current round, unless it is routed or closed: by `found`, what the claim's check has just said, or by
 * policy and gate as they answer now. The first routing wins; if we die before it, the policy node asks again.
 */
export async function routeRound(assent: Assent, gate: GateSettings, held: Case, found?: Routing): Promise<Case> {
  const { proposal, round } = held;
  if (proposal.state === "closed" || round.routing !== null) return held;
  const { routing, outcome, at } = await whereTo(assent, gate, held, found);
  return assent.ledger.route({ proposalId: proposal.id, round: round.round, routing, outcome, at });
}

/** Where the current round goes now, and how the case ends by that, if it does. */
export async function whereTo(
  assent: Assent,
  gate: GateSettings,
  held: Case,
  found?: Routing,
): Promise<{ routing: Routing; outcome: Outcome | null; at: string }> {
  const routing = (await killedRouting(assent, held)) ?? found ?? (await routingOf(assent, gate, held));
  const at = assent.clock.now().toISOString();
  return { routing, outcome: outcomeOf(routing, gate, outcomeBase(held, at)), at };
}

/** How the case ends at once, if it does. */
function outcomeOf(
  { route, explanation: reason }: Routing,
  { isTaken = false }: GateSettings,
  base: ReturnType<typeof outcomeBase>,
): Outcome | null {
  if (route === "block") return { ...base, status: "blocked", reason };
  return route === "suggest" && !isTaken ? { ...base, status: "suggested", reason } : null;
}

async function tightened(gate: GateSettings, held: Case, policy: Routing): Promise<Routing> {
  const own = (await gate.tighten?.(held, policy)) ?? null;
  if (own === null) return policy;
  const routing: Routing = own.stage === undefined ? policy : { ...policy, stage: own.stage };
  if (stricter(own.route, routing.route) !== own.route) return routing;
  const wanted = own.requires ?? ONE_PERSON;
  const isAlike = own.route === routing.route;
  // Who knows the answer to a question has nothing to do with who may approve actions.
  if (gate.kind === "question" && isAlike) return { ...routing, requires: wanted };
  const explanation = isAlike ? routing.explanation : `${own.because} (The policy alone: ${routing.explanation})`;
  if (isAutomatic(own.route)) return { ...routing, route: own.route, explanation };
  return {
    ...routing,
    route: own.route,
    explanation,
    requires: isAlike && routing.requires !== undefined ? merged([routing.requires, wanted]) : wanted,
  };
}

/** A person who was asked what is meant has answered; if it is still not clear, a person decides. */
function onceClarified({ decisions }: Case, routing: Routing): Routing {
  if (routing.route !== "clarify" || decisions.every(({ verdict }) => verdict !== "answer")) return routing;
  return { ...routing, route: "review", explanation: `It is still not clear after an answer: ${routing.explanation}` };
}
