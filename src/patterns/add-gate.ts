import type { StateGraph } from "@langchain/langgraph";
import { AssentError } from "../model/error.js";
import type { Gate } from "./gate-graph.js";
import { markGuarded } from "./gate-mark.js";
import { refusingUnloadableAnswers } from "./loadable-answers.js";

/** What a graph under construction shows of itself; every `StateGraph` has it, whatever its state is. */
export interface GraphBuilder {
  readonly channels: Record<string, unknown>;
  readonly nodes: Record<string, unknown>;
}

/** The same graph, with one more node name. */
export type WithNode<Builder, Name extends string> =
  Builder extends StateGraph<
    infer S,
    infer D,
    infer U,
    infer N,
    infer I,
    infer O,
    infer C,
    infer R,
    infer Asks,
    infer Writer
  >
    ? StateGraph<S, D, U, N | Name, I, O, C, R, Asks, Writer>
    : never;

const BUILD_THE_STATE =
  "Build the state with AssentState.extend({ … }), Annotation.Root({ ...AssentAnnotation.spec, … }) or new StateSchema({ ...AssentFields, … })";

/** The name of a channel's class, which is the same in every copy of LangGraph. */
const kindOf = (channel: unknown): unknown => (channel as { lc_graph_name?: unknown }).lc_graph_name ?? null;

const merges = (channel: unknown): boolean =>
  ["BinaryOperatorAggregate", "DeltaChannel"].includes(String(kindOf(channel)));

/**
 * Adds a gate to your graph under a name, safely: LangGraph's cache may not answer for it. Connect it with edges like
 * any other node.
 *
 * The graph then refuses an answer that its checkpoint saver could not load back (`json_invalid`): kept once, such an
 * answer would make the thread unreadable.
 *
 * Over outer graphs that hold this one, nothing here has any say. A cache or an error handler on one of their nodes can
 * still hide the gate: `assent doctor`, or `checkGraph` in a test, finds it. Their savers want `safeSerializer`.
 *
 * @throws AssentError `gate_invalid` if the name is taken, is a state key, or the state lacks `proposals` and
 *   `outcomes` or does not merge them; `compile()` of the graph throws it if there is a default error handler or a
 *   default cache policy, or `checkpointer` is false.
 *
 * @example
 * ```ts
 * import { START, StateGraph } from "@langchain/langgraph";
 * import { AssentState, addGate, approvalGate, type Assent } from "assent";
 * import { z } from "zod";
 *
 * declare const assent: Assent;
 *
 * const State = AssentState.extend({ reply: z.string().optional() });
 * const builder = new StateGraph(State).addNode("agent", () => ({})).addEdge(START, "agent");
 * const gate = approvalGate(assent, { into: ({ status }) => ({ reply: status }) });
 * export const graph = addGate(builder, "gate", gate).addEdge("agent", "gate").compile();
 * ```
 */
export function addGate<Builder extends GraphBuilder, Name extends string>(
  builder: Builder,
  name: Name,
  gate: Gate,
): WithNode<Builder, Name> {
  const channels = Object.keys(builder.channels);
  const missing = ["proposals", "outcomes"].filter((key) => !channels.includes(key));
  if (missing.length > 0) {
    throw new AssentError("gate_invalid", {
      what: `The graph's state lacks ${missing.map((key) => `"${key}"`).join(" and ")}`,
      where: `gate ${name}`,
      seen: channels,
      fix: BUILD_THE_STATE,
    });
  }
  const replacing = ["proposals", "outcomes"].filter((key) => !merges(builder.channels[key]));
  if (replacing.length > 0) {
    throw new AssentError("gate_invalid", {
      what: `The graph's state does not merge what is written to ${replacing.map((key) => `"${key}"`).join(" and ")}: one branch would undo what another wrote`,
      where: `gate ${name}`,
      seen: Object.fromEntries(replacing.map((key) => [key, kindOf(builder.channels[key])])),
      fix: BUILD_THE_STATE,
    });
  }
  if (name === "" || channels.includes(name) || name in builder.nodes) {
    throw new AssentError("gate_invalid", {
      what: `A gate cannot be called "${name}": a state key or a node already has that name, or it is none`,
      where: `gate ${name}`,
      fix: "Give it another name",
    });
  }
  const graph = builder as unknown as StateGraph<unknown, unknown, unknown, string>;
  try {
    graph.addNode(name, gate.build(name), { cachePolicy: false });
  } catch (cause) {
    throw new AssentError("gate_invalid", {
      what: `LangGraph takes no gate called "${name}": ${cause instanceof Error ? cause.message : String(cause)}`,
      where: `gate ${name}`,
      cause,
    });
  }
  refuseUnsupported(graph, name);
  // Once is enough, however many gates there are.
  if (markGuarded(graph, name) === 1) refuseUnloadableAnswers(graph);
  return graph as unknown as WithNode<Builder, Name>;
}

/**
 * Refuses what would keep the gate from pausing, or hide it, for the whole graph.
 *
 * A graph-wide error handler would take a gate's error, such as a ledger that cannot be reached, for its own, and the
 * graph would go on as if the gate had been passed; a node cannot opt out. A graph-wide cache would answer for the
 * agent, and hand a second thread the first one's proposals: the gate skips what is not its thread's, so nobody would
 * be asked. Defaults may be set until the last moment, so this looks when the graph is compiled.
 */
function refuseUnsupported(graph: StateGraph<unknown, unknown, unknown, string>, name: string): void {
  const compile = graph.compile.bind(graph);
  graph.compile = (options) => {
    const { errorHandler, cachePolicy } = graph._nodeDefaults;
    if (errorHandler !== undefined) {
      throw new AssentError("gate_invalid", {
        what: "The graph's default error handler would swallow the errors of the gate",
        where: `gate ${name}`,
        fix: "Give `errorHandler` to the nodes that need it, not to setNodeDefaults",
      });
    }
    if (cachePolicy !== undefined) {
      throw new AssentError("gate_invalid", {
        what: "The graph's default cache policy would give one thread the proposals of another",
        where: `gate ${name}`,
        fix: "Give `cachePolicy` to the nodes that need it and propose nothing, not to setNodeDefaults",
      });
    }
    if (options?.checkpointer === false) {
      throw new AssentError("gate_invalid", {
        what: "The graph is compiled with checkpointer: false, so the gate cannot pause",
        where: `gate ${name}`,
        fix: "Leave checkpointer out where a subgraph is compiled; it takes part in the outer graph's",
      });
    }
    return compile(options);
  };
}

function refuseUnloadableAnswers(graph: StateGraph<unknown, unknown, unknown, string>): void {
  const compile = graph.compile.bind(graph);
  graph.compile = (options) => refusingUnloadableAnswers(compile(options));
}
