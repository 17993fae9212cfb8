import { z } from "zod";
import { defineAction, type Action } from "../model/action.js";
import type { Outcome } from "../model/outcome.js";
import type { Assent } from "../nodes/assent.js";
import { declare } from "../nodes/declared.js";
import { actionName } from "./ask-human.js";
import { gateGraph, type Gate } from "./gate-graph.js";
import { gateRequirement, termsIn, type GateTerms } from "../nodes/terms.js";

/** Options of {@link reviewed}. `State` is the state of your graph. */
export interface ReviewedOptions<State> extends GateTerms {
  /** What the node needs of your state, as plain JSON; all of it unless said. It is kept while the gate waits. */
  input?: (state: State) => unknown;
  /** What the review is about, in a few words; the gate's name unless said. */
  about?: string;
  /** What becomes of a rejection in your state. */
  rejected?: (outcome: Outcome) => Record<string, unknown>;
}

/**
 * Review of a whole task: runs a node's function and holds its update back until a person approves it, modifies it or
 * rejects it; then the update, or what the person made of it, becomes part of the state.
 *
 * The function may run again after a crash, until its output is recorded; what it returned first is what is reviewed. It
 * must return plain JSON.
 *
 * @throws AssentError `gate_invalid` for a duration that is none.
 *
 * @example
 * ```ts
 * import { AssentState, addGate, createAssent, memoryLedger, policy, reviewed } from "assent";
 * import { START, StateGraph } from "@langchain/langgraph";
 * import { z } from "zod";
 *
 * const State = AssentState.extend({ topic: z.string(), plan: z.string().optional() });
 * const assent = createAssent({ actions: [], ledger: memoryLedger(), policy: policy({ default: { route: "review" } }) });
 * const plan = reviewed(assent, ({ topic }: z.infer<typeof State>) => ({ plan: `First, read about ${topic}.` }));
 * export const graph = addGate(new StateGraph(State), "plan", plan).addEdge(START, "plan").compile();
 * ```
 */
export function reviewed<State = Record<string, never>>(
  assent: Assent,
  node: (state: State) => Record<string, unknown> | Promise<Record<string, unknown>>,
  options: ReviewedOptions<State> = {},
): Gate {
  const { input, about, rejected } = options;
  return {
    build(name) {
      const action = outputAction(name, about ?? name);
      declare(assent, action);
      const requires = gateRequirement(name, termsIn(options));
      return gateGraph(
        assent,
        {
          name,
          action: action.name,
          tighten: () => ({ route: "review", because: "A person looks at the whole output.", requires }),
          into: (outcome) =>
            outcome.status === "executed" ? (outcome.result as Record<string, unknown>) : (rejected?.(outcome) ?? {}),
        },
        {
          seed: (state) => (input === undefined ? state : input(state as State)),
          propose: async (seed, key) =>
            assent.propose(action, { output: (await node(seed as State)) as Record<string, never> }, { key }),
        },
      );
    },
  };
}

/** What an approved output does: nothing but hand itself on. */
function outputAction(
  gate: string,
  about: string,
): Action<z.ZodObject<{ output: z.ZodRecord<z.ZodString, z.ZodAny> }>> {
  return defineAction({
    name: actionName("output", gate),
    args: z.object({ output: z.record(z.string(), z.any()) }),
    summary: () => `Accept the output of ${about}`,
    idempotent: true,
    run: ({ output }) => output as unknown,
  });
}
