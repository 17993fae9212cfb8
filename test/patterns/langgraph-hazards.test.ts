import { Command, END, MemorySaver, START, StateGraph, interrupt, task } from "@langchain/langgraph";
import { describe, expect, test } from "vitest";
import { AssentState, addGate, approvalGate, createAssent, memoryLedger, type Outcome } from "assent";
import { z } from "zod";
import { askAlways, executeAlways, gated, payments } from "../support/payments.js";
import { Thread } from "../support/thread.js";

describe("an answer that LangGraph keeps", () => {
  const two = [[{ to: "a", cents: 1 }], [{ to: "b", cents: 2 }]] as const;

  test("to the first question is never given to the second, however often the thread goes on", async () => {
    const { thread, made } = gated({ proposals: two });
    await thread.start();
    await thread.answer("approve");
    for (let i = 0; i < 3; i += 1) await thread.goOn();
    expect(made.map(({ args }) => args.cents)).toEqual([1]);
    expect((await thread.asked()).args["cents"]).toBe(2);
  });

  test("without an id is not given to a later question either, whatever was said by id in between", async () => {
    const { thread, made } = gated({ proposals: [...two, [{ to: "c", cents: 3 }]] });
    await thread.start();
    await thread.answer("approve");
    const [second] = await thread.pending();
    await thread.answer({ [second!.id]: { type: "reject" } });
    for (let i = 0; i < 3; i += 1) await thread.goOn();
    expect(made.map(({ args }) => args.cents)).toEqual([1]);
    expect((await thread.asked()).args["cents"]).toBe(3);
  });

  test("may be the very same for the next question if it is sent by id, or names its review", async () => {
    const { thread, made } = gated({ proposals: [...two, [{ to: "c", cents: 3 }]] });
    await thread.start();
    await thread.answer("approve");
    await thread.answer("approve");
    const { reason, review } = await thread.asked();
    expect(reason).toContain(`"review":"${review}"`);
    expect(made).toHaveLength(1);
    const [second] = await thread.pending();
    await thread.answer({ [second!.id]: "approve" });
    expect(made).toHaveLength(2);
    await thread.answer({ type: "approve", review: (await thread.asked()).review });
    expect(made).toHaveLength(3);
    expect(await thread.finished()).toBe(true);
  });

  test("that was refused is never taken for the answer to the question asked again", async () => {
    const { thread, made } = gated();
    await thread.start();
    await thread.answer({ type: "approve", review: "rv_of_somebody_else" });
    for (let i = 0; i < 3; i += 1) await thread.goOn();
    expect(made).toEqual([]);
    expect(await thread.asked()).toMatchObject({ round: 1 });
  });

  test("given to the gate's neighbour does not reach the gate, and the other way round", async () => {
    const { pay, made } = payments();
    const assent = createAssent({ actions: [pay], ledger: memoryLedger(), trust: "open", policy: askAlways });
    const State = AssentState.extend({ said: z.unknown().optional() });
    const builder = new StateGraph(State)
      .addNode("agent", () => assent.propose(pay, { to: "bo", cents: 1 }))
      .addNode("question", () => ({ said: interrupt("How are you?") }));
    const graph = addGate(builder, "gate", approvalGate(assent))
      .addEdge(START, "agent")
      .addEdge("agent", "question")
      .addEdge("question", "gate")
      .compile({ checkpointer: new MemorySaver() });
    const thread = new Thread(graph);
    await thread.start();
    await thread.answer("approve");
    expect(made).toEqual([]);
    expect((await thread.state()).values.said).toBe("approve");
    await thread.goOn();
    expect(made).toEqual([]);
    await thread.answer("approve");
    expect(made).toHaveLength(1);
  });
});

describe("every durability", () => {
  test.each(["sync", "async", "exit"] as const)("%s: asked, approved and run once", async (durability) => {
    const { graph, made } = gated();
    const config = { configurable: { thread_id: crypto.randomUUID() }, durability };
    await graph.invoke({}, config);
    await graph.invoke(new Command({ resume: "perhaps" }), config);
    expect(made).toEqual([]);
    const ended = await graph.invoke(new Command({ resume: "approve" }), config);
    expect(made).toHaveLength(1);
    expect(Object.values(ended.outcomes)).toMatchObject([{ status: "executed" }]);
  });
});

