import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import type { Threads } from "./threads.js";

/**
 * Does something as if no node of LangGraph's had called it. LangGraph takes whatever runs beneath a node for a part of
 * that node's run, by Node's asynchronous context; and what a database connection tells is beneath the node that happened
 * to open it, whoever uses it since. A worker that hears of its jobs on such a connection would run one thread inside
 * another.
 */
export function outside<Result>(work: () => Result): Result {
  return AsyncLocalStorageProviderSingleton.getInstance().run(undefined, work);
}

/** The same threads, run by themselves wherever they are called. */
export function apart(threads: Threads): Threads {
  return {
    state: (threadId) => outside(() => threads.state(threadId)),
    start: (threadId, input) => outside(() => threads.start(threadId, input)),
    resume: (threadId, answers) => outside(() => threads.resume(threadId, answers)),
    proceed: (threadId) => outside(() => threads.proceed(threadId)),
  };
}
