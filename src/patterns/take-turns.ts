import { z } from "zod";
import type { Assent } from "../nodes/assent.js";
import { askHuman, type Answered } from "./ask-human.js";
import type { Gate } from "./gate-graph.js";
import type { GateTerms } from "../nodes/terms.js";

/** Whose turn it is next, as the person says. */
export type NextTurn = "agent" | "person" | "done";

/** Options of {@link coAuthor}. `State` is the state of your graph. */
export interface CoAuthorOptions<Artifact extends z.ZodType, State> extends GateTerms {
  /** What is being made, as it is now: plain JSON. */
  artifact: (state: State) => z.input<Artifact>;
  /** Its form. */
  form: Artifact;
  /** What the person is asked to do. */
  prompt?: string | ((state: State) => string);
  /** What becomes of their version in your state, and of what they say about whose turn it is. */
  into: (
    turn: { artifact: z.output<Artifact>; next: NextTurn; note: string | null },
    said: Answered,
  ) => Record<string, unknown>;
}

interface Turn<Version> {
  artifact: Version;
  next: NextTurn;
  note?: string;
}

/**
 * Collaboration: person and agent take turns on one artifact. A gate for the person's turn; your graph's edges decide,
 * by what `into` notes of `next`, whether the agent has the next turn (`agent`), the person again, or nobody (`done`).
 * Each turn is a case of its own with the version that was handed back.
 *
 * @throws AssentError `gate_invalid`, `action_invalid` as {@link askHuman} does.
 *
 * @example
 * ```ts
 * import { AssentState, addGate, coAuthor, createAssent, memoryLedger, policy } from "assent";
 * import { END, START, StateGraph } from "@langchain/langgraph";
 * import { z } from "zod";
 *
 * const State = AssentState.extend({ text: z.string(), next: z.string().optional() });
 * const assent = createAssent({ actions: [], ledger: memoryLedger(), policy: policy({ default: { route: "review" } }) });
 * const person = coAuthor(assent, {
 *   artifact: (s: z.infer<typeof State>) => s.text,
 *   form: z.string(),
 *   into: ({ artifact, next }) => ({ text: artifact, next }),
 * });
 * const builder = new StateGraph(State).addNode("agent", ({ text }) => ({ text: `${text}!` }));
 * export const graph = addGate(builder, "person", person)
 *   .addEdge(START, "agent")
 *   .addEdge("agent", "person")
 *   .addConditionalEdges("person", ({ next }) => (next === "agent" ? "agent" : END), ["agent", END])
 *   .compile();
 * ```
 */
export function coAuthor<Artifact extends z.ZodType, State = Record<string, never>>(
  assent: Assent,
  { artifact, form, prompt = "Your turn", into, ...terms }: CoAuthorOptions<Artifact, State>,
): Gate {
  const answer = z.object({ artifact: form, next: z.enum(["agent", "person", "done"]), note: z.string().optional() });
  return askHuman<typeof answer, State>(assent, {
    ...terms,
    question: prompt,
    context: (state) => ({ artifact: artifact(state) }),
    answer,
    into(answered, said) {
      // What an object with a member of unknown form comes out as is beyond the compiler.
      const { artifact: version, next, note = null } = answered as Turn<z.output<Artifact>>;
      return into({ artifact: version, next, note }, said);
    },
  });
}

/** Options of {@link handOver}. `State` is the state of your graph. */
export interface HandOverOptions<State> extends GateTerms {
  /** Whether the conversation belongs to a person now; always unless said. */
  when?: (state: State) => boolean;
  /** Why, in words: it is what the person reads first. */
  why: string | ((state: State) => string);
  /** The whole history, as plain JSON. */
  history: (state: State) => unknown;
  /** What becomes of the person's reply in your state, and of what they say about who goes on. */
  into: (turn: { reply: string; next: NextTurn }, said: Answered) => Record<string, unknown>;
}

/**
 * Hand-over: a conversation goes to a person, with its whole history, and may come back. While the person says `next:
 * "person"` your graph's edge leads back here; `agent` gives it back to the agent, `done` ends it. Each turn is a case of
 * its own.
 *
 * @throws AssentError `gate_invalid`, `action_invalid` as {@link askHuman} does.
 *
 * @example
 * ```ts
 * import { AssentState, addGate, createAssent, handOver, memoryLedger, policy } from "assent";
 * import { START, StateGraph } from "@langchain/langgraph";
 * import { z } from "zod";
 *
 * const State = AssentState.extend({ messages: z.array(z.string()), mood: z.string(), next: z.string().optional() });
 * const assent = createAssent({ actions: [], ledger: memoryLedger(), policy: policy({ default: { route: "review" } }) });
 * const person = handOver(assent, {
 *   when: (s: z.infer<typeof State>) => s.mood === "angry",
 *   why: "The customer is angry",
 *   history: (s) => s.messages,
 *   by: [{ role: "support" }],
 *   into: ({ reply, next }) => ({ messages: [reply], next }),
 * });
 * export const graph = addGate(new StateGraph(State), "person", person).addEdge(START, "person").compile();
 * ```
 */
export function handOver<State = Record<string, never>>(
  assent: Assent,
  { when = () => true, why, history, into, ...terms }: HandOverOptions<State>,
): Gate {
  const answer = z.object({ reply: z.string(), next: z.enum(["agent", "person", "done"]) });
  return askHuman<typeof answer, State>(assent, {
    ...terms,
    asks: when,
    question: why,
    context: (state) => ({ history: history(state) }),
    answer,
    into,
  });
}
