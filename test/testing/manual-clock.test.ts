import { describe, expect, it } from "vitest";
import { manualClock } from "../../src/testing/manual-clock.js";

const after = (ms: number): string => new Date(Date.UTC(2026, 2, 30, 10, 30) + ms).toISOString();
const start = after(0);

describe("a manual clock", () => {
  it("stands still until it is moved", async () => {
    const clock = manualClock("2026-03-30T12:30:00+02:00");
    expect(clock.now().toISOString()).toBe(start);
    await clock.advance(1_500);
    expect(clock.now().toISOString()).toBe(after(1_500));
    await clock.advance(0);
    expect(clock.now().toISOString()).toBe(after(1_500));
  });

  it("starts somewhere if nothing is said", () => {
    expect(manualClock().now().toISOString()).toBe("2026-01-01T00:00:00.000Z");
  });

  it("wakes sleepers in the order of their times, each at its own time, and of equal ones the first", async () => {
    const clock = manualClock(start);
    const woken: [string, string][] = [];
    const sleep = async (name: string, ms: number): Promise<void> => {
      await clock.sleep(ms);
      woken.push([name, clock.now().toISOString()]);
    };
    const all = [
      sleep("late", 300),
      sleep("first", 100),
      sleep("second", 100),
      sleep("early", 50),
      sleep("never", 301),
    ];
    expect(clock.asleep).toBe(5);
    await clock.advance(300);
    expect(woken).toEqual([
      ["early", after(50)],
      ["first", after(100)],
      ["second", after(100)],
      ["late", after(300)],
    ]);
    expect(clock.asleep).toBe(1);
    await clock.advance(1);
    await Promise.all(all);
    expect(clock.asleep).toBe(0);
  });

  it("wakes again within one advance who sleeps again on waking", async () => {
    const clock = manualClock(start);
    const beats: string[] = [];
    const beat = async (): Promise<void> => {
      for (let n = 0; n < 4; n += 1) {
        await clock.sleep(100);
        beats.push(clock.now().toISOString());
      }
    };
    const beating = beat();
    await clock.advance(350);
    expect(beats).toEqual([100, 200, 300].map(after));
    await clock.advance(50);
    await beating;
    expect(beats).toHaveLength(4);
  });

  it("does not put anybody to sleep for no time", async () => {
    const clock = manualClock(start);
    await clock.sleep(0);
    await clock.sleep(-5);
    expect(clock.asleep).toBe(0);
  });

  it("stops sleeping as soon as the signal aborts, with its reason, and holds no listener afterwards", async () => {
    const clock = manualClock(start);
    const stop = new AbortController();
    const reason = new Error("enough");
    const sleeping = clock.sleep(100, stop.signal);
    stop.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    await expect(clock.sleep(100, stop.signal)).rejects.toBe(reason);
    await expect(clock.sleep(0, stop.signal)).rejects.toBe(reason);
    expect(clock.asleep).toBe(0);
    const late = new AbortController();
    const slept = clock.sleep(100, late.signal);
    await clock.advance(100);
    late.abort(reason);
    await slept;
  });

  it("tells when enough sleepers are waiting", async () => {
    const clock = manualClock(start);
    const told: number[] = [];
    const one = clock.untilAsleep().then(() => told.push(1));
    const two = clock.untilAsleep(2).then(() => told.push(2));
    const first = clock.sleep(10);
    await one;
    expect(told).toEqual([1]);
    const second = clock.sleep(20);
    await two;
    await clock.untilAsleep(2);
    expect(told).toEqual([1, 2]);
    await clock.advance(20);
    await Promise.all([first, second]);
  });

  it("refuses a start that is no time, and going backwards", async () => {
    expect(() => manualClock("yesterday")).toThrow(expect.objectContaining({ code: "config_invalid", where: "start" }));
    for (const ms of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(manualClock().advance(ms)).rejects.toMatchObject({ code: "config_invalid", where: "ms" });
    }
  });
});
