import type { Clock } from "assent";
import { manualClock } from "assent/testing";

/** A clock on which every wait is over at once: time passes exactly as far as somebody waits. */
export function hurriedClock(start?: string): Clock & { slept: number[] } {
  const time = manualClock(start);
  const slept: number[] = [];
  return {
    slept,
    now: time.now,
    async sleep(ms, signal) {
      slept.push(ms);
      const sleeping = time.sleep(ms, signal);
      await time.advance(ms);
      return sleeping;
    },
  };
}
