import { isUnknownInterruptError, MemorySaver } from "@langchain/langgraph";
import { memoryLedger } from "assent";
import { createDelivery, type Threads, type ThreadState } from "assent/service";
import { manualClock } from "assent/testing";
import { describe, expect, test } from "vitest";
import { unsettledMs } from "../../src/service/bring-forward.js";
import { decideNext, desk } from "./desk.js";

const inMemory = () => ({ checkpointer: new MemorySaver(), ledger: memoryLedger() });

describe("a thread that has work left", () => {
  const clock = manualClock("2026-03-30T10:30:00.000Z");
  const movedAgo = (ms: number): string => new Date(clock.now().getTime() - ms).toISOString();

  test.each([
    ["moved this moment", movedAgo(0), 250],
    ["moved a second ago", movedAgo(1_000), 1_000],
    ["moved half of the time ago", movedAgo(30_000), 30_000],
    ["has almost settled", movedAgo(59_900), 250],
    ["has settled", movedAgo(60_000), 0],
    ["moved a second from now, by another clock", movedAgo(-1_000), 1_000],
    ["moved an hour from now, by a clock that is wrong", movedAgo(-3_600_000), 60_000],
    ["was never run", null, 0],
  ])("and %s is looked at again after a while that fits", (_what, movedAt, expected) => {
    const state: ThreadState = { status: "stopped", pending: [], movedAt };
    expect(unsettledMs(state, { settleMs: 60_000, clock })).toBe(expected);
    expect(unsettledMs(state, { settleMs: 0, clock })).toBe(0);
  });
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
