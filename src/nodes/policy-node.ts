import type { Command, LangGraphRunnableConfig } from "@langchain/langgraph";
import type { Case } from "../model/case.js";
import type { Outcome } from "../model/outcome.js";
import type { Routing } from "../model/routing.js";
import { killedRouting } from "./agents.js";
import type { Assent } from "./assent.js";
import { handOver } from "./audit-node.js";
import { outcomeBase } from "./deciding.js";
import { progressOf, stepFor } from "./gate-progress.js";
import type { GateSettings } from "./gate-settings.js";
import { routingOf } from "./route.js";
import { runScope } from "./run-scope.js";
import type { GateState, GateUpdate } from "./state.js";

/**
 * The node that takes the next open proposal of the thread and routes it by policy.
 *
 * Replay contract: it never interrupts, so all of it may run again. Its two writes (binding, routing) let the first
 * one win; a re-run finds what was written. If we die after a write, the next run goes on from there.
 */
export function policyNode(assent: Assent, gate: GateSettings) {
  return async (state: GateState, config: LangGraphRunnableConfig): Promise<GateUpdate | Command> => {
    const { threadId } = runScope(config);
    const {
      open: [next],
      ended,
    } = await progressOf(assent, gate, threadId, state);
    if (next === undefined) return ended.length > 0 ? handOver(ended, gate.into) : { step: "end" };
    const replayed = next.proposal.state === "closed";
    const routed = await route(assent, gate, next);
    return { current: routed.proposal.id, step: stepFor(routed), reason: null, replayed };
  };
}

async function route(assent: Assent, gate: GateSettings, held: Case): Promise<Case> {
  const { proposal, round } = held;
  if (proposal.state === "closed" || round.routing !== null) return held;
  const routing = (await killedRouting(assent, held)) ?? (await routingOf(assent, gate, held));
  const at = assent.clock.now().toISOString();
  const outcome = outcomeOf(routing, gate, outcomeBase(held, at));
  return assent.ledger.route({ proposalId: proposal.id, round: round.round, routing, outcome, at });
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
