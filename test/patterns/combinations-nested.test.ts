import { AIMessage, HumanMessage, ToolMessage, type BaseMessage } from "@langchain/core/messages";
import type { ChatResult } from "@langchain/core/outputs";
import { tool } from "@langchain/core/tools";
import { FakeStreamingChatModel } from "@langchain/core/utils/testing";
import { Command, MessagesZodMeta, START, StateGraph, interrupt } from "@langchain/langgraph";
import { createReactAgent } from "@langchain/langgraph/prebuilt";
import { withLangGraph } from "@langchain/langgraph/zod";
import { describe, expect, test } from "vitest";
import { AssentState, addGate, approvalGate } from "assent";
import { z } from "zod";
import { PayArgs, gated } from "../support/payments.js";
import { Thread } from "../support/thread.js";
import { everywhere, standsIn, type Parts } from "./surroundings.js";

const one = { to: "bo", cents: 1 };
const two = { to: "cy", cents: 2 };
const Desk = AssentState.extend({ ticket: z.string().optional(), reply: z.string().optional() });

/** An agent and its gate; as a subgraph, it takes part in the outer graph's threads. */
function desk({ assent, pay }: Parts, args = one) {
  const builder = new StateGraph(Desk).addNode("agent", () => assent.propose(pay, args, { key: args.to }));
  return addGate(builder, "gate", approvalGate(assent, { into: ({ status }) => ({ reply: status }) }))
    .addEdge(START, "agent")
    .addEdge("agent", "gate");
}

/** The gate alone, for whoever has proposed. */
function gateAlone({ assent }: Parts) {
  return addGate(new StateGraph(AssentState), "gate", approvalGate(assent)).addEdge(START, "gate").compile();
}

describe("inside a subgraph", () => {
  const input = { ticket: "T-1" };

  describe("as a node", () => {
    standsIn(
      {
        input,
        proposed: [one],
        own: { ticket: "T-1" },
        build: (parts) =>
          new StateGraph(Desk).addNode("desk", desk(parts).compile()).addEdge(START, "desk").compile(parts),
      },
      everywhere,
    );
  });

  describe("three deep, two in one", () => {
    standsIn({
      input,
      proposed: [one, two],
      own: { ticket: "T-1" },
      build: (parts) => {
        const { assent, pay } = parts;
        const first = desk(parts).addNode("second", () => assent.propose(pay, two, { key: "second" }));
        const both = addGate(first, "again", approvalGate(assent)).addEdge("gate", "second").addEdge("second", "again");
        const middle = new StateGraph(Desk).addNode("both", both.compile()).addEdge(START, "both");
        return new StateGraph(Desk).addNode("middle", middle.compile()).addEdge(START, "middle").compile(parts);
      },
    });
  });

  describe("called by a node's function, twice", () => {
    standsIn({
      input,
      proposed: [one, two],
      own: { ticket: "T-1" },
      build: (parts) =>
        new StateGraph(Desk)
          .addNode("caller", async () => {
            const first = await desk(parts).compile().invoke({});
            const second = await desk(parts, two).compile().invoke({});
            return { outcomes: { ...first.outcomes, ...second.outcomes } };
          })
          .addEdge(START, "caller")
          .compile(parts),
    });
  });

  describe("that keeps a memory of its own", () => {
    standsIn({
      input,
      proposed: [one],
      own: { ticket: "T-1" },
      build: (parts) =>
        new StateGraph(Desk)
          .addNode("desk", desk(parts).compile({ checkpointer: true }))
          .addEdge(START, "desk")
          .compile(parts),
    });
  });

  test.each([
    ["beside it", 1],
    ["a level further out", 2],
  ])("an answer to the developer's own question before the gate, %s, is not the gate's", async (_, depth) => {
    const { assent, pay, made, checkpointer } = gated();
    const question = new StateGraph(Desk)
      .addNode("question", () => ({ reply: String(interrupt("How are you?")) }))
      .addEdge(START, "question");
    const agent = (builder: typeof question) =>
      addGate(
        builder.addNode("agent", () => assent.propose(pay, one, { key: "one" })),
        "gate",
        approvalGate(assent),
      ).addEdge("agent", "gate");
    const inner =
      depth === 1
        ? agent(question).addEdge("question", "agent")
        : question
            .addNode(
              "desk",
              agent(new StateGraph(Desk) as never)
                .addEdge(START, "agent")
                .compile(),
            )
            .addEdge("question", "desk");
    const graph = new StateGraph(Desk)
      .addNode("inner", inner.compile() as never)
      .addEdge(START, "inner")
      .compile({ checkpointer });
    const thread = new Thread(graph);
    await thread.start();
    await thread.answer("approve");
    for (let times = 0; times < 3; times += 1) await thread.goOn();
    expect(made).toEqual([]);
    await thread.answer({ type: "approve", review: (await thread.asked()).review });
    expect(made).toHaveLength(1);
  });

  test("a subgraph that is compiled without a checkpointer on purpose is refused", () => {
    const { built } = gated();
    const refused = { code: "gate_invalid", message: expect.stringMatching(/checkpointer: false.*cannot pause/) };
    expect(() => built.compile({ checkpointer: false })).toThrow(expect.objectContaining(refused));
  });
});

