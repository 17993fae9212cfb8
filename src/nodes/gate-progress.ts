import { isDeepStrictEqual } from "node:util";
import type { Case } from "../model/case.js";
import type { Outcome } from "../model/outcome.js";
import type { Route } from "../model/routing.js";
import { awaitsDraft } from "../ledger/deciding.js";
import type { Assent } from "./assent.js";
import type { GateSettings } from "./gate-settings.js";
import type { GateState, GateStep } from "./state.js";

/** Where a pass of the gate stands. */
export interface Progress {
  /** Cases that it still has to bring to an end or report, in state order. */
  open: Case[];
  /** Outcomes that it has to hand to the parent graph, in the order in which they came. */
  ended: Outcome[];
}

/**
 * What of the thread's proposals this pass has done. State only names proposals: how each one stands comes from the
 * ledger, so an outcome that a client wrote into the state neither hides an open case nor reaches the parent.
 */
export async function progressOf(
  { ledger }: Assent,
  { name, action }: GateSettings,
  threadId: string,
  { proposals, outcomes, done = [] }: GateState,
): Promise<Progress> {
  const ids = proposals.filter((id) => typeof id === "string");
  if (ids.length === 0) return { open: [], ended: [] };
  const filter = action === undefined ? {} : { action };
  const taken = await ledger.take({ threadId, gate: name, ids, ...filter });
  const closed = new Map(taken.flatMap(({ proposal, outcome }) => (outcome === null ? [] : [[proposal.id, outcome]])));
  const finished = new Map(done.map(({ proposalId, replayed }) => [proposalId, replayed]));
  const ended = [...finished].flatMap(([id, replayed]) => {
    const outcome = closed.get(id);
    return outcome === undefined ? [] : [{ ...outcome, replayed }];
  });
  const open = taken.filter(({ proposal: { id }, outcome }) => {
    if (outcome === null) return true;
    return !finished.has(id) && !saysTheSame(outcomes[id], outcome);
  });
  return { open, ended };
}

/** Whether the thread already has the outcome that the ledger recorded. */
function saysTheSame(known: unknown, recorded: Outcome): boolean {
  if (typeof known !== "object") return false;
  return isDeepStrictEqual({ ...known, replayed: false }, { ...recorded, replayed: false });
}

/** Where a routed case goes: what the ledger holds decides, not the state of the graph. */
export function stepFor(held: Case): GateStep {
  const { proposal, round, permit } = held;
  if (proposal.state === "closed") return "audit";
  // One that is void leads there too, and from there to the next round: no review can be asked beside it.
  if (permit !== null) return "execute";
  if (awaitsDraft(held, round.round)) return "revise";
  if (round.routing === null) return "policy";
  return afterRoute(round.routing.route);
}

function afterRoute(route: Route): GateStep {
  switch (route) {
    // The permit comes with the routing, in one transaction. Where there is none, somebody else wrote that routing.
    case "execute":
    case "flag":
    case "veto":
    case "clarify":
    case "review":
      return "review";
    // An open suggestion waits for somebody who takes it.
    case "suggest":
      return "review";
    case "block":
      return "audit";
    default:
      // Nor is anything let through that no policy says.
      route satisfies never;
      return "review";
  }
}
