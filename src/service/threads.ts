import type { CompiledStateGraph, StateSnapshot } from "@langchain/langgraph";
import { Command } from "@langchain/langgraph";

/** Where a thread is. */
export interface ThreadState {
  /**
   * - `new`: nothing was ever run on it
   * - `waiting`: it is paused, and every interrupt in `pending` has no answer yet
   * - `stopped`: it has work left that nobody is asked about: it was cut off, or a node threw
   * - `finished`: nothing is left to do
   */
  status: "new" | "waiting" | "stopped" | "finished";
  /** Ids of the interrupts without an answer. */
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

// oxlint-disable-next-line typescript/no-explicit-any -- a compiled graph of any state and node names
type AnyCompiledGraph = CompiledStateGraph<any, any, any, any, any, any>;

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

/** `next: []` alone never means finished: a node that threw after its answer leaves it empty too. */
function stateOf({ config, next, tasks }: StateSnapshot): ThreadState {
  if (config.configurable?.["checkpoint_id"] === undefined) return { status: "new", pending: [] };
  // An answered task keeps its interrupts while its siblings wait; it has a result then.
  const unanswered = tasks.filter((task) => task.interrupts.length > 0 && task.result === undefined);
  const pending = unanswered.flatMap((task) => task.interrupts.map(({ id }) => id)).filter((id) => id !== undefined);
  if (unanswered.some((task) => task.error !== undefined)) return { status: "stopped", pending };
  if (pending.length > 0) return { status: "waiting", pending };
  const failed = tasks.some((task) => task.error !== undefined);
  return { status: next.length > 0 || failed ? "stopped" : "finished", pending };
}
