import type { Case } from "../model/case.js";
import type { Route } from "../model/routing.js";
import type { Assent } from "./assent.js";
import type { GateSettings } from "./gate-settings.js";
import type { GateState, GateStep } from "./state.js";

/** The cases that this pass of the gate still has to bring to an end, in state order. */
export async function takeOpen(
  { ledger }: Assent,
  { name, action }: GateSettings,
  threadId: string,
  { proposals, outcomes, done = [] }: GateState,
): Promise<Case[]> {
  if (proposals.length === 0) return [];
  const handed = new Set([...Object.keys(outcomes), ...done.map(({ proposalId }) => proposalId)]);
  const ids = proposals.filter((id) => !handed.has(id));
  return ledger.take({ threadId, gate: name, ids, ...(action === undefined ? {} : { action }) });
}

/** Where a routed case goes: what the ledger holds decides, not the state of the graph. */
export function stepFor({ proposal, round, permit }: Case): GateStep {
  if (proposal.state === "closed") return "audit";
  if (permit !== null && permit.state !== "void") return "execute";
  if (round.routing === null) return "policy";
  return afterRoute(round.routing.route);
}

function afterRoute(route: Route): GateStep {
  switch (route) {
    case "execute":
    case "flag":
      return "execute";
    // Until windows and questions exist of their own, the stricter thing is to ask a person.
    case "veto":
    case "clarify":
    case "review":
      return "review";
    case "suggest":
    case "block":
      return "audit";
    default:
      return route satisfies never;
  }
}
