import { Command, MemorySaver, START, Send, StateGraph } from "@langchain/langgraph";
import { InMemoryCache } from "@langchain/langgraph-checkpoint";
import { describe, expect, test } from "vitest";
import { AssentState, addGate, approvalGate, createAssent, memoryLedger } from "assent";
import { withLangGraph } from "@langchain/langgraph/zod";
import { z } from "zod";
import { askAlways, executeAlways, gated, payments } from "../support/payments.js";
import { Thread } from "../support/thread.js";

const assent = createAssent({ actions: [], ledger: memoryLedger(), trust: "open", policy: askAlways });
const gate = approvalGate(assent);
const refused = expect.objectContaining({ code: "gate_invalid" });

describe("adding a gate", () => {
  test("a state without the two keys is refused, and the error says how to get them", () => {
    const bare = new StateGraph(z.object({ ticket: z.string() })).addNode("agent", () => ({}));
    expect(() => addGate(bare, "gate", gate)).toThrow(/"proposals" and "outcomes".*AssentState\.extend/);
    const half = new StateGraph(AssentState.pick({ proposals: true })).addNode("agent", () => ({}));
    expect(() => addGate(half, "gate", gate)).toThrow(/lacks "outcomes"/);
  });

  test.each(["agent", "proposals", "outcomes", "ticket"])("the name %s is taken", (name) => {
    const builder = new StateGraph(AssentState.extend({ ticket: z.string() })).addNode("agent", () => ({}));
    expect(() => addGate(builder, name, gate)).toThrow(refused);
  });

  test("one name cannot be given twice", () => {
    const builder = new StateGraph(AssentState).addNode("agent", () => ({}));
    const once = addGate(builder, "gate", gate);
    expect(() => addGate(once, "gate", gate)).toThrow(refused);
  });

  test.each(["a|b", "a:b", "__start__", "__end__", ""])("a name that LangGraph reserves is refused: %o", (name) => {
    const builder = new StateGraph(AssentState).addNode("agent", () => ({}));
    expect(() => addGate(builder, name, gate)).toThrow(refused);
  });

  test("one gate may stand in several graphs, under several names", async () => {
    const { pay, made } = payments();
    const shared = createAssent({ actions: [pay], ledger: memoryLedger(), trust: "open", policy: executeAlways });
    const passing = approvalGate(shared);
    for (const name of ["first", "second"]) {
      const builder = new StateGraph(AssentState).addNode("agent", () => shared.propose(pay, { to: "bo", cents: 1 }));
      const graph = addGate(builder, name, passing).addEdge(START, "agent").addEdge("agent", name);
      await new Thread(graph.compile({ checkpointer: new MemorySaver() })).start();
    }
    expect(made).toHaveLength(2);
  });

  test("the gate's four nodes are there to be seen", async () => {
    const { graph } = gated();
    const subgraphs = [];
    for await (const [name, subgraph] of graph.getSubgraphsAsync()) subgraphs.push([name, Object.keys(subgraph.nodes)]);
    expect(subgraphs).toEqual([["gate", ["__start__", "policy", "review", "execute", "audit"]]]);
  });
});

describe("a state that holds more than this version knows", () => {
  test("outcomes of another version do not stop the gate, and neither do ids that are none", async () => {
    const { pay, made } = payments();
    const shared = createAssent({ actions: [pay], ledger: memoryLedger(), trust: "open", policy: askAlways });
    const State = z.object({
      proposals: AssentState.shape.proposals,
      outcomes: withLangGraph(z.record(z.string(), z.any()), {
        reducer: { fn: (known, added) => ({ ...known, ...added }), schema: z.record(z.string(), z.any()) },
        default: () => ({}),
      }),
    });
    const builder = new StateGraph(State).addNode("agent", async () => {
      const { proposals } = await shared.propose(pay, { to: "bo", cents: 1 });
      return { proposals: ["pr_old", ...proposals], outcomes: { pr_old: { status: "undecided", since: "version 0" } } };
    });
    const graph = addGate(builder, "gate", approvalGate(shared)).addEdge(START, "agent").addEdge("agent", "gate");
    const thread = new Thread(graph.compile({ checkpointer: new MemorySaver() }));
    await thread.start();
    await thread.answer("approve");
    expect(made).toHaveLength(1);
    expect(await thread.finished()).toBe(true);
    expect((await thread.state()).values.outcomes).toMatchObject({ pr_old: { since: "version 0" } });
  });

  // LangGraph keeps what a task was sent with, so a gate that refused it once would refuse it for ever.
  test.each(
    [
      42,
      "pr_made-up",
      null,
      [],
      ["pr_made-up"],
      true,
      ...[42, "pr_made-up", null, { 0: "pr_made-up" }, [42, {}]].map((proposals) => ({ proposals })),
      ...[42, "pr_made-up", null, ["executed"], new Map(), { pr_old: 42 }].map((outcomes) => ({ outcomes })),
    ].map((sent) => ({ sent })),
  )("a task of the gate with $sent passes through, and the question that waits takes its answer", async ({ sent }) => {
    const { built, made } = gated();
    const graph = built.compile({ checkpointer: new MemorySaver() });
    const thread = new Thread(graph);
    await thread.start();
    await graph.invoke(new Command({ goto: new Send("gate", sent) }), thread.config);
    expect(made).toEqual([]);
    await thread.answer("approve");
    expect(made).toHaveLength(1);
    expect(await thread.finished()).toBe(true);
  });
});

