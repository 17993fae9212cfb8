import { systemClock } from "assent";
import type { Agent } from "./agent.js";
import type { Decider } from "./decider.js";
import { threadOf, type Plan } from "./plan.js";

/** How long everything may take to come to its end after the faults. */
const WITHIN_MS = 180_000;
const AT_ONCE = 6;

/** Brings every thread that was begun to its end, deciding whatever is asked. Gives the threads. */
export async function drain(
  plan: Plan,
  { delivery, threads }: Agent,
  decider: Decider,
  note: (line: string) => void,
): Promise<string[]> {
  const begun: string[] = [];
  for (const id of plan.messageIds) {
    if ((await threads.state(threadOf(id))).status !== "new") begun.push(threadOf(id));
  }
  const { signal } = new AbortController();
  async function finish(threadId: string): Promise<boolean> {
    for (;;) {
      const reached = await delivery.deliver(threadId);
      if (reached !== "waiting") return reached === "finished";
      if ((await decider.decideOpen(signal, threadId)) === 0) return false;
    }
  }
  const giveUpAt = systemClock.now().getTime() + WITHIN_MS;
  for (let left = begun; left.length > 0 && systemClock.now().getTime() < giveUpAt;) {
    const queue = left.values();
    const unfinished: string[] = [];
    const worker = async (): Promise<void> => {
      for (const threadId of queue) {
        const isFinished = await finish(threadId).catch((error: unknown) => {
          note(`${threadId}: ${error instanceof Error ? error.message : String(error)}`);
          return false;
        });
        if (!isFinished) unfinished.push(threadId);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    left = unfinished;
    if (left.length > 0) await systemClock.sleep(200);
  }
  // What was in doubt is asked about, and perhaps had again: by a case that may be in doubt in its turn.
  while (systemClock.now().getTime() < giveUpAt) {
    const decided = await decider.decideOpen(signal);
    const left = (await delivery.undelivered()).filter((threadId) => !begun.includes(threadId));
    for (const threadId of left) {
      await delivery.deliver(threadId).catch((error: unknown) => note(`${threadId}: ${String(error)}`));
    }
    if (decided === 0 && left.length === 0) break;
  }
  return begun;
}
