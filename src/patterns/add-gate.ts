import type { StateGraph } from "@langchain/langgraph";
import { AssentError } from "../model/error.js";
import type { Gate } from "./approval-gate.js";

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

/**
 * Adds a gate to your graph under a name, safely: LangGraph's cache may not answer for it. Connect it with edges like
 * any other node.
 *
 * @throws AssentError `gate_invalid` if the name is taken, is a state key, or the state lacks `proposals` and
 *   `outcomes`.
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
      fix: "Build the state with AssentState.extend({ … })",
    });
  }
  if (channels.includes(name) || name in builder.nodes) {
    throw new AssentError("gate_invalid", {
      what: `A gate cannot be called "${name}": a state key or a node already has that name`,
      where: `gate ${name}`,
      fix: "Give it another name",
    });
  }
  const grown = (builder as unknown as StateGraph<unknown, unknown, unknown, string>).addNode(name, gate.build(name), { cachePolicy: false });
  return grown as unknown as WithNode<Builder, Name>;
}
