import type { Clock } from "../../model/clock.js";

/** Where a connection is cut: before the server has heard of the commit, or after it, before the client hears of it. */
export type Where = "before" | "after";

/** Which way something passes. */
export type Direction = "to-server" | "to-client";

interface Armed {
  where: Where;
  /** At which commit from now. */
  left: number;
}

/** Chances that a commit is cut, 0 to 1. */
export interface CutRates {
  before: number;
  after: number;
  /** Where chance comes from; see `seededRandom`. */
  random: () => number;
}

/** What is to go wrong on the connections of one proxy. */
export class Faults {
  /** Commits that were sent. */
  commits = 0;
  readonly cuts: Record<Where, number> = { before: 0, after: 0 };
  delayMs = 0;
  readonly #clock: Clock;
  #armed: Armed[] = [];
  #rates: CutRates | null = null;
  readonly #closed = new Map<Direction, { opened: Promise<void>; open: () => void }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  arm(where: Where, nth: number): void {
    this.#armed.push({ where, left: nth });
  }

  cutAtRandom(rates: CutRates): void {
    this.#rates = rates;
  }

  /** What happens to the commit that is sent now. */
  atCommit(): Where | null {
    this.commits += 1;
    for (const each of this.#armed) each.left -= 1;
    const due = this.#armed.find(({ left }) => left <= 0);
    if (due !== undefined) {
      this.#armed = this.#armed.filter((each) => each !== due);
      return due.where;
    }
    return this.#byChance();
  }

  #byChance(): Where | null {
    if (this.#rates === null) return null;
    const { before, after, random } = this.#rates;
    const drawn = random();
    if (drawn < before) return "before";
    return drawn < before + after ? "after" : null;
  }

  /** Lets nothing pass in a direction. */
  shut(direction: Direction): void {
    if (this.#closed.has(direction)) return;
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => (open = resolve));
    this.#closed.set(direction, { opened, open });
  }

  /** Ends everything that goes wrong, and lets pass what was held. */
  heal(): void {
    this.#armed = [];
    this.#rates = null;
    this.delayMs = 0;
    for (const { open } of this.#closed.values()) open();
    this.#closed.clear();
  }

  /** Settles when something may pass; rejects when `signal` aborts. */
  async passage(direction: Direction, signal: AbortSignal): Promise<void> {
    if (this.delayMs > 0) await this.#clock.sleep(this.delayMs, signal);
    for (let shut = this.#closed.get(direction); shut !== undefined; shut = this.#closed.get(direction)) {
      await unlessAborted(shut.opened, signal);
    }
  }
}

async function unlessAborted(awaited: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    await Promise.race([awaited, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
