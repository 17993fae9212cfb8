/**
 * Lesson 9. Collaboration: a person and an agent take turns on one text. Whoever hands it back says whose turn is next,
 * and the graph's edges follow; every version is a case of its own, with its author.
 *
 * Run it: npx tsx examples/09-co-author.ts
 */
import assert from "node:assert/strict";
import { Command, END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, coAuthor, createAssent, memoryLedger, policy } from "assent";
import { z } from "zod";

const assent = createAssent({
  actions: [],
  ledger: memoryLedger(),
  trust: "open",
  policy: policy({ default: { route: "review" } }),
});
const State = AssentState.extend({ text: z.string().optional(), next: z.string().optional() });
const person = coAuthor(assent, {
  artifact: ({ text = "" }: z.infer<typeof State>) => text,
  form: z.string().min(10),
  prompt: "Your turn on the advertisement",
  into: ({ artifact, next }, { by }) => {
    console.log(`${by}: ${artifact} (next: ${next})`);
    return { text: artifact, next };
  },
});
const builder = new StateGraph(State).addNode("agent", ({ text }) => ({
  text: text === undefined ? "We look for a baker." : `${text} Everybody is welcome.`,
}));
const graph = addGate(builder, "person", person)
  .addEdge(START, "agent")
  .addEdge("agent", "person")
  .addConditionalEdges("person", ({ next }) => (next === "agent" || next === "person" ? next : END), [
    "agent",
    "person",
    END,
  ])
  .compile({ checkpointer: new MemorySaver() });

const thread = { configurable: { thread_id: "ad" } };
const hand = (artifact: string, next: string) =>
  graph.invoke(new Command({ resume: { type: "answer", answer: { artifact, next }, as: "ana" } }), thread);

const { text } = await graph.invoke({}, thread);
assert.equal(text, "We look for a baker.", "the agent begins");

assert.equal((await hand("Oops", "agent")).text, text, "what does not fit the form is asked again");
const mine = "We look for a baker in Lisbon.";
assert.equal((await hand(mine, "agent")).text, `${mine} Everybody is welcome.`, "the agent had the next turn");
assert.equal((await hand(`${mine} All are welcome.`, "person")).next, "person", "or the person goes on");
const last = await hand(`${mine} All are welcome. Write to us.`, "done");
assert.equal(last.text, `${mine} All are welcome. Write to us.`);
assert.equal(Object.keys(last.outcomes).length, 3, "one case for each turn");
assert.deepEqual((await graph.getState(thread)).next, [], "and that is the end");
