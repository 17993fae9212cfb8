import type { CompiledStateGraph, StateSnapshot } from "@langchain/langgraph";
import { Command } from "@langchain/langgraph";

/** Where a thread is. */
export interface ThreadState {
  /**
   * - `new`: nothing was ever run on it
   * - `waiting`: all that is left of it is paused, at the interrupts in `pending`
   * - `stopped`: it has work left that nobody is asked about: it was cut off, or a node threw. Others of its nodes may
   *   be paused, at those in `pending`. The trace of a node that threw stays until the step is over, so a thread that
   *   came to rest since may still look like this
   * - `finished`: nothing is left to do
   */
  status: "new" | "waiting" | "stopped" | "finished";
  /** Ids of the interrupts that its unfinished nodes paused at. */
  pending: string[];
}

/**
 * How Assent reaches the threads that it delivers decisions to.
 *
 * Contract: `state` tells what is durable; `resume` and `proceed` return once the thread has come to rest again and
 * reject with what a node threw. Calls for one thread never overlap; the caller sees to that.
 */
export interface Threads {
  /** Where a thread is. */
  state(threadId: string): Promise<ThreadState>;
  /** Runs a new thread, or restarts one, with an input. */
  start(threadId: string, input: Record<string, unknown>): Promise<void>;
  /** Answers interrupts, by their ids. */
  resume(threadId: string, answers: Record<string, unknown>): Promise<void>;
  /** Goes on with what is left to do, without an answer. */
  proceed(threadId: string): Promise<void>;
}

/** A compiled graph of any state and node names. */
// oxlint-disable-next-line typescript/no-explicit-any -- nothing narrower accepts every graph
export type AnyCompiledGraph = CompiledStateGraph<any, any, any, any, any, any>;

/**
 * Threads of a graph that is compiled, with a durable checkpointer, in this process. Runs with durability `sync`: what
 * a node wrote is stored before the next one starts.
 */
export function inProcessThreads(graph: AnyCompiledGraph): Threads {
  const config = (threadId: string) => ({
    configurable: { thread_id: threadId, __pregel_strict_resume: true },
    durability: "sync" as const,
  });
  return {
    async state(threadId) {
      return stateOf(await graph.getState(config(threadId)));
    },
    async start(threadId, input) {
      await graph.invoke(input, config(threadId));
    },
    async resume(threadId, answers) {
      await graph.invoke(new Command({ resume: answers }), config(threadId));
    },
    async proceed(threadId) {
      await graph.invoke(null, config(threadId));
    },
  };
}

/**
 * `next: []` alone never means finished: it is empty too where a node threw after its answer, and where several workers
 * answered one interrupt each and every task has its result, but nobody has taken the step that follows.
 */
function stateOf({ config, next, tasks }: StateSnapshot): ThreadState {
  if (config.configurable?.["checkpoint_id"] === undefined) return { status: "new", pending: [] };
  if (tasks.length === 0 && next.length === 0) return { status: "finished", pending: [] };
  // An answered task keeps its interrupts while its siblings wait; it has a result then.
  const unfinished = tasks.filter(({ result }) => result === undefined);
  const pending = unfinished
    .flatMap(({ interrupts }) => interrupts.map(({ id }) => id))
    .filter((id) => id !== undefined);
  const isCutOff = unfinished.some(
    ({ name, error, interrupts }) => error !== undefined || (interrupts.length === 0 && next.includes(name)),
  );
  return { status: pending.length > 0 && !isCutOff ? "waiting" : "stopped", pending };
}
