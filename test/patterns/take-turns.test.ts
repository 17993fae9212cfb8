import { END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, coAuthor, createAssent, handOver, memoryLedger } from "assent";
import { expect, test } from "vitest";
import { z } from "zod";
import { askAlways } from "../support/payments.js";
import { Thread } from "../support/thread.js";

const open = () => createAssent({ actions: [], ledger: memoryLedger(), trust: "open", policy: askAlways });

test("person and agent take turns on one text until the person says that it is done; every turn is a case", async () => {
  const State = AssentState.extend({ text: z.string(), next: z.string().optional() });
  const assent = open();
  const person = coAuthor(assent, {
    artifact: (s: z.infer<typeof State>) => s.text,
    form: z.string(),
    into: ({ artifact, next }) => ({ text: artifact, next }),
  });
  const builder = new StateGraph(State).addNode("agent", ({ text }) => ({ text: `${text} agent` }));
  const graph = addGate(builder, "person", person)
    .addEdge(START, "agent")
    .addEdge("agent", "person")
    .addConditionalEdges("person", ({ next }) => (next === "agent" ? "agent" : next === "person" ? "person" : END))
    .compile({ checkpointer: new MemorySaver() });
  const thread = new Thread(graph);
  await thread.start({ text: "begin" });
  for (const next of ["agent", "person"]) {
    const { artifact } = (await thread.asked()).context as { artifact: string };
    await thread.answer({ type: "answer", answer: { artifact: `${artifact} ana`, next } });
  }
  const { text } = await thread.answer({ type: "answer", answer: { artifact: "the end", next: "done" } });
  expect(text).toBe("the end");
  const cases = await assent.ledger.cases({ afterId: "", limit: 10 });
  const texts = cases.map(({ round }) => (round.args["answer"] as { artifact: string }).artifact);
  expect(texts.toSorted()).toEqual(["begin agent ana", "begin agent ana agent ana", "the end"]);
});

test("an angry customer goes to a person with the whole history, and comes back when the person says so", async () => {
  const State = AssentState.extend({
    messages: z.array(z.string()),
    mood: z.string(),
    next: z.string().optional(),
  });
  const assent = open();
  const person = handOver(assent, {
    when: (s: z.infer<typeof State>) => s.mood === "angry",
    why: "The customer is angry",
    history: (s) => s.messages,
    into: ({ reply, next }) => ({ messages: [reply], next, ...(next === "agent" ? { mood: "calm" } : {}) }),
  });
  const graph = addGate(
    new StateGraph(State).addNode("agent", () => ({ messages: ["agent again"] })),
    "person",
    person,
  )
    .addEdge(START, "person")
    .addConditionalEdges("person", ({ next }) => (next === "person" ? "person" : next === "agent" ? "agent" : END))
    .compile({ checkpointer: new MemorySaver() });

  const angry = new Thread(graph);
  await angry.start({ messages: ["hello", "WHERE IS IT"], mood: "angry" });
  expect(await angry.asked()).toMatchObject({
    summary: "The customer is angry",
    context: { history: ["hello", "WHERE IS IT"] },
  });
  await angry.answer({ type: "answer", answer: { reply: "I am here", next: "person" } });
  expect((await angry.asked()).context).toMatchObject({ history: ["I am here"] });
  expect(await angry.answer({ type: "answer", answer: { reply: "Solved", next: "agent" } })).toMatchObject({
    messages: ["agent again"],
  });

  const calm = new Thread(graph);
  await calm.start({ messages: ["hello"], mood: "calm" });
  expect(await calm.finished()).toBe(true);
});
