import { z } from "zod";
import type { Assent } from "../nodes/assent.js";
import { askHuman, type Answered, type AskHumanOptions } from "./ask-human.js";
import type { Gate } from "./gate-graph.js";
import type { GateTerms } from "../nodes/terms.js";

/** When a person is asked, in the words of other frameworks. */
export type HumanInputMode = "never" | "terminate" | "always";

/** What a person says when it is their turn. */
export interface HumanTurnOptions<Reply extends z.ZodType, State> extends GateTerms {
  /** `never`: the gate lets everything pass; `terminate`: only when the agent wants to stop; `always`: every time. */
  mode: HumanInputMode;
  /** Whether the agent wants to stop; for mode `terminate`. */
  wantsToStop?: (state: State) => boolean;
  /** What the person is shown. */
  prompt: string | ((state: State) => string);
  /** What helps them: the conversation so far, as plain JSON. */
  context?: (state: State) => unknown;
  /** The form of the reply; a text unless said. What does not fit is asked again; nothing is guessed. */
  parse?: Reply;
  /** What becomes of the reply in your state. */
  into: (reply: z.output<Reply>, said: Answered) => Record<string, unknown>;
}

/**
 * A person's turn in a conversation, in the input modes that people know from other frameworks. A reply is what the form
 * says, by exact match: no model guesses whether "looks fine I guess" is a yes.
 *
 * @throws AssentError `gate_invalid`, `action_invalid` as {@link askHuman} does.
 *
 * @example
 * ```ts
 * import { AssentState, addGate, createAssent, humanTurn, memoryLedger, policy } from "assent";
 * import { START, StateGraph } from "@langchain/langgraph";
 * import { z } from "zod";
 *
 * const State = AssentState.extend({ draft: z.string(), verdict: z.string().optional() });
 * const assent = createAssent({ actions: [], ledger: memoryLedger(), policy: policy({ default: { route: "review" } }) });
 * const turn = humanTurn(assent, {
 *   mode: "always",
 *   prompt: (s: z.infer<typeof State>) => s.draft,
 *   parse: z.enum(["approve", "reject"]),
 *   into: (verdict) => ({ verdict }),
 * });
 * export const graph = addGate(new StateGraph(State), "human", turn).addEdge(START, "human").compile();
 * ```
 */
export function humanTurn<Reply extends z.ZodType = z.ZodString, State = Record<string, never>>(
  assent: Assent,
  options: HumanTurnOptions<Reply, State>,
): Gate {
  const { mode, wantsToStop = () => true, prompt, context, into, parse, ...terms } = options;
  const asking: AskHumanOptions<Reply, State> = {
    ...terms,
    question: prompt,
    answer: parse ?? (z.string() as unknown as Reply),
    into,
    ...(context === undefined ? {} : { context }),
    asks: (state: State) => mode === "always" || (mode === "terminate" && wantsToStop(state)),
  };
  return askHuman(assent, asking);
}
