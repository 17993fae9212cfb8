import { z } from "zod";
import type { Ledger } from "../ledger/ledger.js";
import type { Case } from "../model/case.js";
import type { Review } from "../model/review.js";
import type { Threads, ThreadState } from "./threads.js";
import type { WorkerEvent } from "./worker-event.js";

/** What comparing the ledger with its threads works with. */
export interface Reconciling {
  ledger: Ledger;
  threads: Threads;
  /** How old a review or proposal has to be before it is looked at. */
  graceMs: number;
  /** How many pages one go takes at most; the next go takes those that follow. */
  pagesMax: number;
  tell: (event: WorkerEvent) => void;
  /** Sees to it that a thread is delivered to. */
  deliver: (threadId: string) => Promise<void>;
}

/** How many are read at once, and delivered to in one go. */
const PAGE = 200;

const After = z.object({ askedAt: z.string(), id: z.string() }).optional();

/** How far the round is: the reviews that were looked at last. Who has the next go, goes on from there. */
export const Place = z.object({ open: After, withdrawn: After });
/** How far the round is: the reviews that were looked at last. Who has the next go, goes on from there. */
export type Place = z.infer<typeof Place>;

/** For at most how many goes a thread is left alone that was handed over and did not finish. */
const WAIT_MAX = 64;

/**
 * Compares what the ledger waits for with where the threads are, some pages at a time, round and round:
 *
 * | in the ledger | the thread | then |
 * | --- | --- | --- |
 * | an open review | waits for it | fine |
 * | an open review | was deleted, has finished, or waits elsewhere | the review is withdrawn |
 * | an open review | has work left | it is delivered to: once it has been still, it goes on and asks again |
 * | a withdrawn review | waits for it | it is delivered to, and asks again |
 * | nobody waited for, not seen to finish | | it is delivered to |
 *
 * If we die in here, the next go of any worker finds the same again.
 */
export class Reconciliation {
  readonly #with: Reconciling;
  /** Threads that were handed over and are still to be delivered to, each with the go after which it is again. */
  #handedOver = new Map<string, { again: number; wait: number }>();
  #go = 0;

  constructor(reconciling: Reconciling) {
    this.#with = reconciling;
  }

  /** Takes the next pages of each, from a place of the round to the place it gives; `now` is the ledger's time. */
  async next(now: Date, from: Place = {}): Promise<Place> {
    const open = await this.#pages("open", from.open, (item, state) => this.#judgeOpen(item, state, now));
    const withdrawn = await this.#pages("withdrawn", from.withdrawn, async ({ review }, { pending }) => {
      if (pending.includes(review.address.interruptId)) await this.#with.deliver(review.address.threadId);
    });
    await this.#deliverAgain(now);
    return { open, withdrawn };
  }

  async #pages(
    status: Review["status"],
    from: Place["open"],
    judge: (item: Item, state: ThreadState) => Promise<void>,
  ): Promise<Place["open"]> {
    let after = from;
    for (let page = 1; page <= this.#with.pagesMax; page += 1) {
      after = await this.#page(status, after, judge);
      if (after === undefined) break;
    }
    return after;
  }

  async #page(
    status: Review["status"],
    after: Place["open"],
    judge: (item: Item, state: ThreadState) => Promise<void>,
  ): Promise<Place["open"]> {
    const { ledger } = this.#with;
    const page = await ledger.reviews({ status, limit: PAGE, ...(after && { after }) });
    for (const item of page) {
      await this.#safely(item.review.address.threadId, async (threadId) => {
        await judge(item, await this.#with.threads.state(threadId));
      });
    }
    const last = page.length < PAGE ? undefined : page.at(-1)?.review;
    return last === undefined ? undefined : { askedAt: last.askedAt, id: last.id };
  }

  async #judgeOpen({ review, case: held }: Item, state: ThreadState, moment: Date): Promise<void> {
    const { ledger, graceMs, tell, deliver } = this.#with;
    const { threadId, interruptId } = review.address;
    const isCurrent = held.proposal.state === "open" && held.proposal.round === review.round;
    if (!isCurrent || state.pending.includes(interruptId)) return;
    const reason = whyGone(state);
    if (reason === null) {
      await deliver(threadId);
      return;
    }
    // The address is the one that was read before the thread was: had it asked since, nothing is withdrawn. Nor is what
    // was asked just now, by the ledger's clock: its host's may be behind, and the one here ahead.
    const at = moment.toISOString();
    const now = await ledger.withdraw({ reviewId: review.id, interruptId, ageMinMs: graceMs, reason, at });
    if (now.review === null) tell({ kind: "withdrawn", reviewId: review.id, threadId, reason });
  }

  /** What has ended by itself is noted as that by a delivery too. */
  async #deliverAgain(now: Date): Promise<void> {
    const { ledger, deliver } = this.#with;
    const all = (await ledger.undelivered({ limit: 10_000 })).filter(
      ({ proposedAt }) => !this.#isYoung(proposedAt, now),
    );
    const before = this.#handedOver;
    this.#handedOver = new Map();
    this.#go += 1;
    let left = PAGE;
    for (const threadId of new Set(all.map((proposal) => proposal.threadId))) {
      const known = before.get(threadId);
      if (left > 0 && (known === undefined || known.again <= this.#go)) {
        left -= 1;
        await deliver(threadId);
        // One that was deleted, or has a person to wait for, will be here again: not every minute.
        const wait = Math.min((known?.wait ?? 0.5) * 2, WAIT_MAX);
        this.#handedOver.set(threadId, { again: this.#go + wait, wait });
      } else if (known !== undefined) {
        this.#handedOver.set(threadId, known);
      }
    }
  }

  /** What was proposed just now: not in the future, for then its host's clock is ahead, and nobody knows. */
  #isYoung(at: string, now: Date): boolean {
    const ageMs = now.getTime() - Date.parse(at);
    return ageMs >= 0 && ageMs < this.#with.graceMs;
  }

  /** One thread that cannot be looked at says nothing of the others, and nothing is withdrawn on its account. */
  async #safely(threadId: string, look: (threadId: string) => Promise<void>): Promise<void> {
    try {
      await look(threadId);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#with.tell({ kind: "trouble", what: `Thread ${threadId} cannot be looked at: ${why}` });
    }
  }
}

interface Item {
  review: Review;
  case: Case;
}

/** Why a thread cannot be waiting for a review that it is not paused at; null if it may be about to ask. */
function whyGone({ status, pending }: ThreadState): string | null {
  switch (status) {
    case "new":
      return "Nothing is kept of its thread";
    case "finished":
      return "Its thread has run to its end";
    case "waiting":
      return `Its thread waits elsewhere: ${pending.join(", ")}`;
    case "stopped":
      return null;
    default:
      return status satisfies never;
  }
}
