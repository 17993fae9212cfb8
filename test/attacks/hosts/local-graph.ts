import type { AttackedGraph } from "../victim.js";

/** A compiled graph of this process, which takes what a run may differ in from its configuration. */
export function localGraph(compiled: unknown): AttackedGraph {
  const graph = compiled as AttackedGraph;
  return {
    invoke: (input, config, options) => graph.invoke(input, { ...config, ...options }),
    getState: (config) => graph.getState(config),
    getStateHistory: (config) => graph.getStateHistory(config),
    updateState: (config, values, asNode) => graph.updateState(config, values, asNode),
  };
}
