import type { StateGraph } from "@langchain/langgraph";
import { InMemoryCache } from "@langchain/langgraph-checkpoint";
import type { Compilable } from "./hosts/host.js";
import type { NodeDefaults } from "./shapes.js";

/**
 * Gives a graph's nodes what its author thinks harmless: a cache that all threads share, or a handler for whatever goes
 * wrong.
 */
export function withDefaults(
  // oxlint-disable-next-line typescript/no-explicit-any -- any graph
  builder: StateGraph<any, any, any, any>,
  defaults: NodeDefaults | undefined,
): Compilable {
  if (defaults === undefined) return builder;
  if (defaults === "error handler") return builder.setNodeDefaults({ errorHandler: () => ({}) });
  builder.setNodeDefaults({ cachePolicy: true });
  const cache = new InMemoryCache();
  return { compile: (options) => builder.compile({ ...options, cache }) };
}
