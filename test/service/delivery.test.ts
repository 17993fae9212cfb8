import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { abortedHere, breaksIn, decideNext, desk } from "./desk.js";
import { STORAGES, type Storage } from "./storages.js";

describe.each(STORAGES)("delivering $name", ({ open }) => {
  let storage: Storage;
  beforeAll(async () => {
    storage = await open();
  });
  afterAll(() => storage.close());

  test("a thread that nobody started is new, and stays so", async () => {
    const { delivery, thread, calls } = desk(storage);
    expect(await delivery.deliver(thread.id)).toBe("new");
    expect(calls).toEqual([]);
  });

  test.each([
    { decision: "approve", paid: [500], status: "executed" },
    { decision: "reject", paid: [], status: "rejected" },
    { decision: "modify", args: { to: "bo", cents: 70 }, paid: [70], status: "executed" },
  ] as const)("$decision reaches the thread that waits for it", async ({ decision, paid, status, ...rest }) => {
    const { assent, delivery, thread, made, calls } = desk(storage);
    expect(await delivery.start(thread.id, {})).toBe("waiting");
    const [asked] = await thread.pending();
    const { review } = await decideNext(assent, thread.id, decision, "args" in rest ? rest.args : undefined);
    expect(made).toEqual([]);
    expect(await delivery.deliver(thread.id)).toBe("finished");
    expect(made.map(({ args }) => args.cents)).toEqual(paid);
    expect(await thread.outcome()).toMatchObject({ status, decidedBy: "ana", unverified: false });
    // By the interrupt's id and no other way, so that it can answer nothing else.
    expect(calls.at(-1)).toMatchObject({
      what: "resume",
      answers: { [asked!.id]: { type: "decided", review: review.id } },
    });
    expect(Object.keys(calls.at(-1)!.answers!)).toHaveLength(1);
  });

  test("what is not decided is not answered", async () => {
    const { delivery, thread, calls } = desk(storage);
    await delivery.start(thread.id, {});
    const before = await thread.pending();
    expect(await delivery.deliver(thread.id)).toBe("waiting");
    expect(await thread.pending()).toEqual(before);
    expect(calls.map(({ what }) => what)).toEqual(["start"]);
  });

  test("delivering again does nothing again", async () => {
    const { assent, delivery, thread, made, calls } = desk(storage);
    await delivery.start(thread.id, {});
    await decideNext(assent, thread.id);
    await delivery.deliver(thread.id);
    const before = calls.length;
    expect(await delivery.deliver(thread.id)).toBe("finished");
    expect(await delivery.start(thread.id, {})).toBe("finished");
    expect(calls).toHaveLength(before);
    expect(made).toHaveLength(1);
  });

  test("starting a thread that waits leaves its interrupt where it is", async () => {
    const { assent, delivery, thread, calls } = desk(storage);
    await delivery.start(thread.id, {});
    const before = await thread.pending();
    expect(await delivery.start(thread.id, {})).toBe("waiting");
    expect(await thread.pending()).toEqual(before);
    expect(calls.map(({ what }) => what)).toEqual(["start"]);
    expect(await assent.ledger.cases({ threadId: thread.id, afterId: "", limit: 10 })).toHaveLength(1);
  });

  test("starting a thread whose review is decided delivers it", async () => {
    const { assent, delivery, thread, made } = desk(storage);
    await delivery.start(thread.id, {});
    await decideNext(assent, thread.id);
    expect(await delivery.start(thread.id, {})).toBe("finished");
    expect(made).toHaveLength(1);
  });

  test.each(["before", "agent"] as const)("a node that throws ahead of the gate (%s) is run again", async (node) => {
    const { assent, delivery, thread, made } = desk(storage, { inNode: breaksIn(node) });
    await expect(delivery.start(thread.id, {})).rejects.toThrow(`${node} broke`);
    expect(await delivery.deliver(thread.id)).toBe("waiting");
    await decideNext(assent, thread.id);
    expect(await delivery.deliver(thread.id)).toBe("finished");
    expect(made).toHaveLength(1);
  });

  test("a node that throws behind the gate is run again, and the action is not", async () => {
    const { assent, delivery, thread, made } = desk(storage, { inNode: breaksIn("after", 2) });
    await delivery.start(thread.id, {});
    await decideNext(assent, thread.id);
    await expect(delivery.deliver(thread.id)).rejects.toThrow("after broke");
    await expect(delivery.deliver(thread.id)).rejects.toThrow("after broke");
    expect(await delivery.undelivered()).toContain(thread.id);
    expect(await delivery.deliver(thread.id)).toBe("finished");
    expect(made).toHaveLength(1);
  });

  test("a run that is aborted in a node goes on", async () => {
    const stopping = new AbortController();
    const inNode = (node: string): unknown =>
      node === "before" && !stopping.signal.aborted ? abortedHere(stopping) : undefined;
    const { delivery, graph, thread } = desk(storage, { inNode });
    await expect(graph.invoke({}, { ...thread.config, durability: "sync", signal: stopping.signal })).rejects.toThrow(
      "stopped by the test",
    );
    expect(await delivery.deliver(thread.id)).toBe("waiting");
  });

  test.each([
    { idempotent: true, status: "executed", paid: 2 },
    { idempotent: false, status: "in-doubt", paid: 1 },
  ])(
    "a run that is aborted in an action (idempotent: $idempotent) ends $status",
    async ({ idempotent, status, paid }) => {
      const stopping = new AbortController();
      const { assent, delivery, graph, thread, made } = desk(storage, {
        idempotent,
        leaseMs: 150,
        run: (_args, { signal }, pay) => {
          pay();
          return stopping.signal.aborted ? "paid" : abortedHere(stopping, signal);
        },
      });
      await delivery.start(thread.id, {});
      await decideNext(assent, thread.id);
      await expect(graph.invoke(null, { ...thread.config, signal: stopping.signal })).rejects.toThrow(
        "stopped by the test",
      );
      expect(await delivery.undelivered()).toContain(thread.id);
      expect(await delivery.deliver(thread.id)).toBe("finished");
      expect(await thread.outcome()).toMatchObject({ status });
      expect(made).toHaveLength(paid);
      expect(new Set(made.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
    },
  );
});
