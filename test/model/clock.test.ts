import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/model/clock.js";

describe("the machine's clock", () => {
  test("tells the time", () => {
    const before = Date.now();
    const now = systemClock.now().getTime();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
  });

  test("a sleep settles after its time", async () => {
    const before = performance.now();
    await systemClock.sleep(5);
    expect(performance.now() - before).toBeGreaterThanOrEqual(4);
  });

  test("a sleep ends at once with the signal's reason, also if the signal came first", async () => {
    const reason = new Error("enough");
    await expect(systemClock.sleep(1_000_000, AbortSignal.abort(reason))).rejects.toBe(reason);
    const controller = new AbortController();
    const slept = systemClock.sleep(1_000_000, controller.signal);
    controller.abort(reason);
    await expect(slept).rejects.toBe(reason);
  });
});
