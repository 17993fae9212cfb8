import type { Clock } from "../model/clock.js";
import { AssentError } from "../model/error.js";

/** A clock that stands still until a test moves it. */
export interface ManualClock extends Clock {
  /**
   * Moves the time forward by `ms` and wakes, one after the other in the order of their times, everything that was due
   * by then. What a sleeper does on waking, as far as it needs no I/O, has happened before the next one wakes, and a
   * sleep that it starts counts too.
   */
  advance(ms: number): Promise<void>;
  /** How many sleeps are waiting. */
  readonly asleep: number;
  /** Settles as soon as at least `count` sleeps are waiting. */
  untilAsleep(count?: number): Promise<void>;
}

interface Sleeper {
  wakeAtMs: number;
  wake: () => void;
}

/**
 * A clock for tests: time passes only by `advance`, so nothing waits and nothing depends on the machine.
 *
 * @param start - the first time, as an ISO text with a zone; 2026-01-01T00:00:00Z unless said.
 * @throws AssentError `config_invalid` for a start that is no time, or for advancing backwards.
 * @example
 * ```ts
 * import { manualClock } from "assent/testing";
 *
 * const clock = manualClock("2026-03-30T10:30:00Z");
 * const slept = clock.sleep(60_000);
 * await clock.advance(60_000);
 * await slept;
 * ```
 */
export function manualClock(start = "2026-01-01T00:00:00Z"): ManualClock {
  let nowMs = Date.parse(start);
  if (Number.isNaN(nowMs)) {
    throw new AssentError("config_invalid", {
      what: "A manual clock needs a time to start at",
      where: "start",
      seen: start,
    });
  }
  const sleepers = new Set<Sleeper>();
  let watchers: { count: number; tell: () => void }[] = [];

  const fallAsleep = (sleeper: Sleeper): void => {
    sleepers.add(sleeper);
    const told = watchers.filter(({ count }) => count <= sleepers.size);
    watchers = watchers.filter(({ count }) => count > sleepers.size);
    for (const { tell } of told) tell();
  };

  // A set keeps the order of insertion, so of two that are due at the same time the first to sleep wakes first.
  const nextDue = (untilMs: number): Sleeper | undefined =>
    [...sleepers].filter(({ wakeAtMs }) => wakeAtMs <= untilMs).toSorted((a, b) => a.wakeAtMs - b.wakeAtMs)[0];

  return {
    now: () => new Date(nowMs),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const stop = (): void => {
          sleepers.delete(sleeper);
          reject(signal?.reason as Error);
        };
        const wake = (): void => {
          signal?.removeEventListener("abort", stop);
          resolve();
        };
        const sleeper = { wakeAtMs: nowMs + ms, wake };
        if (signal?.aborted === true) return stop();
        if (ms <= 0) return wake();
        signal?.addEventListener("abort", stop, { once: true });
        fallAsleep(sleeper);
      }),
    async advance(ms) {
      if (!Number.isFinite(ms) || ms < 0) {
        throw new AssentError("config_invalid", { what: "Time only moves forward", where: "ms", seen: ms });
      }
      const untilMs = nowMs + ms;
      for (let due = nextDue(untilMs); due !== undefined; due = nextDue(untilMs)) {
        nowMs = Math.max(nowMs, due.wakeAtMs);
        sleepers.delete(due);
        due.wake();
        await settled();
      }
      nowMs = untilMs;
      await settled();
    },
    get asleep() {
      return sleepers.size;
    },
    untilAsleep: (count = 1) =>
      sleepers.size >= count ? Promise.resolve() : new Promise((tell) => watchers.push({ count, tell })),
  };
}

/** Settles after everything that is ready to run, without timers or I/O, has run. */
async function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
