import { isUnknownInterruptError, MemorySaver } from "@langchain/langgraph";
import { memoryLedger } from "assent";
import { createDelivery, type Threads } from "assent/service";
import { manualClock } from "assent/testing";
import { describe, expect, test, vi } from "vitest";
import { unsettledMs } from "../../src/service/bring-forward.js";
import { breaksIn, decideNext, desk } from "./desk.js";

const inMemory = () => ({ checkpointer: new MemorySaver(), ledger: memoryLedger() });

describe("a thread that has work left", () => {
  const now = new Date("2026-03-30T10:30:00.000Z");
  const ago = (ms: number): string => new Date(now.getTime() - ms).toISOString();

  test.each([
    ["moved this moment", ago(0), 0, 250],
    ["moved a second ago", ago(1_000), 0, 1_000],
    ["moved half of the time ago", ago(30_000), 0, 30_000],
    ["has almost settled", ago(59_900), 0, 250],
    ["has settled", ago(60_000), 0, 0],
    ["moved a second from now, by another clock", ago(-1_000), 0, 250],
    ["moved an hour from now, by a clock that is wrong", ago(-3_600_000), 0, 250],
    ["was watched for a while since", ago(-3_600_000), 20_000, 20_000],
    ["was watched for long enough", ago(-3_600_000), 60_000, 0],
  ])("and %s is looked at again after a while that fits", (_what, movedAt, watchedMs, expected) => {
    const seen = { movedAt, since: ago(watchedMs) };
    expect(unsettledMs(seen, 60_000, now)).toBe(expected);
    expect(unsettledMs(seen, 0, now)).toBe(0);
  });

  test("is watched until it has been still, though whoever ran it has a clock that is an hour ahead", async () => {
    const clock = manualClock();
    const at = desk(inMemory(), { inNode: breaksIn("before") });
    await expect(at.thread.start()).rejects.toThrow("before broke");
    const hourLater = (): string => new Date(clock.now().getTime() + 3_600_000).toISOString();
    let movedAt = hourLater();
    const threads: Threads = { ...at.threads, state: async (id) => ({ ...(await at.threads.state(id)), movedAt }) };
    const delivery = createDelivery({ ledger: at.assent.ledger, threads, settleMs: 60_000, clock });
    expect(await delivery.deliver(at.thread.id)).toBe("later");
    await clock.advance(59_000);
    // It moves once more, and is watched anew.
    movedAt = hourLater();
    expect(await delivery.deliver(at.thread.id)).toBe("later");
    await clock.advance(59_000);
    expect(await delivery.deliver(at.thread.id)).toBe("later");
    expect(at.calls).toEqual([]);
    await clock.advance(1_000);
    expect(await delivery.deliver(at.thread.id)).toBe("waiting");
    expect(at.calls.map(({ what }) => what)).toEqual(["proceed"]);
  });
});

test("a thread whose newest checkpoint was written by a clock that was ahead is said to be stuck, not run on and on", async () => {
  let runs = 0;
  const at = desk(inMemory(), { inNode: (node) => void (runs += Number(node === "after")) });
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
  try {
    await at.thread.start();
  } finally {
    vi.useRealTimers();
  }
  await decideNext(at.assent, at.thread.id);
  await expect(at.delivery.deliver(at.thread.id)).rejects.toMatchObject({
    code: "thread_stuck",
    message: expect.stringContaining("a host whose clock was ahead"),
  });
  expect([at.made.length, runs]).toEqual([1, 2]);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
  try {
    expect(await at.delivery.deliver(at.thread.id)).toBe("finished");
  } finally {
    vi.useRealTimers();
  }
  expect(at.made).toHaveLength(1);
});

describe("somebody else who answers at the same moment", () => {
  /** Threads on which everything was answered a moment before. */
  const tooLate = (threads: Threads): Threads => ({
    ...threads,
    async resume(threadId, answers) {
      await threads.resume(threadId, answers);
      await threads.resume(threadId, answers);
    },
  });

  test("is noticed, and the thread is looked at again later", async () => {
    const { assent, threads, thread, made } = desk(inMemory());
    await thread.start();
    await decideNext(assent, thread.id);
    const { ledger } = assent;
    const delivery = createDelivery({ ledger, threads: tooLate(threads), settleMs: 60_000 });
    expect(await delivery.deliver(thread.id)).toBe("later");
    expect(await delivery.deliver(thread.id)).toBe("finished");
    expect(made).toHaveLength(1);
  });

  test("is an error where nobody else is said to be there", async () => {
    const { assent, threads, thread } = desk(inMemory());
    await thread.start();
    await decideNext(assent, thread.id);
    const delivery = createDelivery({ ledger: assent.ledger, threads: tooLate(threads) });
    const error: unknown = await delivery.deliver(thread.id).catch((thrown: unknown) => thrown);
    expect(isUnknownInterruptError(error)).toBe(true);
  });
});
