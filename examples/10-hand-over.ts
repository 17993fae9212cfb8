/**
 * Lesson 10. Hand-over: a conversation goes to a person, with its whole history, and comes back when they say so. A
 * conversation that nobody needs to look at passes the same gate unasked.
 *
 * Run it: npx tsx examples/10-hand-over.ts
 */
import assert from "node:assert/strict";
import { END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, createAssent, handOver, memoryLedger, policy } from "assent";
import { createDelivery, localThreads } from "assent/service";
import { testAuthenticator } from "assent/testing";
import { z } from "zod";

const staff = testAuthenticator();
const assent = createAssent({
  actions: [],
  ledger: memoryLedger(),
  authenticators: [staff],
  policy: policy({ default: { route: "review" } }),
});
const State = AssentState.extend({
  lines: z.array(z.string()),
  reply: z.string().optional(),
  next: z.string().optional(),
});
type State = z.infer<typeof State>;

const person = handOver(assent, {
  when: ({ lines, next }: State) => next !== "agent" && lines.some((line) => line.endsWith("!")),
  why: "The customer is angry",
  history: ({ lines }) => lines,
  by: [{ role: "support" }],
  into: ({ reply, next }, { by }) => ({ reply: `${by}: ${reply}`, next }),
});
const builder = new StateGraph(State)
  .addNode("agent", ({ lines }) => ({ lines: [...lines, "agent: I am here."] }))
  // What the person said becomes part of the conversation; then their word on who goes on is followed.
  .addNode("note", ({ lines, reply }) => ({ lines: reply === undefined ? lines : [...lines, reply] }));
const graph = addGate(builder, "person", person)
  .addEdge(START, "agent")
  .addEdge("agent", "person")
  .addEdge("person", "note")
  .addConditionalEdges("note", ({ next }) => (next === "person" ? "person" : END), ["person", END])
  .compile({ checkpointer: new MemorySaver() });
const delivery = createDelivery({ ledger: assent.ledger, threads: localThreads({ graphs: { graph } }) });
const linesOf = async (thread_id: string) =>
  ((await graph.getState({ configurable: { thread_id } })).values as State).lines;

assert.equal(await delivery.start("calm", { lines: ["customer: Thank you."] }), "finished");
assert.equal((await assent.reviews.list()).items.length, 0, "nobody was asked");

assert.equal(await delivery.start("angry", { lines: ["customer: Where is my parcel!"] }), "waiting");
const by = await staff.authenticate({ id: "ana", roles: ["support"] });
for (const [reply, next, then] of [
  ["I am looking.", "person", "waiting"],
  ["It comes today.", "agent", "finished"],
] as const) {
  const [item] = (await assent.reviews.list()).items;
  assert.ok(item);
  const { history } = item.case.round.display.context as { history: string[] };
  assert.deepEqual(history, await linesOf("angry"), "they see all that was said, their own words too");
  const { id, digest } = item.review;
  await assent.reviews.decide(id, { by, decision: "answer", answer: { reply, next }, digest });
  assert.equal(await delivery.deliver("angry"), then);
}
const lines = await linesOf("angry");
assert.deepEqual(lines.slice(2), ["ana: I am looking.", "ana: It comes today."]);
console.log(lines.join("\n"));
