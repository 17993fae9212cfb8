import type { Assent } from "../nodes/assent.js";
import type { GateOptions } from "../nodes/gate-settings.js";
import type { ReviewTerms } from "../policy/review-terms.js";
import { gateGraph, type Gate } from "./gate-graph.js";
import { gateRequirement } from "../nodes/terms.js";

/** Options of {@link suggestOnly}. */
export interface SuggestOnlyOptions<Name extends string = string> extends GateOptions<Name>, Pick<ReviewTerms, "by"> {}

/**
 * People in command: the agent proposes and never acts. A person takes the suggestion and says what they did: `approve`
 * (did it as suggested), `modify` (did it with other arguments) or `reject` (did not do it). No permit is ever issued,
 * whatever the policy says; the outcome is `suggested`, or `rejected`.
 *
 * @example
 * ```ts
 * import { AssentState, addGate, createAssent, memoryLedger, policy, suggestOnly } from "assent";
 * import { START, StateGraph } from "@langchain/langgraph";
 *
 * const assent = createAssent({ actions: [], ledger: memoryLedger(), policy: policy({ default: { route: "review" } }) });
 * export const graph = addGate(
 *   new StateGraph(AssentState).addNode("agent", () => ({})),
 *   "desk",
 *   suggestOnly(assent, { by: [{ role: "dispatcher" }] }),
 * )
 *   .addEdge(START, "agent")
 *   .addEdge("agent", "desk")
 *   .compile();
 * ```
 */
export function suggestOnly<Name extends string>(
  assent: Assent<Name>,
  { by, ...options }: SuggestOnlyOptions<NoInfer<Name>> = {},
): Gate {
  return {
    build(name) {
      const requires = gateRequirement(name, by === undefined ? {} : { by });
      const because = "The agent only suggests; a person does it.";
      return gateGraph(assent, {
        name,
        ...options,
        isTaken: true,
        tighten: () => ({ route: "suggest", because, requires }),
      });
    },
  };
}
