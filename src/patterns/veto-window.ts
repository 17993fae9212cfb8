import type { Assent } from "../nodes/assent.js";
import type { GateOptions } from "../nodes/gate-settings.js";
import type { ReviewTerms } from "../policy/review-terms.js";
import { gateGraph, type Gate } from "./gate-graph.js";
import { gateRequirement } from "../nodes/terms.js";

/** Options of {@link vetoWindow}. */
export interface VetoWindowOptions<Name extends string = string>
  extends GateOptions<Name>, Pick<ReviewTerms, "by" | "reasonCodes"> {
  /** How long somebody may object, such as `PT30M`. */
  window: NonNullable<ReviewTerms["window"]>;
}

/**
 * People on the loop: what the policy would let run by itself waits for a window in which somebody may object, and runs
 * at its end unless somebody did. What the policy sends to a person goes there as always.
 *
 * The thread is interrupted for as long as the window lasts; `assent.tick()` ends it, in one transaction that checks that
 * nobody has objected, and the thread is then resumed like after any decision. An objection (`reject`) ends the case; an
 * `approve` lets it run at once. Both survive any restart.
 *
 * @throws AssentError `gate_invalid` for a window that is no duration.
 *
 * @example
 * ```ts
 * import { AssentState, addGate, createAssent, memoryLedger, policy, vetoWindow } from "assent";
 * import { START, StateGraph } from "@langchain/langgraph";
 *
 * const assent = createAssent({ actions: [], ledger: memoryLedger(), policy: policy({ default: { route: "execute" } }) });
 * export const graph = addGate(
 *   new StateGraph(AssentState).addNode("agent", () => ({})),
 *   "window",
 *   vetoWindow(assent, { window: "PT30M" }),
 * )
 *   .addEdge(START, "agent")
 *   .addEdge("agent", "window")
 *   .compile();
 * ```
 */
export function vetoWindow<Name extends string>(
  assent: Assent<Name>,
  { window, by, reasonCodes, ...options }: VetoWindowOptions<NoInfer<Name>>,
): Gate {
  return {
    build(name) {
      const terms = {
        window,
        ...(by === undefined ? {} : { by }),
        ...(reasonCodes === undefined ? {} : { reasonCodes }),
      };
      const requires = gateRequirement(name, terms);
      const because = "It runs at the end of a window unless somebody objects.";
      return gateGraph(assent, { name, ...options, tighten: () => ({ route: "veto", because, requires }) });
    },
  };
}