describe("a cache on the parent", () => {
  function cached() {
    const { pay, made } = payments();
    const shared = createAssent({ actions: [pay], ledger: memoryLedger(), trust: "open", policy: askAlways });
    let visits = 0;
    const builder = new StateGraph(AssentState.extend({ visits: z.number().optional() }))
      .addNode("agent", () => shared.propose(pay, { to: "bo", cents: 1 }, { key: "same" }))
      .addNode("cheap", () => ({ visits: (visits += 1) }), { cachePolicy: true });
    const graph = addGate(builder, "gate", approvalGate(shared))
      .addEdge(START, "cheap")
      .addEdge("cheap", "agent")
      .addEdge("agent", "gate")
      .compile({ checkpointer: new MemorySaver(), cache: new InMemoryCache() });
    return { graph, made };
  }

  test("a default one is refused when the graph is compiled, whenever it was set", () => {
    const plain = () => new StateGraph(AssentState).addNode("agent", () => ({}));
    for (const cachePolicy of [true, { ttl: 60 }]) {
      const before = addGate(plain().setNodeDefaults({ cachePolicy }), "gate", gate);
      expect(() => before.addEdge(START, "agent").addEdge("agent", "gate").compile()).toThrow(refused);
      const after = addGate(plain(), "gate", gate).addEdge(START, "agent").addEdge("agent", "gate");
      expect(() => after.setNodeDefaults({ cachePolicy }).compile()).toThrow(/default cache policy.*gate gate/);
      expect(() => after.setNodeDefaults({ cachePolicy: false }).compile()).not.toThrow();
    }
  });

  test("answers for other nodes, never for the gate: the second thread is asked like the first", async () => {
    const { graph, made } = cached();
    for (const runs of [1, 2]) {
      const thread = new Thread(graph);
      await thread.start();
      expect((await thread.state()).values.visits).toBe(1);
      expect(made).toHaveLength(runs - 1);
      await thread.answer("approve");
      expect(made).toHaveLength(runs);
    }
  });

  test("never answers for the gate in a fork either: the outcome comes from the ledger, as a replay", async () => {
    const { graph, made } = cached();
    const thread = new Thread(graph);
    await thread.start();
    await thread.answer("approve");
    const [before] = (await thread.history()).filter(({ next }) => next.includes("gate"));
    await thread.goOn(before!.config);
    expect(made).toHaveLength(1);
    expect(await thread.outcome()).toMatchObject({ status: "executed", replayed: true });
  });
});

describe("an error handler on the parent", () => {
  const handler = { errorHandler: () => ({}) };

  test("a default one is refused when the graph is compiled, whenever it was set", () => {
    const plain = () => new StateGraph(AssentState).addNode("agent", () => ({}));
    const before = addGate(plain().setNodeDefaults(handler), "gate", gate);
    expect(() => before.addEdge(START, "agent").addEdge("agent", "gate").compile()).toThrow(refused);
    const after = addGate(plain(), "gate", gate).addEdge(START, "agent").addEdge("agent", "gate");
    expect(() => after.setNodeDefaults(handler).compile()).toThrow(/default error handler.*gate gate/);
  });

  test("one of a single node is that node's own business", async () => {
    const { pay, made } = payments();
    const shared = createAssent({ actions: [pay], ledger: memoryLedger(), trust: "open", policy: executeAlways });
    const builder = new StateGraph(AssentState).addNode(
      "agent",
      () => shared.propose(pay, { to: "bo", cents: 1 }),
      handler,
    );
    const graph = addGate(builder, "gate", approvalGate(shared)).addEdge(START, "agent").addEdge("agent", "gate");
    await new Thread(graph.compile({ checkpointer: new MemorySaver() })).start();
    expect(made).toHaveLength(1);
  });
});

describe("`into`", () => {
  const State = AssentState.extend({ reply: z.string().optional() });

  function mapping(into: (outcome: { status: string }) => Record<string, unknown>) {
    const { pay, made } = payments();
    const shared = createAssent({ actions: [pay], ledger: memoryLedger(), trust: "open", policy: askAlways });
    const builder = new StateGraph(State).addNode("agent", () => shared.propose(pay, { to: "bo", cents: 1 }));
    const graph = addGate(builder, "gate", approvalGate(shared, { into }))
      .addEdge(START, "agent")
      .addEdge("agent", "gate");
    return { made, thread: new Thread(graph.compile({ checkpointer: new MemorySaver() })) };
  }

  test("writes your own keys and keeps the outcome beside them", async () => {
    const { thread } = mapping(({ status }) => ({ reply: `it was ${status}` }));
    await thread.start();
    await thread.answer("reject");
    expect((await thread.state()).values).toMatchObject({ reply: "it was rejected" });
    expect(await thread.outcome()).toMatchObject({ status: "rejected" });
  });

  test("throwing keeps the effect and the thread: once it works, the thread goes on, and nothing runs twice", async () => {
    let broken = true;
    const { thread, made } = mapping(({ status }) => {
      if (broken) throw new Error("into is broken");
      return { reply: status };
    });
    await thread.start();
    await expect(thread.answer("approve")).rejects.toThrow(/into is broken/);
    expect(made).toHaveLength(1);
    await expect(thread.goOn()).rejects.toThrow(/into is broken/);
    broken = false;
    await thread.goOn();
    expect(made).toHaveLength(1);
    expect((await thread.state()).values).toMatchObject({ reply: "executed" });
    expect(await thread.finished()).toBe(true);
  });

  test("a key that the state does not have is no harm to the outcome", async () => {
    const { thread, made } = mapping(() => ({ nowhere: 1 }));
    await thread.start();
    await thread.answer("approve").catch(() => null);
    expect(made).toHaveLength(1);
    expect(await thread.outcome()).toMatchObject({ status: "executed" });
  });

  test("it cannot change what the outcome says", async () => {
    const { thread } = mapping(() => ({ outcomes: {}, proposals: ["forged"] }));
    await thread.start();
    await thread.answer("reject");
    expect(await thread.outcome()).toMatchObject({ status: "rejected" });
  });
});
