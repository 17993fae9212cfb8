import {
  AssentError,
  systemClock,
  type Case,
  type Decision,
  type Principal,
  type ReviewItem,
  type ReviewKind,
} from "assent";
import type { AcknowledgedDecision } from "assent/testing";
import type { Agent } from "./agent.js";

const AT_ONCE = 4;
/** How many reviews are looked at in one go. */
const PAGE = 100;
/** How long one that found nothing to decide looks away: each look costs the database what others could use. */
const IDLE_MS = 100;
/** How often somebody decides what is left to another: then they meet. */
const MEDDLING = 0.1;

/** What is decided about; second looks wait for others. */
const DECIDED_KINDS: ReadonlySet<ReviewKind> = new Set(["approval", "reconciliation"]);

/** A decision that was acknowledged. */
export interface Acknowledged extends AcknowledgedDecision {
  verdict: Decision["verdict"];
}

/** Whether something may be done by it. */
export const isApproval = ({ verdict }: Pick<Acknowledged, "verdict">): boolean =>
  verdict !== "reject" && verdict !== "answer";

/** How somebody decides. */
export interface DeciderOptions {
  agent: Agent;
  by: Principal;
  random: () => number;
  /** Told of each decision once it is acknowledged, and not before. */
  onAcknowledged: (decision: Acknowledged) => void;
  /** Which reviews are mostly left to this one; all of them unless said. */
  isOwn?: (reviewId: string) => boolean;
}

/**
 * Answers reviews, as fast as they come: approves most, changes some, rejects some. A decision whose answer was lost is
 * made again, in the same words. What is in doubt it looks up in the world.
 */
export class Decider {
  readonly #agent: Agent;
  readonly #by: Principal;
  readonly #random: () => number;
  readonly #onAcknowledged: DeciderOptions["onAcknowledged"];
  readonly #isOwn: (reviewId: string) => boolean;

  constructor({ agent, by, random, onAcknowledged, isOwn = () => true }: DeciderOptions) {
    this.#agent = agent;
    this.#by = by;
    this.#random = random;
    this.#onAcknowledged = onAcknowledged;
    this.#isOwn = isOwn;
  }

  /** Decides until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const decided = await this.decideOpen(signal).catch(passing);
      if (decided === 0) await systemClock.sleep(IDLE_MS, signal).catch(() => undefined);
    }
  }

  /** Decides what is open now, all of it or on one thread; gives the number of decisions that were acknowledged. */
  async decideOpen(signal: AbortSignal, threadId?: string): Promise<number> {
    const filter = threadId === undefined ? { limit: PAGE } : { threadId };
    const { items } = await this.#agent.assents.moderate.reviews.list(filter);
    const queue = items
      .filter(({ review }) => DECIDED_KINDS.has(review.kind))
      .filter(({ review }) => this.#isOwn(review.id) || this.#random() < MEDDLING)
      .values();
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
        const { decision } = await reviews.decide(review.id, { by: this.#by, digest: review.digest, ...words });
        const { id: decisionId, proposalId, verdict } = decision;
        this.#onAcknowledged({ proposalId, decisionId, verdict });
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
}

/** Lets an error pass that the next try may not meet. */
function passing(error: unknown): number {
  if (!AssentError.isInstance(error) || !error.retryable) throw error;
  return 0;
}
