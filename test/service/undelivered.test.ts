import { END, START, StateGraph, interrupt } from "@langchain/langgraph";
import { AssentState, addGate, approvalGate } from "assent";
import { createDelivery, localThreads } from "assent/service";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { asked, decided } from "../../src/testing/ledger-contract/specimens.js";
import { Thread } from "../support/thread.js";
import { abortedHere, breaksIn, decideNext, desk, twoGates } from "./desk.js";
import { STORAGES, type Storage } from "./storages.js";

describe.each(STORAGES)("what is undelivered $name", ({ open }) => {
  let storage: Storage;
  beforeEach(async () => {
    storage = await open();
  });
  afterEach(() => storage.close());

  test("is what was decided or cut off, not what waits or has finished", async () => {
    const { assent, delivery } = desk(storage);
    const cutOff = desk(storage, { inNode: breaksIn("after", 2) });
    for (const id of ["waiting", "decided", "rejected", "finished"]) await delivery.start(id, {});
    await decideNext(assent, "decided");
    await decideNext(assent, "rejected", "reject");
    await decideNext(assent, "finished");
    await delivery.deliver("finished");
    await cutOff.delivery.start("cut off", {});
    await decideNext(cutOff.assent, "cut off");
    await expect(cutOff.delivery.deliver("cut off")).rejects.toThrow("after broke");

    expect((await delivery.undelivered()).toSorted()).toEqual(["cut off", "decided", "rejected"]);
    expect(await delivery.undelivered(1)).toHaveLength(1);
    for (const id of ["cut off", "decided", "rejected"]) expect(await delivery.deliver(id)).toBe("finished");
    expect(await delivery.undelivered()).toEqual([]);
    expect(await delivery.deliver("waiting")).toBe("waiting");
  });

  test("leaves out a thread of which one case is through and the other waits", async () => {
    const { assent, delivery, thread, made } = twoGates(storage);
    await delivery.start(thread.id, {});
    expect(await delivery.undelivered()).toEqual([]);
    await decideNext(assent, thread.id);
    expect(await delivery.undelivered()).toEqual([thread.id]);
    expect(await delivery.deliver(thread.id)).toBe("waiting");
    expect(made()).toHaveLength(1);
    expect(await delivery.undelivered()).toEqual([]);
    await decideNext(assent, thread.id, "reject");
    expect(await delivery.undelivered()).toEqual([thread.id]);
    expect(await delivery.deliver(thread.id)).toBe("finished");
    expect(await delivery.undelivered()).toEqual([]);
    expect(made()).toHaveLength(1);
  });
});

describe.each(STORAGES)("gates side by side $name", ({ open }) => {
  let storage: Storage;
  beforeEach(async () => {
    storage = await open();
  });
  afterEach(() => storage.close());

  test("the decided one goes on and the other one waits", async () => {
    const { assent, delivery, thread, calls, made } = twoGates(storage);
    expect(await delivery.start(thread.id, {})).toBe("waiting");
    const before = await thread.pending();
    const { review } = await decideNext(assent, thread.id);
    expect(await delivery.deliver(thread.id)).toBe("waiting");
    expect(made()).toHaveLength(1);
    expect(calls.at(-1)).toEqual({
      threadId: thread.id,
      what: "resume",
      answers: { [review.address.interruptId]: { type: "decided", review: review.id } },
    });
    expect(await thread.pending()).toEqual(before.filter(({ id }) => id !== review.address.interruptId));
    await decideNext(assent, thread.id);
    expect(await delivery.deliver(thread.id)).toBe("finished");
    expect(made()).toEqual(["bo", "cy"]);
  });

  test("two decisions go to the thread at once", async () => {
    const { assent, delivery, thread, calls, made } = twoGates(storage);
    await delivery.start(thread.id, {});
    await decideNext(assent, thread.id);
    await decideNext(assent, thread.id, "reject");
    expect(await delivery.deliver(thread.id)).toBe("finished");
    expect(calls.filter(({ what }) => what === "resume").map(({ answers }) => Object.keys(answers!).length)).toEqual([
      2,
    ]);
    expect(made()).toHaveLength(1);
  });

  test("an action that was cut off beside a gate that waits is brought to its end", async () => {
    const stopping = new AbortController();
    const { assent, delivery, graph, thread, made } = twoGates({
      ...storage,
      leaseMs: 150,
      run: async (_args, { signal }, pay) => {
        if (stopping.signal.aborted) return pay();
        await abortedHere(stopping, signal);
      },
    });
    await delivery.start(thread.id, {});
    const { review } = await decideNext(assent, thread.id);
    const config = { ...thread.config, durability: "sync" as const, signal: stopping.signal };
    await expect(graph.invoke(null, config)).rejects.toThrow("stopped by the test");
    expect(made()).toEqual([]);
    expect(await delivery.undelivered()).toEqual([thread.id]);
    expect(await delivery.deliver(thread.id)).toBe("waiting");
    expect(made()).toHaveLength(1);
    expect((await thread.pending()).map(({ value }) => value.review)).not.toContain(review.id);
  });
});

describe("a thread with a long history", () => {
  test("its newest review is found behind hundreds of older ones", async () => {
    const storage = await STORAGES[0]!.open();
    const { assent, delivery, thread, made } = desk(storage);
    for (let nth = 0; nth < 600; nth += 1) {
      await decided(storage.ledger, await asked(storage.ledger, { key: `old ${nth}`, threadId: thread.id }), "reject");
    }
    await delivery.start(thread.id, {});
    await decideNext(assent, thread.id);
    expect(await delivery.deliver(thread.id)).toBe("finished");
    expect(made).toHaveLength(1);
  });
});

describe("an interrupt of one's own", () => {
  test.each(STORAGES)("is never answered by a delivery ($name)", async ({ open }) => {
    const storage = await open();
    try {
      const { assent } = desk(storage);
      const builder = new StateGraph(AssentState).addNode("ask", () => {
        interrupt("anybody there?");
        return {};
      });
      const graph = addGate(builder, "gate", approvalGate(assent))
        .addEdge(START, "ask")
        .addEdge("ask", "gate")
        .addEdge("gate", END)
        .compile({ checkpointer: storage.checkpointer });
      const delivery = createDelivery({ ledger: storage.ledger, threads: localThreads({ graphs: { graph } }) });
      const thread = new Thread(graph);
      expect(await delivery.start(thread.id, {})).toBe("waiting");
      expect(await delivery.deliver(thread.id)).toBe("waiting");
      await thread.answer("yes");
      expect(await delivery.deliver(thread.id)).toBe("finished");
    } finally {
      await storage.close();
    }
  });
});
