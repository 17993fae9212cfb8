import type { Ledger } from "../ledger/ledger.js";
import { systemClock, type Clock } from "../model/clock.js";
import { isFollowUpThread } from "../model/follow-up.js";
import type { Assent } from "../nodes/assent.js";
import { bringForward, decidedAnswers, type Delivered, type Seen } from "./bring-forward.js";
import { followUpThreads } from "./follow-up-threads.js";
import type { Threads } from "./threads.js";

/** Options of {@link createDelivery}. */
export interface DeliveryOptions {
  ledger: Ledger;
  threads: Threads;
  /**
   * What carries out what follows on cases (`assent.followUps`, and effects in doubt that are run again): each those of its
   * own actions. Without one of its action a follow-up waits.
   */
  assents?: readonly Assent[];
  /** How many steps one delivery takes before it gives up on a thread that does not come to rest; 100 unless said. */
  stepsMax?: number;
  /**
   * For how many milliseconds a thread that has work left has to have been still before it counts as cut off; until then
   * its delivery is `later`. 0 unless said: nobody but this delivery runs its threads.
   */
  settleMs?: number;
  /** What that is measured by; the machine's own unless said. */
  clock?: Clock;
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
 * Delivery in process, without jobs: this process delivers to its threads itself, when it is told to. Where several do,
 * or nobody is to be told, use `createWorker`.
 *
 * If we die anywhere in here, the decision stays in the ledger and the thread in its checkpoints; `undelivered` names
 * it at the next start, and delivering twice runs nothing twice, because effects hang on permits.
 */
export function createDelivery(options: DeliveryOptions): Delivery {
  const { ledger, assents = [], stepsMax = 100, settleMs = 0, clock = systemClock } = options;
  const threads = followUpThreads({ ledger, assents, threads: options.threads });
  const turns = new Map<string, Promise<unknown>>();
  /** What was seen of threads that were left alone. */
  const seen = new Map<string, Seen>();

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

  async function delivered(threadId: string): Promise<Delivered> {
    const before = seen.get(threadId);
    seen.delete(threadId);
    const bringing = { ledger, threads, stepsMax, settleMs, now: () => clock.now() };
    const brought = await bringForward(bringing, threadId, before);
    if (brought.result === "later" && brought.seen !== undefined) seen.set(threadId, brought.seen);
    return brought.result;
  }

  /** Whether nobody here has anything to do about a follow-up. */
  async function isAtRest(threadId: string): Promise<boolean> {
    const state = await threads.state(threadId);
    if (state.status === "finished") await ledger.delivered(threadId);
    if (state.status !== "waiting") return state.status === "finished";
    return Object.keys(await decidedAnswers(ledger, threadId, state)).length === 0;
  }

  /** Whether a thread of which one case is through waits for people on all others: the ledger alone cannot tell. */
  async function onlyWaits(threadId: string): Promise<boolean> {
    if (isFollowUpThread(threadId)) return isAtRest(threadId);
    const open = await ledger.reviews({ threadId, status: "open", limit: 1 });
    if (open.length === 0) return false;
    const state = await threads.state(threadId);
    return state.status === "waiting" && Object.keys(await decidedAnswers(ledger, threadId, state)).length === 0;
  }

  return {
    deliver: (threadId) => inTurn(threadId, () => delivered(threadId)),
    start: (threadId, input) =>
      inTurn(threadId, async () => {
        const { status } = await threads.state(threadId);
        if (status === "new") await threads.start(threadId, input);
        return delivered(threadId);
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
