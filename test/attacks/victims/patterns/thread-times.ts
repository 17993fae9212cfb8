import { AsyncLocalStorage } from "node:async_hooks";
import { getConfig } from "@langchain/langgraph";
import { systemClock, type Clock } from "assent";

const HOUR_MS = 3_600_000;
/** So far behind that a deadline, also one that was moved on to, is over by the database's own clock. */
const BEHIND_MS = 12 * HOUR_MS;

/**
 * A clock with a time for each thread, so that the window of one can end while those of all others stay open. Who asks
 * is known from the run that it happens in, or from {@link on}.
 */
export class ThreadTimes implements Clock {
  readonly #passed = new Map<string, number>();
  readonly #visited = new AsyncLocalStorage<string>();

  now(): Date {
    const config = getConfig() as ReturnType<typeof getConfig> | undefined;
    const threadId = this.#visited.getStore() ?? String(config?.configurable?.["thread_id"]);
    return new Date(Date.now() - BEHIND_MS + (this.#passed.get(threadId) ?? 0));
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(ms, signal);
  }

  /** Does something about a thread from outside its runs, at its time. */
  on<Result>(threadId: string, work: () => Promise<Result>): Promise<Result> {
    return this.#visited.run(threadId, work);
  }

  /** Lets time pass on a thread until a moment. */
  passUntil(threadId: string, moment: Date): void {
    const now = this.#visited.run(threadId, () => this.now());
    const missing = Math.max(0, moment.getTime() - now.getTime());
    this.#passed.set(threadId, (this.#passed.get(threadId) ?? 0) + missing);
  }
}
