import { isUnknownInterruptError } from "@langchain/langgraph";
import type { Ledger, ReviewFilter } from "../ledger/ledger.js";
import { AssentError } from "../model/error.js";
import type { Threads, ThreadState } from "./threads.js";

/** What a delivery found at its end; `later`: somebody may be running the thread, so it was left alone. */
export type Delivered = "finished" | "waiting" | "new" | "later";

/** What a delivery works with. */
export interface Bringing {
  ledger: Ledger;
  threads: Threads;
  /** The moment at which it begins, by the clock that stillness is measured by. */
  now: () => Date;
  /** How many steps it takes before it gives up on a thread that does not come to rest. */
  stepsMax: number;
  /** How long a thread that has work left has to have been still before it counts as cut off. */
  settleMs: number;
}

/** What a delivery found, and after how long it is worth another try, which is to know what this one saw. */
export type Brought = { result: Exclude<Delivered, "later"> } | { result: "later"; retryInMs: number; seen?: Seen };

/** A thread that has work left, as it was seen: when it last moved, and since when nobody has seen it move again. */
export interface Seen {
  movedAt: string;
  since: string;
}

/** A thread that moved just now is looked at again after this at the earliest. */
const RETRY_MS_MIN = 250;

/**
 * Runs a thread as far as the ledger lets it: all decided interrupts are answered as one map, what was cut off goes on.
 * The caller sees to it that nobody else does the same for the thread.
 *
 * A review's row precedes the checkpoint of its pause, so a decision may come before the thread waits for it; then, and
 * whenever else somebody may be running the thread, the result is `later`.
 */
export async function bringForward(bringing: Bringing, threadId: string, before?: Seen): Promise<Brought> {
  const { ledger, threads, stepsMax, settleMs, now } = bringing;
  let wentOnFrom: string | null = null;
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
        const seen = step > 0 ? undefined : lastSeen(state, now(), before);
        // Behind our own run nobody else's is on its way.
        const retryInMs = seen === undefined ? 0 : unsettledMs(seen, settleMs, now());
        if (retryInMs > 0 && seen !== undefined) return { result: "later", retryInMs, seen };
        if (wentOnFrom !== null && wentOnFrom === state.movedAt) throw unmoved(threadId, wentOnFrom);
        wentOnFrom = state.movedAt;
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

/**
 * A run of the thread came to rest, and it still stands where that run began: LangGraph takes the checkpoint with the
 * latest time for the newest, so one by a clock that was ahead hides all that follow until that time has come.
 */
function unmoved(threadId: string, movedAt: string): AssentError {
  return new AssentError("thread_stuck", {
    what: "The thread was run and has not moved: its newest checkpoint may be from a host whose clock was ahead",
    where: `thread ${threadId}`,
    seen: movedAt,
    fix: "Set that clock right. The thread goes on once that time has come; until then its nodes run at each try",
  });
}

/** Where a thread is after a run of it came to rest: nothing threw in that run, so what is paused waits. */
function sinceRun({ status, pending }: ThreadState): ThreadState["status"] {
  return status === "stopped" && pending.length > 0 ? "waiting" : status;
}

/** What is seen of a thread at a moment, where `before` is what was seen last. */
function lastSeen({ movedAt }: ThreadState, now: Date, before?: Seen): Seen | undefined {
  if (movedAt === null) return undefined;
  return before?.movedAt === movedAt ? before : { movedAt, since: now.toISOString() };
}

/**
 * After how long to look again at a thread that has work left; 0 if it has been still for long enough. The longer it has
 * been still the longer, so that a pause that comes any moment is met soon. Who ran it may have a clock that is ahead:
 * then it is still for as long as it has been watched.
 */
export function unsettledMs({ movedAt, since }: Seen, settleMs: number, now: Date): number {
  const [movedMs, watchedMs] = [movedAt, since].map((at) => now.getTime() - Date.parse(at)) as [number, number];
  const stillMs = Math.max(movedMs, watchedMs);
  if (stillMs >= settleMs) return 0;
  return Math.max(RETRY_MS_MIN, Math.min(stillMs, settleMs - stillMs));
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
