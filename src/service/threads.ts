/** Where a thread is. */
export interface ThreadState {
  /**
   * - `new`: nothing was ever run on it
   * - `waiting`: all that is left of it is paused, at the interrupts in `pending`
   * - `stopped`: it has work left that nobody is asked about: somebody is running it at this moment, it was cut off, or
   *   a node threw. Others of its nodes may be paused, at those in `pending`. The trace of a node that threw stays until
   *   the step is over, so a thread that came to rest since may still look like this
   * - `finished`: nothing is left to do
   */
  status: "new" | "waiting" | "stopped" | "finished";
  /** Ids of the interrupts that its unfinished nodes paused at. */
  pending: string[];
  /**
   * When it last moved, as an ISO text, by the clock of whoever ran it; null while it is new. One that moved just now is
   * perhaps being run.
   */
  movedAt: string | null;
}

/**
 * How Assent reaches the threads that it delivers decisions to.
 *
 * Contract, checked by `threadsContract` of `assent/testing`: `state` tells what is durable; `start`, `resume` and
 * `proceed` return once the thread has come to rest again and reject with what a node threw. `resume` is strict: answers
 * to what is not pending reject with LangGraph's UnknownInterruptError, and nothing is answered then. Calls for one
 * thread never overlap; the caller sees to that. A thread is run by itself, also where it is called beneath a node of
 * another one.
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

/** What tells where a thread is, in memory and over the wire alike. */
interface Snapshot {
  next: readonly string[];
  tasks: readonly {
    name: string;
    error?: unknown;
    interrupts: readonly { id?: string | undefined }[];
    result?: unknown;
  }[];
  movedAt: string | null;
}

/**
 * Where a thread is that was run at least once. `next: []` alone never means finished: it is empty too where a node threw
 * after its answer, and where several workers answered one interrupt each and every task has its result, but nobody has
 * taken the step that follows.
 */
export function threadState({ next, tasks, movedAt }: Snapshot): ThreadState {
  if (tasks.length === 0 && next.length === 0) return { status: "finished", pending: [], movedAt };
  // An answered task keeps its interrupts while its siblings wait; it has a result then.
  const unfinished = tasks.filter(({ result }) => result === undefined || result === null);
  const pending = unfinished
    .flatMap(({ interrupts }) => interrupts.map(({ id }) => id))
    .filter((id) => id !== undefined);
  const isCutOff = unfinished.some(
    ({ name, error, interrupts }) =>
      (error !== undefined && error !== null) || (interrupts.length === 0 && next.includes(name)),
  );
  return { status: pending.length > 0 && !isCutOff ? "waiting" : "stopped", pending, movedAt };
}

/** A thread that nothing was ever run on. */
export const NEW_THREAD: Readonly<ThreadState> = { status: "new", pending: [], movedAt: null };
