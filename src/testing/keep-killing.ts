import { systemClock, type Clock } from "../model/clock.js";
import { AssentError } from "../model/error.js";
import type { Killable } from "./killable.js";

/** When something is killed. */
export interface KeepKillingOptions {
  /** How long it works before it is killed, in milliseconds: at least, and at most. */
  afterMs: readonly [least: number, most: number];
  /** Where chance comes from; see `seededRandom`. */
  random: () => number;
  /**
   * What has to happen too before it is killed, so that every life gets something done; counted from when it works.
   * `signal` aborts when the killing is to end. If it rejects, the killing ends with that.
   */
  progress?: (signal: AbortSignal) => Promise<unknown>;
  /** Told after each kill, before it is started again. */
  onKilled?: (kills: number) => void;
  clock?: Clock;
}

/** The killing of one thing, again and again. */
export interface Killing {
  /** How often it was killed so far. */
  readonly kills: number;
  /** Settles when the killing has ended; rejects with what ended it, if that was not `end`. */
  readonly ended: Promise<void>;
  /** Ends the killing and leaves it working. Rejects like `ended`. */
  end(): Promise<void>;
}

/**
 * Starts something and kills it at random moments, again and again. Each time its death is awaited before it is started
 * again, and the next moment counts from when it works.
 *
 * @throws AssentError `config_invalid` for times that make no sense, and what its first start throws.
 * @example
 * ```ts
 * import { keepKilling, killableProgram, seededRandom } from "assent/testing";
 *
 * const worker = killableProgram({ command: process.execPath, args: ["worker.js"], ready: "ready" });
 * const killing = await keepKilling(worker, { afterMs: [1_000, 3_000], random: seededRandom(42) });
 * // … for as long as it takes …
 * await killing.end();
 * await worker.stop();
 * ```
 */
export async function keepKilling(victim: Killable, options: KeepKillingOptions): Promise<Killing> {
  const [least, most] = options.afterMs;
  if (!(least >= 0 && most >= least && Number.isFinite(most))) {
    throw new AssentError("config_invalid", {
      what: "Something can be killed after a time, and that lies between two others",
      where: "afterMs",
      seen: options.afterMs,
    });
  }
  await victim.start();
  const ending = new AbortController();
  let kills = 0;
  const ended = (async () => {
    while (await livesOn(options, ending.signal)) {
      await victim.kill();
      kills += 1;
      options.onKilled?.(kills);
      await victim.start();
    }
  })();
  // Whoever waits for it is told; nobody has to.
  ended.catch(() => undefined);
  return {
    get kills() {
      return kills;
    },
    ended,
    end: () => {
      ending.abort(new AssentError("program_failed", { what: "The killing was ended" }));
      return ended;
    },
  };
}

/** Waits until the next kill is due; false if there is to be none. */
async function livesOn(options: KeepKillingOptions, ending: AbortSignal): Promise<boolean> {
  const { afterMs, random, progress, clock = systemClock } = options;
  const [least, most] = afterMs;
  if (ending.aborted) return false;
  try {
    // Both at once, but the time first: an error of the progress is one of the program, and not to be lost.
    await Promise.all([clock.sleep(least + (most - least) * random(), ending), progress?.(ending)]);
    return true;
  } catch (error) {
    if (ending.aborted) return false;
    throw error;
  }
}
