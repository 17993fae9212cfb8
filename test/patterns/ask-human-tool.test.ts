import { AIMessage, type BaseMessage, HumanMessage, type ToolMessage } from "@langchain/core/messages";
import {
  END,
  MemorySaver,
  MessagesAnnotation,
  START,
  StateGraph,
  type BaseCheckpointSaver,
} from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { askHumanTool, createAssent, memoryLedger, type AssentOptions, type AskHumanToolOptions } from "assent";
import { manualClock, testAuthenticator, testKeys } from "assent/testing";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { askAlways } from "../support/payments.js";
import { Thread } from "../support/thread.js";

const people = testAuthenticator();
const Limit = z.object({ limit: z.number() });

interface Options extends Partial<Omit<AssentOptions, "actions">> {
  /** What the model asks in its first message, one question for each call. */
  questions?: string[];
  tool?: AskHumanToolOptions<typeof Limit>;
  checkpointer?: BaseCheckpointSaver;
}

/** An agent whose model asks, and says what it was told. */
function agent({ questions = ["How much?"], tool = {}, checkpointer = new MemorySaver(), ...rest }: Options = {}) {
  const assent = createAssent({
    actions: [],
    ledger: memoryLedger(),
    policy: askAlways,
    trust: "open",
    authenticators: [people],
    ...rest,
  });
  const asking = new AIMessage({
    content: "",
    tool_calls: questions.map((question, index) => ({
      name: "ask_human",
      args: { question, context: "Acme" },
      id: `call-${index}`,
      type: "tool_call" as const,
    })),
  });
  const answersIn = (messages: BaseMessage[]) => messages.filter((each): each is ToolMessage => each.type === "tool");
  const graph = new StateGraph(MessagesAnnotation)
    .addNode("model", ({ messages }) => ({
      messages: [answersIn(messages).length === 0 ? asking : new AIMessage("Thank you.")],
    }))
    .addNode("tools", new ToolNode([askHumanTool(assent, { answer: Limit, ...tool })]))
    .addEdge(START, "model")
    .addConditionalEdges("model", ({ messages }) => (answersIn(messages).length === 0 ? "tools" : END), ["tools", END])
    .addEdge("tools", "model")
    .compile({ checkpointer });
  const thread = new Thread(graph);
  return {
    assent,
    graph,
    thread,
    start: () => thread.start({ messages: [new HumanMessage("Offer Acme something")] }),
    told: async () =>
      answersIn((await thread.state()).values.messages as BaseMessage[]).map(({ text }) => JSON.parse(text) as unknown),
  };
}

describe("a model that asks a person", () => {
  test("pauses with the question, and goes on with the typed answer and who gave it", async () => {
    const { thread, start, told, assent } = agent({ tool: { by: [{ role: "sales" }] } });
    await start();
    expect(await thread.asked()).toMatchObject({
      kind: "question",
      summary: "How much?",
      by: ["role sales"],
      context: "Acme",
    });
    await thread.answer({ type: "answer", answer: { limit: 5 }, as: "ana", roles: ["sales"] });
    expect(await told()).toEqual([{ answer: { limit: 5 }, by: "ana" }]);
    const cases = await assent.ledger.cases({ afterId: "", limit: 10 });
    expect(cases.map(({ outcome }) => outcome?.status)).toEqual(["executed"]);
  });

  test.each([
    ["of the wrong form", { type: "answer", answer: { limit: "much" }, as: "ana" }, /limit/],
    ["that is none", "approve", /answer, reject/],
  ])("asks again after an answer %s", async (_, wrong, reason) => {
    const { thread, start, told } = agent();
    await start();
    await thread.answer(wrong);
    expect((await thread.asked()).reason).toMatch(reason);
    await thread.answer({ type: "answer", answer: { limit: 1 }, as: "ana" });
    expect(await told()).toEqual([{ answer: { limit: 1 }, by: "ana" }]);
  });

  test("is told why there is no answer", async () => {
    const { thread, start, told } = agent();
    await start();
    await thread.answer({ type: "reject", note: "none of our business", as: "ana" });
    expect(await told()).toEqual([{ answer: null, because: "none of our business" }]);
  });

  test("is told that nobody answered in time", async () => {
    const clock = manualClock();
    const { thread, start, told, assent } = agent({
      clock,
      ledger: memoryLedger({ clock }),
      tool: { within: "PT1H", otherwise: "reject" },
    });
    await start();
    await clock.advance(3_600_000);
    await assent.tick();
    await thread.answer("go on");
    expect(await told()).toEqual([{ answer: null, because: expect.stringMatching(/nobody|time/i) }]);
  });

  test("asks two things in one message, each with an answer of its own, and each once", async () => {
    const { thread, start, told, assent } = agent({ questions: ["How much?", "Until when?"] });
    await start();
    for (const limit of [1, 2]) {
      const { review, summary } = (await thread.pending())[0]!.value;
      const answer = { limit: summary === "How much?" ? 10 : 20 };
      await thread.answer({ type: "answer", answer, as: `ana ${limit}`, review });
    }
    expect(await told()).toEqual([
      { answer: { limit: 10 }, by: expect.stringMatching(/^ana/) },
      { answer: { limit: 20 }, by: expect.stringMatching(/^ana/) },
    ]);
    expect(await assent.ledger.cases({ afterId: "", limit: 10 })).toHaveLength(2);
  });

  test("in verified trust, an answer in the resume is none, and a signed one counts", async () => {
    const { thread, start, told, assent } = agent({ trust: "verified", keys: testKeys() });
    await start();
    const { review, digest } = await thread.asked();
    await thread.answer({ type: "answer", answer: { limit: 1 }, as: "mallory" });
    expect(await told()).toEqual([]);
    const by = await people.authenticate({ id: "ana" });
    await assent.reviews.decide(review, { by, decision: "answer", answer: { limit: 2 }, digest });
    await thread.answer("go on");
    expect(await told()).toEqual([{ answer: { limit: 2 }, by: "ana" }]);
  });

  test("goes on in another process, with the same question", async () => {
    const kept = { ledger: memoryLedger(), checkpointer: new MemorySaver() };
    const first = agent(kept);
    await first.start();
    const second = agent(kept);
    const thread = new Thread(second.graph, first.thread.id);
    await thread.answer({ type: "answer", answer: { limit: 3 }, as: "ana" });
    expect(await first.told()).toEqual([{ answer: { limit: 3 }, by: "ana" }]);
  });
});

test("a call without an id, and a gate that nobody could answer, are refused", async () => {
  const assent = createAssent({ actions: [], ledger: memoryLedger(), policy: askAlways, trust: "open" });
  await expect(askHumanTool(assent).invoke({ question: "?" })).rejects.toMatchObject({ code: "key_required" });
  expect(() => askHumanTool(assent, { name: "b", within: "PT1H", otherwise: "execute" })).toThrow(
    expect.objectContaining({ code: "gate_invalid" }),
  );
});