describe("every way to run a graph", () => {
  test("streaming shows the pause, and the outcome after the answer", async () => {
    const { graph, made } = gated();
    const config = { configurable: { thread_id: crypto.randomUUID() }, streamMode: "updates" as const };
    const seen: string[] = [];
    for await (const chunk of await graph.stream({}, config)) seen.push(...Object.keys(chunk));
    expect(seen).toEqual(["agent", "__interrupt__"]);
    for await (const chunk of await graph.stream(new Command({ resume: "approve" }), config)) {
      seen.push(...Object.keys(chunk));
    }
    expect(seen.slice(2)).toEqual(["gate"]);
    expect(made).toHaveLength(1);
  });

  test("streaming of subgraphs shows the gate's own steps", async () => {
    const { graph } = gated({ policy: executeAlways });
    const config = {
      configurable: { thread_id: crypto.randomUUID() },
      streamMode: "updates",
      subgraphs: true,
    } as const;
    const steps: string[] = [];
    for await (const [namespace, chunk] of await graph.stream({}, config)) {
      if (namespace.length > 0) steps.push(...Object.keys(chunk));
    }
    // `audit` hands over by a command to the parent, which shows there.
    expect(steps).toEqual(["policy", "execute"]);
  });

  test("a caller's tight recursion limit is for the caller's graph, not for the gate", async () => {
    const { graph, made } = gated({ policy: executeAlways });
    await graph.invoke({}, { configurable: { thread_id: crypto.randomUUID() }, recursionLimit: 3 });
    expect(made).toHaveLength(1);
  });
});

describe("a gated graph inside another graph", () => {
  function nested() {
    const { pay, made } = payments();
    const assent = createAssent({ actions: [pay], ledger: memoryLedger(), trust: "open", policy: askAlways });
    const builder = new StateGraph(AssentState).addNode("agent", () =>
      assent.propose(pay, { to: "bo", cents: 1 }, { key: "order-1" }),
    );
    const inner = addGate(builder, "gate", approvalGate(assent)).addEdge(START, "agent").addEdge("agent", "gate");
    return { assent, made, inner: inner.compile() };
  }

  test("as a node: asked, asked again, approved and run once; the outcome reaches the outer graph", async () => {
    const { made, inner } = nested();
    const outer = new StateGraph(AssentState).addNode("inner", inner).addEdge(START, "inner").addEdge("inner", END);
    const thread = new Thread(outer.compile({ checkpointer: new MemorySaver() }));
    await thread.start();
    await thread.answer("perhaps");
    expect(made).toEqual([]);
    expect((await thread.asked()).reason).toMatch(/perhaps/);
    await thread.answer("approve");
    expect(made).toHaveLength(1);
    expect(await thread.outcome()).toMatchObject({ status: "executed" });
    expect(await thread.finished()).toBe(true);
  });

  test("called from a node's function: the same", async () => {
    const { made, inner } = nested();
    const outer = new StateGraph(AssentState)
      .addNode("outer", async (state) => ({ outcomes: (await inner.invoke(state)).outcomes }))
      .addEdge(START, "outer");
    const thread = new Thread(outer.compile({ checkpointer: new MemorySaver() }));
    await thread.start();
    await thread.answer("perhaps");
    expect(made).toEqual([]);
    await thread.answer("approve");
    expect(made).toHaveLength(1);
    expect(await thread.outcome()).toMatchObject({ status: "executed" });
  });

  test("the gate alone as the only node after a task that is remembered across the pause", async () => {
    const { pay, made } = payments();
    const assent = createAssent({ actions: [pay], ledger: memoryLedger(), trust: "open", policy: askAlways });
    let drafted = 0;
    const draft = task("draft", async () => ({ to: "bo", cents: (drafted += 1) }));
    const builder = new StateGraph(AssentState).addNode("agent", async () => assent.propose(pay, await draft()));
    const graph = addGate(builder, "gate", approvalGate(assent)).addEdge(START, "agent").addEdge("agent", "gate");
    const thread = new Thread(graph.compile({ checkpointer: new MemorySaver() }));
    await thread.start();
    await thread.answer("approve");
    expect(drafted).toBe(1);
    expect(made.map(({ args }) => args)).toEqual([{ to: "bo", cents: 1 }]);
  });
});

describe("a state that a client writes", () => {
  test("an outcome of its own making neither ends an open case nor survives the gate", async () => {
    const { thread, graph, made, assent } = gated();
    await thread.start();
    const { proposal } = await thread.asked();
    const held = (await assent.ledger.read(proposal))!;
    const forged: Outcome = {
      proposalId: proposal,
      action: "pay",
      auditId: "au_0",
      at: held.proposal.proposedAt,
      decidedBy: "ceo",
      unverified: false,
      replayed: false,
      status: "executed",
      result: null,
      flagged: false,
    };
    await graph.updateState(thread.config, { outcomes: { [proposal]: forged } }, "agent");
    await thread.goOn();
    expect(made).toEqual([]);
    await thread.answer("reject");
    expect(await thread.outcome()).toMatchObject({ status: "rejected" });
  });

  test("a proposal id of its own making has no effect", async () => {
    const { thread, graph, made } = gated({ proposals: [], policy: executeAlways });
    await thread.start();
    await graph.updateState(thread.config, { proposals: ["pr_00000000000000000000000000000000"] }, "agent");
    await thread.goOn();
    expect(made).toEqual([]);
    expect(await thread.finished()).toBe(true);
  });
});
