import {
  Annotation,
  ReducedValue,
  type AnnotationRoot,
  type BaseChannel,
  type OverwriteValue,
} from "@langchain/langgraph";
import { withLangGraph } from "@langchain/langgraph/zod";
import { z } from "zod";
import { Outcome } from "../model/outcome.js";

const ids = z.array(z.string());
const byProposal = z.record(z.string(), Outcome);
type ByProposal = Record<string, Outcome>;

const proposals = ids.describe("Ids of what agents have proposed; the proposals themselves are in the ledger");
const outcomes = byProposal.describe("How each proposal ended, by its id");
const allIds = (known: string[], added: string[]): string[] => [...new Set([...known, ...added])];
const latest = (known: ByProposal, added: ByProposal): ByProposal => ({ ...known, ...added });
const titled = { proposals: { title: "Proposals" }, outcomes: { title: "Outcomes" } };

/**
 * The two state keys that Assent needs: `proposals` (ids, written by `assent.propose`) and `outcomes` (written by
 * gates). Both merge, so parallel branches do not collide. Extend it with your own keys.
 *
 * @example
 * ```ts
 * import { AssentState } from "assent";
 * import { z } from "zod";
 *
 * export const State = AssentState.extend({ ticket: z.string(), reply: z.string().optional() });
 * ```
 */
export const AssentState = z.object({
  proposals: withLangGraph(proposals, {
    reducer: { schema: ids, fn: allIds },
    default: () => [],
    jsonSchemaExtra: titled.proposals,
  }),
  outcomes: withLangGraph(outcomes, {
    reducer: { schema: byProposal, fn: latest },
    default: () => ({}),
    jsonSchemaExtra: titled.outcomes,
  }),
});
/** The two state keys that Assent needs. */
export type AssentState = z.infer<typeof AssentState>;

/**
 * The keys of {@link AssentState} for a state that is defined with LangGraph's `Annotation`.
 *
 * @example
 * ```ts
 * import { Annotation, START, StateGraph } from "@langchain/langgraph";
 * import { AssentAnnotation, addGate, type Gate } from "assent";
 *
 * declare const propose: (ticket: string) => Promise<{ proposals: string[] }>;
 * declare const gate: Gate;
 *
 * const State = Annotation.Root({ ...AssentAnnotation.spec, ticket: Annotation<string> });
 * const builder = new StateGraph(State).addNode("agent", ({ ticket }) => propose(ticket));
 * export const graph = addGate(builder, "gate", gate).addEdge(START, "agent").addEdge("agent", "gate").compile();
 * ```
 */
export const AssentAnnotation: AnnotationRoot<{
  proposals: BaseChannel<string[], string[] | OverwriteValue<string[]>>;
  outcomes: BaseChannel<Record<string, Outcome>, Record<string, Outcome> | OverwriteValue<Record<string, Outcome>>>;
}> = Annotation.Root({
  proposals: Annotation<string[]>({ reducer: allIds, default: () => [] }),
  outcomes: Annotation<ByProposal>({ reducer: latest, default: () => ({}) }),
});

/**
 * The keys of {@link AssentState} for a state that is defined with LangGraph's `StateSchema`. The fields of a Zod
 * state would not do: their reducers are Zod's, and a `StateSchema` does not see them.
 *
 * @example
 * ```ts
 * import { START, StateGraph, StateSchema } from "@langchain/langgraph";
 * import { AssentFields, addGate, type Gate } from "assent";
 * import { z } from "zod";
 *
 * declare const propose: (ticket: string) => Promise<{ proposals: string[] }>;
 * declare const gate: Gate;
 *
 * const State = new StateSchema({ ...AssentFields, ticket: z.string() });
 * const builder = new StateGraph(State).addNode("agent", ({ ticket }) => propose(ticket));
 * export const graph = addGate(builder, "gate", gate).addEdge(START, "agent").addEdge("agent", "gate").compile();
 * ```
 */
export const AssentFields: {
  proposals: ReducedValue<string[]>;
  outcomes: ReducedValue<Record<string, Outcome>>;
} = {
  proposals: new ReducedValue(proposals.default([]), {
    inputSchema: ids,
    reducer: allIds,
    jsonSchemaExtra: titled.proposals,
  }),
  outcomes: new ReducedValue(outcomes.default({}), {
    inputSchema: byProposal,
    reducer: latest,
    jsonSchemaExtra: titled.outcomes,
  }),
};

/** Where a gate goes next. */
export const GateStep = z.enum(["policy", "review", "revise", "execute", "audit", "end"]);
/** Where a gate goes next. */
export type GateStep = z.infer<typeof GateStep>;

const known = z.object({
  proposals: z.array(z.unknown()).default([]),
  outcomes: z.record(z.string(), z.unknown()).default({}),
});

/** What a gate takes from the graph around it. Either may be missing: a `Send` names only what it is about. */
export const GateInput = known.partial().extend({
  /** What a gate that proposes by itself took from the state around it. */
  seed: z.unknown().optional(),
});

/**
 * What a gate can use of whatever it is handed. LangGraph keeps what a task was sent with, so a gate that refused it
 * once would refuse it for ever, and the thread with it.
 */
export function gateInput(handed: unknown): z.input<typeof GateInput> {
  const { proposals, outcomes } = Object(handed) as Record<string, unknown>;
  return {
    proposals: GateInput.shape.proposals.safeParse(proposals).data ?? [],
    outcomes: GateInput.shape.outcomes.safeParse(outcomes).data ?? {},
  };
}

/**
 * A gate's private state. Nothing in it is trusted: every node asks the ledger. What comes from the graph around it is
 * not even checked, for a state outlives versions of this package, and a gate that refused it could never go on.
 */
export const GateState = known.extend({
  /** What a gate that proposes by itself took from the state around it. */
  seed: z.unknown().optional(),
  /** The proposal in hand. */
  current: z.string().optional(),
  step: GateStep.optional(),
  /** Why the review is asked again. */
  reason: z.string().nullish(),
  /** Digests of the answers that this pass of the gate was given, whatever became of them. */
  answered: z.array(z.string()).optional(),
  /** Whether LangGraph may still hold an answer from before this pass, and give it to this pass's question. */
  olderAnswers: z.boolean().optional(),
  /** Whether the outcome in hand was there before this run. */
  replayed: z.boolean().optional(),
  /** What this pass has brought to an end and not yet handed to the parent; the outcomes are in the ledger. */
  done: z.array(z.strictObject({ proposalId: z.string(), replayed: z.boolean() })).optional(),
});
/** A gate's private state. */
export type GateState = z.infer<typeof GateState>;
/** What a gate's node changes of it. */
export type GateUpdate = Partial<Omit<GateState, "proposals" | "outcomes">>;
