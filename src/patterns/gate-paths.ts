import { gateMark, type GateMark } from "./gate-mark.js";

/** A compiled graph, as far as it can be looked at. */
export interface CompiledGraph {
  readonly lg_is_pregel: true;
  readonly nodes: Readonly<Record<string, CompiledNode>>;
  /** Undefined if none was given, false if the graph is to have none, true for a subgraph that keeps its own. */
  readonly checkpointer?: unknown;
  /** What it was compiled from; graphs of the functional API have none. */
  readonly builder?: object;
}

/** A node of a compiled graph, with the defaults of its graph applied. */
export interface CompiledNode {
  readonly bound?: unknown;
  readonly subgraphs?: readonly unknown[];
  readonly cachePolicy?: unknown;
  readonly errorHandlerNode?: string | undefined;
}

/** One node on the way to a gate. */
export interface Step {
  readonly graph: CompiledGraph;
  readonly name: string;
  readonly node: CompiledNode;
}

/** A gate, and the nodes that lead to it from the outermost graph: the last one is the gate itself. */
export interface GatePath {
  readonly mark: GateMark;
  readonly steps: readonly Step[];
  /** The gate's own subgraph. */
  readonly gate: CompiledGraph;
}

/** Whether a value is a compiled graph. */
export function isCompiledGraph(value: unknown): value is CompiledGraph {
  if (typeof value !== "object" || value === null) return false;
  const { lg_is_pregel, nodes } = value as Partial<CompiledGraph>;
  return lg_is_pregel === true && typeof nodes === "object";
}

/**
 * Every gate in a graph, at any depth. A graph that a node's function calls cannot be seen, unless the node says so:
 * `addNode(name, fn, { subgraphs: [graph] })`.
 */
export function gatePaths(graph: CompiledGraph, above: readonly Step[] = []): GatePath[] {
  return Object.entries(graph.nodes).flatMap(([name, node]) => {
    const steps = [...above, { graph, name, node }];
    return subgraphsOf(node).flatMap((inner) => {
      const mark = inner.builder === undefined ? undefined : gateMark(inner.builder);
      if (mark !== undefined) return [{ mark, steps, gate: inner }];
      return steps.some((step) => step.graph === inner) ? [] : gatePaths(inner, steps);
    });
  });
}

function subgraphsOf({ bound, subgraphs = [] }: CompiledNode): CompiledGraph[] {
  return [...new Set([bound, ...subgraphs].flatMap(graphsIn))];
}

/** The graphs that a runnable is or wraps: a sequence has steps, a bound runnable something bound. */
function graphsIn(runnable: unknown): CompiledGraph[] {
  if (isCompiledGraph(runnable)) return [runnable];
  if (typeof runnable !== "object" || runnable === null) return [];
  const { steps, bound } = runnable as { steps?: unknown; bound?: unknown };
  return [...(Array.isArray(steps) ? (steps as unknown[]) : []), bound].flatMap(graphsIn);
}
