import { z } from "zod";
import { defineAction, type Action } from "../model/action.js";
import { AssentError } from "../model/error.js";
import type { AnyAction, Assent } from "../nodes/assent.js";
import { declare } from "../nodes/declared.js";
import type { GateOptions } from "../nodes/gate-settings.js";
import type { ProposeOptions } from "../nodes/propose.js";
import { actionName } from "./ask-human.js";
import { gateGraph, type Gate } from "./gate-graph.js";
import { gateRequirement, termsIn, type GateTerms } from "../nodes/terms.js";

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

/** What is drafted for an action: its arguments; a text where there is none. */
export type DraftOf<Drafted extends AnyAction> = [Drafted] extends [never] ? TextDraft : z.input<Drafted["args"]>;

/** Options of {@link interactiveRefinement}. `State` is the state of your graph, `Input` what of it the agent needs. */
export interface RefinementOptions<Drafted extends AnyAction, State, Input = State>
  extends GateTerms, Pick<GateOptions, "into"> {
  /** What an approved draft does; left out, the draft is a text and nothing but handed on as the outcome's result. */
  action?: Drafted;
  /** What the agent needs of your state, as plain JSON; all of it unless said. It is kept while the gate waits. */
  input?: (state: State) => Input;
  /** Makes the first draft: the action's arguments, or `{ text }`. May run again after a crash, until it is recorded. */
  draft: (input: Input) => DraftOf<Drafted> | Promise<DraftOf<Drafted>>;
  /** Makes the next draft. */
  revise: (wish: Wish<DraftOf<Drafted>>, input: Input) => DraftOf<Drafted> | Promise<DraftOf<Drafted>>;
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
 * export const graph = addGate(new StateGraph(State), "refine", letter).addEdge(START, "refine").compile();
 * ```
 */
export function interactiveRefinement<
  State = Record<string, never>,
  Input = State,
  Name extends string = string,
  // oxlint-disable-next-line typescript/no-explicit-any -- as AnyAction
  Drafted extends Action<any, any, NoInfer<Name>> = never,
>(assent: Assent<Name>, options: RefinementOptions<Drafted, State, Input>): Gate {
  // Without a name: a draft that is nothing but a text has an action of the gate's own.
  const own: Assent = assent;
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
      const action: AnyAction = options.action ?? textAction(name);
      if (options.action === undefined) declare(own, action);
      const requires = { ...gateRequirement(name, termsIn(options)), draftsMax: rounds };
      return gateGraph(
        own,
        {
          name,
          action: action.name,
          kind: "refinement",
          tighten: () => ({ route: "review", because: "A person refines it.", requires }),
          revise: ({ args, note, held, seed }) =>
            revise({ draft: args as DraftOf<Drafted>, feedback: note, round: held.round.round }, seed as Input),
          ...(into === undefined ? {} : { into }),
        },
        {
          seed: (state) => (input === undefined ? state : input(state as State)),
          propose: async (seed, key) => own.propose(action, await draft(seed as Input), { ...facts, key }),
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
