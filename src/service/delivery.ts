import type { Ledger, ReviewFilter } from "../ledger/ledger.js";
import { AssentError } from "../model/error.js";
import type { Threads, ThreadState } from "./threads.js";

/** What a delivery found at its end. */
export type Delivered = "finished" | "waiting" | "new";

/** Options of {@link createDelivery}. */
export interface DeliveryOptions {
  ledger: Ledger;
  threads: Threads;
  /** How many steps one delivery takes before it gives up on a thread that does not come to rest; 100 unless said. */
  stepsMax?: number;
}

/** Brings what the ledger knows to the threads that wait for it. */
export interface Delivery {
  /**
   * Runs a thread as far as the ledger lets it: answers the interrupts whose reviews are decided and goes on with
   * what was cut off, until it finishes or waits for a person. One at a time per thread; safe to repeat.
   *
   * @throws AssentError `thread_stuck` if it does not come to rest, and what a node threw.
   */
  deliver(threadId: string): Promise<Delivered>;
  /** Starts a thread that was never run; one that was is delivered to instead, so nothing pending is discarded. */
  start(threadId: string, input: Record<string, unknown>): Promise<Delivered>;
  /** Threads that have something to be delivered: decided or cut off, and not seen to finish. */
  undelivered(limit?: number): Promise<string[]>;
}

/**
 * Delivery in process: the threads are run by this process, on a graph that it holds.
 *
 * If we die anywhere in here, the decision stays in the ledger and the thread in its checkpoints; `undelivered` names
 * it at the next start, and delivering twice runs nothing twice, because effects hang on permits.
 */
export function createDelivery({ ledger, threads, stepsMax = 100 }: DeliveryOptions): Delivery {
  const turns = new Map<string, Promise<unknown>>();

  /** Runs `work` once everything that was asked for this thread before has ended. */
  async function inTurn<Result>(threadId: string, work: () => Promise<Result>): Promise<Result> {
    const before = turns.get(threadId) ?? Promise.resolve();
    const turn = before.then(work, work);
    turns.set(threadId, turn);
    try {
      return await turn;
    } finally {
      if (turns.get(threadId) === turn) turns.delete(threadId);
    }
  }

  async function bringForward(threadId: string): Promise<Delivered> {
    for (let step = 0; step < stepsMax; step += 1) {
      const state = await threads.state(threadId);
      const status = step > 0 ? sinceRun(state) : state.status;
      switch (status) {
        case "new":
          return "new";
        case "finished":
          await ledger.delivered(threadId);
          return "finished";
        case "stopped":
          await threads.proceed(threadId);
          break;
        case "waiting": {
          const answers = await decidedAnswers(ledger, threadId, state);
          if (Object.keys(answers).length === 0) return "waiting";
          await threads.resume(threadId, answers);
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

  /** Whether a thread of which one case is through waits for people on all others: the ledger alone cannot tell. */
  async function onlyWaits(threadId: string): Promise<boolean> {
    const open = await ledger.reviews({ threadId, status: "open", limit: 1 });
    if (open.length === 0) return false;
    const state = await threads.state(threadId);
    return state.status === "waiting" && Object.keys(await decidedAnswers(ledger, threadId, state)).length === 0;
  }

  return {
    deliver: (threadId) => inTurn(threadId, () => bringForward(threadId)),
    start: (threadId, input) =>
      inTurn(threadId, async () => {
        const { status } = await threads.state(threadId);
        if (status === "new") await threads.start(threadId, input);
        return bringForward(threadId);
      }),
    async undelivered(limit = 10_000) {
      const proposals = await ledger.undelivered({ limit });
      const found: string[] = [];
      for (const threadId of new Set(proposals.map((proposal) => proposal.threadId))) {
        if (!(await onlyWaits(threadId))) found.push(threadId);
      }
      return found;
    },
  };
}

/** Where a thread is after a run of it came to rest: nothing threw in that run, so what is paused waits. */
function sinceRun({ status, pending }: ThreadState): ThreadState["status"] {
  return status === "stopped" && pending.length > 0 ? "waiting" : status;
}

/** How many reviews are read at once. */
const PAGE = 500;

/** An answer for every pending interrupt whose review no longer waits. In verified trust its content counts for nothing. */
async function decidedAnswers(
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
      const isSettled = review.status !== "open" || held.proposal.state === "closed";
      if (unseen.delete(interruptId) && isSettled) answers[interruptId] = { type: "decided", review: review.id };
    }
    after = page.at(-1)?.review;
  } while (page.length === PAGE && unseen.size > 0);
  return answers;
}
