import type { Case } from "../model/case.js";
import type { Amount, PolicyInput } from "../model/facts.js";
import { isAutomatic, type Routing } from "../model/routing.js";
import { parseArgs } from "./arguments.js";
import { actionOf } from "./actions.js";
import type { Assent } from "./assent.js";
import { gatherFacts } from "./propose.js";

/**
 * What the policy says about a case's current round. The facts that follow from its arguments are worked out anew: who
 * may write rows may have recorded arguments and facts that have nothing to do with each other. Where that fails,
 * nothing runs by itself.
 */
export function evaluateRound(
  assent: Assent,
  { proposal, round }: Case,
  known: Pick<PolicyInput, "at" | "history"> = {},
): Routing {
  const evaluate = (facts: typeof round.facts): Routing =>
    assent.policy.evaluate({ ...known, action: proposal.action, agent: proposal.agent, facts });
  const action = actionOf(assent, proposal.action);
  // An action that this process does not know is not run by it either.
  if (action === undefined) return evaluate(round.facts);
  try {
    const derived = gatherFacts(action, parseArgs(action, round.args), round.facts);
    // What the ledger told when it was proposed does not follow from the arguments.
    const told = action.novelty === undefined ? {} : { novelty: round.facts.novelty ?? 1 };
    return evaluate({ ...derived, ...told });
  } catch (error) {
    const routing = evaluate(round.facts);
    if (!isAutomatic(routing.route)) return routing;
    const why = error instanceof Error ? error.message : "something was thrown that is no error";
    const explanation = `A person is asked, because the facts of the arguments cannot be worked out: ${why}`;
    return { ...routing, route: "review", rules: [], explanation, failedClosed: true };
  }
}

/**
 * What a round is worth, as its action works that out from the arguments; undefined where it does not, or where this
 * process does not know the action.
 */
export function amountOf(assent: Assent, { proposal, round }: Pick<Case, "proposal" | "round">): Amount | undefined {
  const action = actionOf(assent, proposal.action);
  if (action === undefined) return undefined;
  try {
    return gatherFacts(action, parseArgs(action, round.args), round.facts).amount;
  } catch {
    return undefined;
  }
}
