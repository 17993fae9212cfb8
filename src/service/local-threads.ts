import { Command, type BaseCheckpointSaver, type CompiledStateGraph } from "@langchain/langgraph";
import { AssentError } from "../model/error.js";
import { apart } from "./apart.js";
import { NEW_THREAD, threadState, type Threads } from "./threads.js";

/** A compiled graph of any state and node names. */
// oxlint-disable-next-line typescript/no-explicit-any -- nothing narrower accepts every graph
export type AnyCompiledGraph = CompiledStateGraph<any, any, any, any, any, any>;

/** Options of {@link localThreads}. */
export interface LocalThreadsOptions {
  /** Compiled graphs with durable checkpointers, by names of your own. */
  graphs: Readonly<Record<string, AnyCompiledGraph>>;
  /**
   * Names the graph of a thread. Unless said it is the only graph, or the one that has every node and state key of what
   * the checkpointer holds of the thread; that cannot tell whose a new thread is, nor between graphs that are alike.
   */
  graphOf?: (threadId: string) => string | Promise<string>;
}

/** How many threads are remembered with their graphs. */
const REMEMBERED_MAX = 10_000;

/**
 * Threads of graphs that are compiled in this process. They run with durability `sync`: what a node wrote is stored
 * before the next one starts. Called beneath a node, a thread still runs by itself, no part of that node's run.
 *
 * @throws AssentError `config_invalid` without a graph; from its methods if a thread's graph cannot be told.
 * @example
 * ```ts
 * import { MemorySaver, START, StateGraph } from "@langchain/langgraph";
 * import { AssentState } from "assent";
 * import { localThreads } from "assent/service";
 *
 * const refunds = new StateGraph(AssentState)
 *   .addNode("agent", () => ({}))
 *   .addEdge(START, "agent")
 *   .compile({ checkpointer: new MemorySaver() });
 * export const threads = localThreads({ graphs: { refunds } });
 * ```
 */
export function localThreads({ graphs, graphOf }: LocalThreadsOptions): Threads {
  const all = Object.entries(graphs);
  const [only] = all;
  if (only === undefined) {
    throw new AssentError("config_invalid", { what: "There is no graph to run threads of", where: "graphs" });
  }
  const known = new Map<string, AnyCompiledGraph>();

  /** The graph of a thread; undefined for one that nothing was run on, where nobody says. */
  async function find(threadId: string): Promise<AnyCompiledGraph | undefined> {
    if (graphOf !== undefined) return named(graphs, await graphOf(threadId));
    if (all.length === 1) return only?.[1];
    const remembered = known.get(threadId);
    if (remembered !== undefined) return remembered;
    const found = await lookedUp(all, threadId);
    if (found === undefined) return undefined;
    if (known.size >= REMEMBERED_MAX) for (const oldest of [...known.keys()].slice(0, 1)) known.delete(oldest);
    known.set(threadId, found);
    return found;
  }

  async function run(threadId: string, input: Record<string, unknown> | Command | null): Promise<void> {
    const graph = await find(threadId);
    if (graph === undefined) {
      throw new AssentError("config_invalid", {
        what: "Nothing says which graph a new thread is of",
        where: `thread ${threadId}`,
        fix: "Give localThreads a `graphOf`",
      });
    }
    await graph.invoke(input, config(threadId));
  }

  return apart({
    async state(threadId) {
      const graph = await find(threadId);
      if (graph === undefined) return NEW_THREAD;
      const { config: at, next, tasks, createdAt } = await graph.getState(config(threadId));
      if (at.configurable?.["checkpoint_id"] === undefined) return NEW_THREAD;
      return threadState({ next, tasks, movedAt: createdAt ?? null });
    },
    start: run,
    resume: (threadId, answers) => run(threadId, new Command({ resume: answers })),
    proceed: (threadId) => run(threadId, null),
  });
}

const config = (threadId: string) => ({
  configurable: { thread_id: threadId, __pregel_strict_resume: true },
  durability: "sync" as const,
});

function named(graphs: LocalThreadsOptions["graphs"], name: string): AnyCompiledGraph {
  const graph = Object.hasOwn(graphs, name) ? graphs[name] : undefined;
  if (graph !== undefined) return graph;
  throw new AssentError("config_invalid", {
    what: "`graphOf` names no graph of `graphs`",
    where: "graphOf",
    seen: name,
  });
}

/** The one graph that fits what is kept of the thread; undefined if nothing is. */
async function lookedUp(
  graphs: readonly (readonly [string, AnyCompiledGraph])[],
  threadId: string,
): Promise<AnyCompiledGraph | undefined> {
  const seen: ("fits" | "other" | "nothing")[] = [];
  for (const [, graph] of graphs) seen.push(await fit(graph, threadId));
  if (!seen.includes("fits") && !seen.includes("other")) return undefined;
  const fitting = graphs.filter((_, index) => seen[index] === "fits");
  if (fitting.length === 1) return fitting[0]?.[1];
  throw new AssentError("config_invalid", {
    what:
      fitting.length === 0 ? "No graph has the thread's nodes and keys" : "More than one graph could be the thread's",
    where: `thread ${threadId}`,
    seen: (fitting.length === 0 ? graphs : fitting).map(([name]) => name),
    fix: fitting.length === 0 ? "List its graph under `graphs`" : "Give localThreads a `graphOf`",
  });
}

/** Whether what a graph's checkpointer holds of a thread may be of this graph: it knows every node and key in there. */
async function fit(graph: AnyCompiledGraph, threadId: string): Promise<"fits" | "other" | "nothing"> {
  const { channels, nodes } = graph;
  const tuple = await saverOf(graph)?.getTuple({ configurable: { thread_id: threadId } });
  if (tuple === undefined) return "nothing";
  const knows = (names: object, of: object): boolean =>
    Object.keys(names).every((name) => name.startsWith("__") || Object.hasOwn(of, name));
  const { channel_versions: keys, versions_seen: ran } = tuple.checkpoint;
  return knows(keys, channels) && knows(ran, nodes) ? "fits" : "other";
}

/** What a graph's threads are kept in; null if that is not said here. Of another copy of its package it is one as well. */
export function saverOf({ checkpointer }: AnyCompiledGraph): BaseCheckpointSaver | null {
  return typeof checkpointer === "object" && checkpointer !== null ? checkpointer : null;
}
