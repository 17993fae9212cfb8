import type { Assent } from "assent";
import type { Delivery, Threads } from "assent/service";
import type { Mailbox } from "../../graphs/mail-moderation/maildir.js";
import { isRight, type MailVerdict } from "../../graphs/mail-moderation/classifier.js";
import type { Label } from "../../graphs/mail-moderation/corpus.js";
import { isRightFolder } from "./label-reviewer.js";
import type { Tally } from "./tally.js";

/** What a run works with. */
export interface ModerationParts {
  assent: Assent;
  threads: Threads;
  delivery: Delivery;
  mailbox: Mailbox;
  tally: Tally;
  concurrency: number;
  signal: AbortSignal;
  labelOf: (messageId: string) => Label;
  /** What the agent proposed, or would propose, for a message. */
  proposedFor: (messageId: string) => Promise<MailVerdict>;
  /** Called when a thread waits for a person; gives the number of decisions it made. */
  onWaiting: (threadId: string) => Promise<number>;
  /** Called when a thread could not be brought forward; it stays where it is. */
  onTrouble: (threadId: string, error: unknown) => void;
}

/** What to work through, and how far. */
export interface WorkOptions {
  /** How many threads may finish in the whole run. */
  limit: number;
  /** Whether the threads are known to have been cut off. */
  resumed: boolean;
}

const PREFIX = "mail:";

/** The thread that a message is moderated on. */
export const threadOf = (messageId: string): string => PREFIX + messageId;

/** Whether a thread is one that a message is moderated on. */
export const isMail = (threadId: string): boolean => threadId.startsWith(PREFIX);

/**
 * Runs messages through the agent, a few threads at a time: first what an earlier run left decided and unfinished,
 * then new mail. Nothing is kept here that matters: if we die, the ledger, the checkpoints and the mailbox say where
 * everything was.
 */
export class Moderation {
  readonly #parts: ModerationParts;

  constructor(parts: ModerationParts) {
    this.#parts = parts;
  }

  /** Threads that were decided or cut off and did not finish. */
  unfinished(): Promise<string[]> {
    return this.#parts.delivery.undelivered();
  }

  /** Works through `threadIds` until they end, `limit` of them have finished, or the signal aborts. */
  async work(threadIds: Iterable<string> | AsyncIterable<string>, { limit, resumed }: WorkOptions): Promise<void> {
    const { concurrency, signal, tally, onTrouble } = this.#parts;
    const queue = toAsync(threadIds);
    let started = tally.counts.messages;
    const worker = async (): Promise<void> => {
      while (!signal.aborted && started < limit) {
        started += 1;
        const next = await queue.next();
        if (next.done === true) return;
        try {
          if (!(await this.bringForward(next.value, resumed))) started -= 1;
        } catch (error) {
          started -= 1;
          onTrouble(next.value, error);
        }
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
  }

  /** Brings one thread as far as it goes. True if it finished just now; a new one that had finished before is left. */
  async bringForward(threadId: string, resumed: boolean): Promise<boolean> {
    const { threads, delivery, tally, onWaiting } = this.#parts;
    if (!resumed && (await threads.state(threadId)).status === "finished") return false;
    let reached = await delivery.start(threadId, { messageId: threadId.slice(PREFIX.length) });
    if (reached === "waiting") {
      const decisions = await onWaiting(threadId);
      if (decisions === 0) return false;
      tally.decisions += decisions;
      reached = await delivery.deliver(threadId);
    }
    if (reached !== "finished") return false;
    await this.#count(threadId);
    return true;
  }

  async #count(threadId: string): Promise<void> {
    const { assent, mailbox, tally, labelOf, proposedFor } = this.#parts;
    const messageId = threadId.slice(PREFIX.length);
    const cases = await assent.ledger.cases({ threadId, afterId: "", limit: 10 });
    const closed = cases.find((held) => held.outcome !== null);
    if (closed === undefined) return;
    const label = labelOf(messageId);
    const folder = await mailbox.locate(messageId);
    const done = folder === "incoming" || (folder !== null && isRightFolder(folder, label));
    tally.add(closed, { proposed: isRight(await proposedFor(messageId), label), done });
  }
}

async function* toAsync(values: Iterable<string> | AsyncIterable<string>): AsyncGenerator<string> {
  yield* values;
}
