import { AssentError, systemClock, type Case, type Principal, type ReviewItem } from "assent";
import type { AcknowledgedDecision } from "assent/testing";
import type { Agent } from "./agent.js";

const AT_ONCE = 4;

/**
 * Answers reviews, as fast as they come: approves most, changes some, rejects some. Keeps what it was told is decided.
 * A decision whose answer was lost is made again, in the same words. What is in doubt it looks up in the world.
 */
export class Decider {
  /** Acknowledged decisions by which something may be done. */
  approvals = 0;
  readonly acknowledged: AcknowledgedDecision[] = [];
  readonly #agent: Agent;
  readonly #by: Principal;
  readonly #random: () => number;

  constructor(agent: Agent, by: Principal, random: () => number) {
    this.#agent = agent;
    this.#by = by;
    this.#random = random;
  }

  /** Decides until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const decided = await this.decideOpen(signal).catch(passing);
      if (decided === 0) await systemClock.sleep(25, signal).catch(() => undefined);
    }
  }

  /** Decides what is open now, all of it or on one thread; gives the number of decisions that were acknowledged. */
  async decideOpen(signal: AbortSignal, threadId?: string): Promise<number> {
    const filter = threadId === undefined ? { limit: 100 } : { threadId };
    const { items } = await this.#agent.assents.moderate.reviews.list(filter);
    const queue = items.values();
    let decided = 0;
    const worker = async (): Promise<void> => {
      for (const item of queue) {
        if (signal.aborted) return;
        if (await this.#decide(item, signal)) decided += 1;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return decided;
  }

  async #decide(item: ReviewItem, signal: AbortSignal): Promise<boolean> {
    const { review, case: held } = item;
    const isNotice = held.proposal.action === "notify";
    const { reviews } = isNotice ? this.#agent.assents.notify : this.#agent.assents.moderate;
    const drawn = this.#words(held, isNotice);
    while (!signal.aborted) {
      try {
        const words = review.kind === "reconciliation" ? await this.#finding(held) : drawn;
        const said = { by: this.#by, digest: review.digest, ...words };
        const { case: now } = await reviews.decide(review.id, said);
        this.#note(now, said.decision);
        return true;
      } catch (error) {
        // Decided before, in words of ours that we never heard the end of; or not there any more: the check will tell.
        if (AssentError.isInstance(error) && !error.retryable) return false;
        passing(error);
      }
      await systemClock.sleep(25, signal).catch(() => undefined);
    }
    return false;
  }

  /** What became of an effect in doubt, as the world has it: one that is not there is to be had again. */
  async #finding({ round }: Case) {
    const { after } = round.display.context as { after: { proposal: string } };
    const { assents, world } = this.#agent;
    const old = await assents.notify.ledger.read(after.proposal);
    const isThere = world.effects().some(({ idempotencyKey }) => idempotencyKey === old?.permit?.id);
    const answer = { happened: isThere ? "executed" : "again", evidence: "looked it up" };
    return { decision: "answer", answer } as const;
  }

  #words(held: Case, isNotice: boolean) {
    const drawn = this.#random();
    if (drawn < 0.1) return { decision: "reject", note: "not this one" } as const;
    if (drawn < 0.2 && !isNotice) {
      const args = { ...held.round.args, verdict: "quarantine" };
      return { decision: "modify", args, note: "rather not" } as const;
    }
    return { decision: "approve", note: "fine" } as const;
  }

  #note({ proposal, decisions }: Case, verdict: string): void {
    const made = decisions.at(-1);
    if (made === undefined) return;
    this.acknowledged.push({ proposalId: proposal.id, decisionId: made.id });
    if (verdict !== "reject" && verdict !== "answer") this.approvals += 1;
  }
}

/** Lets an error pass that the next try may not meet. */
function passing(error: unknown): number {
  if (!AssentError.isInstance(error) || !error.retryable) throw error;
  return 0;
}
