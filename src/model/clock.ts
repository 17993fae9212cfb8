/**
 * Where Assent takes its time from. Everything that needs "now" or has to wait is given a clock, so tests choose the
 * time instead of sleeping.
 *
 * Contract: `now` never throws; `sleep` settles after `ms` of this clock's time, or rejects with the signal's reason
 * as soon as `signal` aborts, and holds no timer afterwards.
 */
export interface Clock {
  /** The current time. */
  now(): Date;
  /** Waits `ms` milliseconds of this clock's time. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => new Date(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const stop = (): void => {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", stop);
        resolve();
      }, ms);
      signal?.addEventListener("abort", stop, { once: true });
    }),
};
