import { MemorySaver } from "@langchain/langgraph";
import { memoryLedger } from "assent";
import { describe, expect, test } from "vitest";
import { breaksIn, decideNext, desk, meetingOf } from "./desk.js";
import { STORAGES } from "./storages.js";

const inMemory = () => ({ checkpointer: new MemorySaver(), ledger: memoryLedger() });

describe("deliveries of one thread", () => {
  test.each(STORAGES)("never overlap, however many are asked for ($name)", async ({ open }) => {
    const storage = await open();
    try {
      const { assent, delivery, thread, made, most } = desk(storage);
      await delivery.start(thread.id, {});
      await decideNext(assent, thread.id);
      const asked = [1, 2, 3, 4].map(() => delivery.deliver(thread.id));
      expect(await Promise.all([...asked, delivery.start(thread.id, {})])).toEqual(
        Array.from({ length: 5 }, () => "finished"),
      );
      expect(most.get(thread.id)).toBe(1);
      expect(made).toHaveLength(1);
    } finally {
      await storage.close();
    }
  });

  test("go on after one that failed", async () => {
    const { assent, delivery, thread, most } = desk(inMemory(), { inNode: breaksIn("after") });
    await delivery.start(thread.id, {});
    await decideNext(assent, thread.id);
    const [first, second] = await Promise.allSettled([delivery.deliver(thread.id), delivery.deliver(thread.id)]);
    expect(first).toMatchObject({ status: "rejected", reason: { message: "after broke" } });
    expect(second).toEqual({ status: "fulfilled", value: "finished" });
    expect(most.get(thread.id)).toBe(1);
  });
});

describe("deliveries of different threads", () => {
  test("do not wait for each other", async () => {
    const meet = meetingOf(2);
    // Each action ends only once the other has begun.
    const { assent, delivery, made } = desk(inMemory(), {
      run: async (_args, _context, pay) => {
        await meet();
        pay();
      },
    });
    const ids = ["one", "two"];
    for (const id of ids) {
      await delivery.start(id, {});
      await decideNext(assent, id);
    }
    expect(await Promise.all(ids.map((id) => delivery.deliver(id)))).toEqual(["finished", "finished"]);
    expect(made).toHaveLength(2);
  });
});
