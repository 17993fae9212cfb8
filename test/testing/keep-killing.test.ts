import { AssentError } from "assent";
import { keepKilling, manualClock, seededRandom, type Killable } from "assent/testing";
import { describe, expect, it } from "vitest";

/** Something that writes down what is done to it. */
function victim(fails: Partial<Record<keyof Killable, number>> = {}): Killable & { done: string[] } {
  const done: string[] = [];
  const does = (what: keyof Killable) => async (): Promise<void> => {
    done.push(what);
    if (done.filter((each) => each === what).length === fails[what]) throw new Error(`${what} failed`);
  };
  return { done, start: does("start"), kill: does("kill"), stop: does("stop") };
}

describe("killing something again and again", () => {
  it("waits a time between the two named, counted from when it works, and starts it again", async () => {
    const clock = manualClock();
    const prey = victim();
    const killing = await keepKilling(prey, { afterMs: [1_000, 3_000], random: () => 0.5, clock });
    expect(prey.done).toEqual(["start"]);
    await clock.advance(1_999);
    expect(killing.kills).toBe(0);
    await clock.advance(1);
    await clock.untilAsleep();
    expect(killing.kills).toBe(1);
    expect(prey.done).toEqual(["start", "kill", "start"]);
    await clock.advance(2_000);
    await clock.untilAsleep();
    await killing.end();
    expect(killing.kills).toBe(2);
    expect(prey.done).toEqual(["start", "kill", "start", "kill", "start"]);
  });

  it("chooses the same moments for the same seed", async () => {
    async function moments(seed: number): Promise<number[]> {
      const clock = manualClock();
      const at: number[] = [];
      const onKilled = (): void => void at.push(clock.now().getTime());
      const options = { afterMs: [1_000, 3_000] as const, random: seededRandom(seed), clock, onKilled };
      const killing = await keepKilling(victim(), options);
      while (at.length < 5) {
        await clock.untilAsleep();
        await clock.advance(50);
      }
      await killing.end();
      return at;
    }
    const first = await moments(5);
    expect(await moments(5)).toEqual(first);
    expect(await moments(6)).not.toEqual(first);
    const gaps = first.slice(1).map((at, index) => at - first[index]!);
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(1_000);
    for (const gap of gaps) expect(gap).toBeLessThanOrEqual(3_050);
  });

  it("lets it live until it has got something done", async () => {
    const clock = manualClock();
    const waiting: (() => void)[] = [];
    const progress = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));
    const prey = victim();
    const killing = await keepKilling(prey, { afterMs: [10, 10], random: () => 0, clock, progress });
    await clock.advance(60_000);
    expect(killing.kills).toBe(0);
    waiting[0]?.();
    await clock.untilAsleep();
    expect(killing.kills).toBe(1);
    waiting[1]?.();
    await clock.advance(9);
    expect(killing.kills).toBe(1);
    await clock.advance(1);
    await clock.untilAsleep();
    expect(killing.kills).toBe(2);
    // It ends also while it waits for something that never comes, if that hears the signal.
    waiting[2]?.();
    await killing.end();
    expect(prey.done.at(-1)).toBe("start");
  });

  it.each([
    ["it cannot be killed", victim({ kill: 2 }), /kill failed/],
    ["it does not start again", victim({ start: 3 }), /start failed/],
  ])("ends where %s, and says why", async (_what, prey, why) => {
    const clock = manualClock();
    const killing = await keepKilling(prey, { afterMs: [10, 10], random: () => 0, clock });
    await clock.advance(10);
    await clock.untilAsleep();
    await clock.advance(10);
    await expect(killing.ended).rejects.toThrow(why);
    await expect(killing.end()).rejects.toThrow(why);
  });

  it("ends where nothing is got done, and says why", async () => {
    const stuck = new AssentError("thread_stuck", { what: "nothing moved" });
    const progress = (): Promise<never> => Promise.reject(stuck);
    const killing = await keepKilling(victim(), { afterMs: [0, 0], random: () => 0, progress, clock: manualClock() });
    await expect(killing.ended).rejects.toBe(stuck);
    expect(killing.kills).toBe(0);
  });

  it("says so if it does not even start", async () => {
    await expect(keepKilling(victim({ start: 1 }), { afterMs: [0, 0], random: () => 0 })).rejects.toThrow(/start/);
  });

  it.each([
    [-1, 3],
    [3, 1],
    [0, Infinity],
    [Number.NaN, 1],
  ] as const)("refuses the times %d and %d", async (a, b) => {
    const killing = keepKilling(victim(), { afterMs: [a, b], random: () => 0 });
    await expect(killing).rejects.toMatchObject({ code: "config_invalid" });
  });
});