/** A model that says what the script has next, by how often it has spoken in the conversation. */
class ScriptedModel extends FakeStreamingChatModel {
  override bindTools(): ReturnType<FakeStreamingChatModel["bindTools"]> {
    return this;
  }

  override async _generate(messages: BaseMessage[]): Promise<ChatResult> {
    const turn = messages.filter((message) => message.getType() === "ai").length;
    return { generations: [{ text: "", message: this.responses[turn]! }] };
  }
}

/** Wants each payment made, in one turn, and then is done. */
function model(...wanted: readonly PayArgs[]): ScriptedModel {
  const tool_calls = wanted.map((args) => ({ id: `call-${args.to}`, name: "pay", args, type: "tool_call" as const }));
  return new ScriptedModel({ responses: [new AIMessage({ content: "", tool_calls }), new AIMessage("All done.")] });
}

const Conversation = AssentState.extend({
  messages: withLangGraph(z.custom<BaseMessage[]>(), MessagesZodMeta),
  ticket: z.string().optional(),
});
const input = { messages: [new HumanMessage("Pay them.")], ticket: "T-1" };
const about = { name: "pay", description: "Pays", schema: PayArgs };

/** What names a proposal that a tool makes: the call, which stays the same when the tool runs again. */
const keyOf = (called: { toolCall?: { id?: string | undefined } }): string => called.toolCall?.id ?? "";

describe("inside a subagent", () => {
  /** A tool that returns once a person has decided: it proposes, and calls a graph with the gate. */
  const payingTool = (parts: Parts) =>
    tool(async (args: PayArgs, called) => {
      const proposed = await parts.assent.propose(parts.pay, args, { key: keyOf(called) });
      const { outcomes } = await gateAlone(parts).invoke(proposed);
      return Object.values(outcomes).map(({ status }) => status);
    }, about);

  describe("in a tool, whose agent is the whole graph", () => {
    standsIn(
      {
        input: { messages: input.messages },
        proposed: [one, two],
        // Each call is a task of its own then. Calls that share one task race for their places in it.
        build: (parts) =>
          createReactAgent({ llm: model(one, two), tools: [payingTool(parts)], version: "v2", ...parts }),
      },
      everywhere,
    );
  });

  describe("in a tool of an agent that is a node", () => {
    standsIn({
      input,
      proposed: [one],
      own: { ticket: "T-1", messages: { length: 4 } },
      build: (parts) =>
        new StateGraph(Conversation)
          .addNode("agent", createReactAgent({ llm: model(one), tools: [payingTool(parts)] }))
          .addEdge(START, "agent")
          .compile(parts),
    });
  });

  describe("after an agent whose tool proposes", () => {
    standsIn({
      input,
      proposed: [one, two],
      own: { ticket: "T-1" },
      build: (parts) => {
        const { assent, pay } = parts;
        const proposing = tool(async (args: PayArgs, called) => {
          const { proposals } = await assent.propose(pay, args, { key: keyOf(called) });
          const said = new ToolMessage({ content: "A person is asked.", tool_call_id: keyOf(called) });
          return new Command({ update: { proposals, messages: [said] } });
        }, about);
        const agent = createReactAgent({
          llm: model(one, two),
          tools: [proposing],
          stateSchema: Conversation as never,
        });
        return addGate(new StateGraph(Conversation).addNode("agent", agent), "gate", approvalGate(assent))
          .addEdge(START, "agent")
          .addEdge("agent", "gate")
          .compile(parts);
      },
    });
  });

  test("a tool that proposes without a key is told so, and nothing is proposed", async () => {
    const { assent, pay, checkpointer } = gated();
    const keyless = tool(async (args: PayArgs) => assent.propose(pay, args), about);
    const agent = createReactAgent({ llm: model(one), tools: [keyless], checkpointer });
    const ended = await agent.invoke({ messages: input.messages }, { configurable: { thread_id: "t" } });
    expect(ended.messages.map(({ text }) => text).join("\n")).toMatch(/Pass \{ key \}/);
    expect(await assent.ledger.cases({ afterId: "", limit: 1 })).toEqual([]);
  });
});
