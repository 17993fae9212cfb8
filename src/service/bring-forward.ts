import { isUnknownInterruptError } from "@langchain/langgraph";
import type { Ledger, ReviewFilter } from "../ledger/ledger.js";
import type { Clock } from "../model/clock.js";
import { AssentError } from "../model/error.js";
import type { Threads, ThreadState } from "./threads.js";

/** What a delivery found at its end; `later`: somebody may be running the thread, so it was left alone. */
export type Delivered = "finished" | "waiting" | "new" | "later";

/** What a delivery works with. */
export interface Bringing {
  ledger: Ledger;
  threads: Threads;
  clock: Clock;
  /** How many steps it takes before it gives up on a thread that does not come to rest. */
  stepsMax: number;
  /** How long a thread that has work left has to have been still before it counts as cut off. */
  settleMs: number;
}

/** What a delivery found, and after how long it is worth another try. */
export type Brought = { result: Exclude<Delivered, "later"> } | { result: "later"; retryInMs: number };

/** A thread that moved just now is looked at again after this at the earliest. */
const RETRY_MS_MIN = 250;

/**
 * Runs a thread as far as the ledger lets it: all decided interrupts are answered as one map, what was cut off goes on.
 * The caller sees to it that nobody else does the same for the thread.
 *
 * A review's row precedes the checkpoint of its pause, so a decision may come before the thread waits for it; then, and
 * whenever else somebody may be running the thread, the result is `later`.
 */
export async function bringForward(bringing: Bringing, threadId: string): Promise<Brought> {
  const { ledger, threads, stepsMax, settleMs } = bringing;
  for (let step = 0; step < stepsMax; step += 1) {
    const state = await threads.state(threadId);
    const status = step > 0 ? sinceRun(state) : state.status;
    switch (status) {
      case "new":
        return { result: "new" };
      case "finished":
        await ledger.delivered(threadId);
        return { result: "finished" };
      case "stopped": {
        // Behind our own run nobody else's is on its way.
        const retryInMs = step > 0 ? 0 : unsettledMs(state, bringing);
        if (retryInMs > 0) return { result: "later", retryInMs };
        await threads.proceed(threadId);
        break;
      }
      case "waiting": {
        const answers = await decidedAnswers(ledger, threadId, state);
        if (Object.keys(answers).length === 0) return { result: "waiting" };
        try {
          await threads.resume(threadId, answers);
        } catch (error) {
          if (settleMs === 0 || !isUnknownInterruptError(error) || error.reason !== "not_pending") throw error;
          return { result: "later", retryInMs: Math.min(settleMs, RETRY_MS_MIN * 4) };
        }
        break;
      }
      default:
        status satisfies never;
    }
  }
  throw new AssentError("thread_stuck", {
    what: `The thread did not come to rest within ${stepsMax} steps`,
    where: `thread ${threadId}`,
    fix: "Look at its state; its gates may loop",
  });
}

/** Where a thread is after a run of it came to rest: nothing threw in that run, so what is paused waits. */
function sinceRun({ status, pending }: ThreadState): ThreadState["status"] {
  return status === "stopped" && pending.length > 0 ? "waiting" : status;
}

/**
 * After how long to look again at a thread that has work left; 0 if it has been still for long enough. The longer it has
 * been still the longer, so that a pause that comes any moment is met soon. Who ran it may have another clock: what
 * moved in the future has moved just now.
 */
export function unsettledMs(
  { movedAt }: ThreadState,
  { settleMs, clock }: Pick<Bringing, "settleMs" | "clock">,
): number {
  if (settleMs === 0 || movedAt === null) return 0;
  const stillMs = clock.now().getTime() - Date.parse(movedAt);
  if (stillMs >= settleMs) return 0;
  return Math.max(RETRY_MS_MIN, Math.min(Math.abs(stillMs), settleMs - Math.max(0, stillMs)));
}

/** How many reviews are read at once. */
const PAGE = 500;

/** An answer for every pending interrupt whose review no longer waits. In verified trust its content counts for nothing. */
export async function decidedAnswers(
  ledger: Ledger,
  threadId: string,
  { pending }: ThreadState,
): Promise<Record<string, unknown>> {
  const unseen = new Set(pending);
  const answers: Record<string, unknown> = {};
  let page: Awaited<ReturnType<Ledger["reviews"]>>;
  let after: ReviewFilter["after"];
  do {
    page = await ledger.reviews({ threadId, limit: PAGE, ...(after && { after }) });
    for (const { review, case: held } of page) {
      const { interruptId } = review.address;
      // One that was withdrawn while its thread waits for it is asked again by the thread, once it is answered.
      const isSettled = review.status !== "open" || held.proposal.state === "closed";
      if (unseen.delete(interruptId) && isSettled) answers[interruptId] = { type: "decided", review: review.id };
    }
    after = page.at(-1)?.review;
  } while (page.length === PAGE && unseen.size > 0);
  return answers;
}
