import { z } from "zod";
import { defineAction } from "../model/action.js";
import { AssentError } from "../model/error.js";
import type { AnyAction, Assent } from "../nodes/assent.js";
import { declare } from "../nodes/declared.js";
import type { GateOptions } from "../nodes/gate-settings.js";
import type { ProposeOptions } from "../nodes/propose.js";
import { actionName } from "./ask-human.js";
import { gateGraph, type Gate } from "./gate-graph.js";
import { gateRequirement, termsIn, type GateTerms } from "./terms.js";

/** A text that is being written, where a refinement is of nothing but a text. */
export interface TextDraft {
  text: string;
}

/** What a person wants changed. */
export interface Wish<Draft> {
  /** The draft that they saw. */
  draft: Draft;
  /** In their words. */
  feedback: string;
  /** The number of the draft, from 1. */
  round: number;
}

/** Options of {@link interactiveRefinement}. `State` is the state of your graph, `Input` what of it the agent needs. */
export interface RefinementOptions<Draft extends object, State, Input = State>
  extends GateTerms, Pick<GateOptions, "into"> {
  /** What an approved draft does; left out, the draft is a text and nothing but handed on as the outcome's result. */
  action?: AnyAction;
  /** What the agent needs of your state, as plain JSON; all of it unless said. It is kept while the gate waits. */
  input?: (state: State) => Input;
  /** Makes the first draft: the action's arguments, or `{ text }`. May run again after a crash, until it is recorded. */
  draft: (input: Input) => Draft | Promise<Draft>;
  /** Makes the next draft. */
  revise: (wish: Wish<Draft>, input: Input) => Draft | Promise<Draft>;
  /** How many drafts there are at most, the first included; 5 unless said. Then a person approves, changes or rejects. */
  rounds?: number;
  /** Facts and names that go with the proposal. */
  facts?: Omit<ProposeOptions, "key">;
}

/**
 * Refinement: the agent drafts, a person approves, edits or says what has to change, the agent drafts again, until one
 * approves or the last round. Every round is a super-step of its own and keeps what was asked for and what changed.
 *
 * A draft that was approved runs its action, once; one that a person edited runs as they wrote it, if the policy lets
 * them approve that.
 *
 * @throws AssentError `gate_invalid` for a number of rounds or a duration that is none.
 *
 * @example
 * ```ts
 * import { AssentState, addGate, createAssent, interactiveRefinement, memoryLedger, policy } from "assent";
 * import { START, StateGraph } from "@langchain/langgraph";
 * import { z } from "zod";
 *
 * const State = AssentState.extend({ topic: z.string(), letter: z.string().optional() });
 * const assent = createAssent({ actions: [], ledger: memoryLedger(), policy: policy({ default: { route: "review" } }) });
 * const letter = interactiveRefinement(assent, {
 *   draft: ({ topic }: z.infer<typeof State>) => ({ text: `About ${topic}.` }),
 *   revise: ({ draft, feedback }) => ({ text: `${draft.text} (${feedback})` }),
 *   rounds: 3,
 *   into: (outcome) => (outcome.status === "executed" ? { letter: String(outcome.result) } : {}),
 * });
 * export const graph = addGate(new StateGraph(State), "letter", letter).addEdge(START, "letter").compile();
 * ```
 */
export function interactiveRefinement<Draft extends object = TextDraft, State = Record<string, never>, Input = State>(
  assent: Assent,
  options: RefinementOptions<Draft, State, Input>,
): Gate {
  const { input, draft, revise, rounds = 5, into, facts } = options;
  return {
    build(name) {
      if (!Number.isInteger(rounds) || rounds < 1 || rounds > 1_000) {
        throw new AssentError("gate_invalid", {
          what: "A refinement has a whole number of rounds, from 1 to 1,000",
          where: `gate ${name}`,
          seen: rounds,
        });
      }
      const action = options.action ?? textAction(name);
      if (options.action === undefined) declare(assent, action);
      const requires = gateRequirement(name, termsIn(options));
      return gateGraph(
        assent,
        {
          name,
          action: action.name,
          kind: "refinement",
          draftsMax: rounds,
          tighten: () => ({ route: "review", because: "A person refines it.", requires }),
          revise: ({ args, note, held, seed }) =>
            revise({ draft: args as Draft, feedback: note, round: held.round.round }, seed as Input),
          ...(into === undefined ? {} : { into }),
        },
        {
          seed: (state) => (input === undefined ? state : input(state as State)),
          propose: async (seed, key) => assent.propose(action, await draft(seed as Input), { ...facts, key }),
        },
      );
    },
  };
}

/** What an approved text does: nothing but hand itself on. */
function textAction(gate: string): AnyAction {
  return defineAction({
    name: actionName("write", gate),
    args: z.object({ text: z.string() }),
    summary: ({ text }) => `Use this text: ${text}`,
    idempotent: true,
    run: ({ text }) => text,
  });
}
