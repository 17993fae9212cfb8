import { Annotation, END, MemorySaver, START, StateGraph, interrupt } from "@langchain/langgraph";
import { localThreads } from "assent/service";
import { threadsContract, threadsContractGraph } from "assent/testing";
import { describe, expect, it, test } from "vitest";
import { STORAGES } from "./storages.js";

describe.each(STORAGES)("threads of a graph in this process, kept $name", ({ open }) => {
  threadsContract({ describe, it }, async () => {
    const { checkpointer, close } = await open();
    const graph = threadsContractGraph().compile({ checkpointer });
    return { threads: localThreads({ graphs: { graph } }), close };
  });
});

/** A graph that asks in its one node, and has keys of its own. */
function asking(node: string, key: string, checkpointer: MemorySaver) {
  const state = Annotation.Root({ [key]: Annotation<string>() });
  return new StateGraph(state)
    .addNode(node, () => ({ [key]: String(interrupt("sure?")) }))
    .addEdge(START, node)
    .addEdge(node, END)
    .compile({ checkpointer });
}

describe("threads of several graphs on one checkpointer", () => {
  const checkpointer = new MemorySaver();
  const refunds = asking("refund", "refunded", checkpointer);
  const mails = asking("mail", "sent", checkpointer);

  test("are each of the graph that has their nodes and keys", async () => {
    const threads = localThreads({ graphs: { refunds, mails } });
    for (const [id, graph, input] of [
      ["r", refunds, { refunded: "no" }],
      ["m", mails, { sent: "no" }],
    ] as const) {
      await localThreads({ graphs: { graph } }).start(id, input);
      const { status, pending } = await threads.state(id);
      expect([id, status, pending.length]).toEqual([id, "waiting", 1]);
      await threads.resume(id, { [pending[0]!]: "yes" });
      expect((await threads.state(id)).status).toBe("finished");
    }
    expect((await mails.getState({ configurable: { thread_id: "m" } })).values).toEqual({ sent: "yes" });
  });

  test("are new while nobody knows them, and not started on a guess", async () => {
    const threads = localThreads({ graphs: { refunds, mails } });
    expect((await threads.state("nobody's")).status).toBe("new");
    await expect(threads.start("nobody's", { sent: "no" })).rejects.toMatchObject({
      code: "config_invalid",
      fix: "Give localThreads a `graphOf`",
    });
  });

  test("are known in a checkpointer of another copy of its package too", async () => {
    // What a class of another copy is to `instanceof`.
    const foreign = new Proxy(checkpointer, { getPrototypeOf: () => Object.prototype });
    const graphs = { refunds: asking("refund", "refunded", foreign), mails: asking("mail", "sent", foreign) };
    await localThreads({ graphs: { mails } }).start("copied", { sent: "no" });
    expect((await localThreads({ graphs }).state("copied")).status).toBe("waiting");
  });

  test("go to the graph that is named", async () => {
    const threads = localThreads({ graphs: { refunds, mails }, graphOf: (id) => (id === "named" ? "mails" : "none") });
    await threads.start("named", { sent: "no" });
    expect((await threads.state("named")).status).toBe("waiting");
    await expect(threads.state("other")).rejects.toMatchObject({ code: "config_invalid", seen: "none" });
  });

  test("are not run where no graph fits, or two do", async () => {
    const others = asking("other", "else", checkpointer);
    await localThreads({ graphs: { others } }).start("o", { else: "no" });
    await expect(localThreads({ graphs: { refunds, mails } }).proceed("o")).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining("No graph has the thread's nodes and keys"),
    });
    const twin = asking("other", "else", checkpointer);
    await expect(localThreads({ graphs: { others, twin } }).state("o")).rejects.toMatchObject({
      seen: ["others", "twin"],
    });
  });
});

test("no graph at all is a mistake", () => {
  expect(() => localThreads({ graphs: {} })).toThrow(expect.objectContaining({ code: "config_invalid" }));
});

test("a thread is known also where nothing says when it moved", async () => {
  const graph = asking("refund", "refunded", new MemorySaver());
  const timeless = Object.create(graph) as typeof graph;
  timeless.getState = async (config, options) => {
    const { createdAt: _, ...state } = await graph.getState(config, options);
    return state;
  };
  const threads = localThreads({ graphs: { timeless } });
  expect((await threads.state("one")).status).toBe("new");
  await threads.start("one", {});
  expect(await threads.state("one")).toMatchObject({ status: "waiting", movedAt: null });
});
