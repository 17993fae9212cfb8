/**
 * Lesson 4. Exceptions go to people: how sure the agent is decides. It acts, acts and is looked at afterwards, or waits;
 * and where it is unclear what is wanted, a person is asked first, and the answer takes the place of the guess.
 *
 * Run it: npx tsx examples/04-exception-escalation.ts
 */
import assert from "node:assert/strict";
import { Command, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, createAssent, defineAction, exceptionEscalation, memoryLedger, policy } from "assent";
import { z } from "zod";

const cancelled: string[] = [];
const cancel = defineAction({
  name: "cancel-order",
  args: z.object({ orderId: z.string() }),
  summary: (a) => `Cancel order ${a.orderId}`,
  idempotent: true,
  run: (a) => void cancelled.push(a.orderId),
});
const assent = createAssent({
  actions: [cancel],
  ledger: memoryLedger(),
  trust: "open",
  // The gate only tightens: for it to let anything through, the policy has to.
  policy: policy({ default: { route: "execute" } }),
});
const State = AssentState.extend({ orderId: z.string().optional(), confidence: z.number() });
const builder = new StateGraph(State).addNode("agent", ({ orderId, confidence }) =>
  assent.propose(
    cancel,
    { orderId: orderId ?? "A-0, perhaps" },
    { confidence, tags: orderId === undefined ? ["ambiguous"] : [] },
  ),
);
const graph = addGate(builder, "exceptions", exceptionEscalation(assent))
  .addEdge(START, "agent")
  .addEdge("agent", "exceptions")
  .compile({ checkpointer: new MemorySaver() });

const threadOf = (thread_id: string) => ({ configurable: { thread_id } });
const cases = [
  { orderId: "A-1", confidence: 0.97, becomes: "executed" },
  { orderId: "A-2", confidence: 0.8, becomes: "executed, flagged" },
  { orderId: "A-3", confidence: 0.4, becomes: "waits" },
];
for (const { orderId, confidence, becomes } of cases) {
  const { outcomes } = await graph.invoke({ orderId, confidence }, threadOf(orderId));
  const [outcome] = Object.values(outcomes);
  const flag = outcome?.status === "executed" && outcome.flagged ? ", flagged" : "";
  assert.equal(outcome === undefined ? "waits" : `${outcome.status}${flag}`, becomes);
  console.log(`${orderId}, sure to ${confidence}: ${becomes}`);
}
assert.deepEqual(cancelled, ["A-1", "A-2"]);
const [look] = (await assent.reviews.list()).items.filter(({ review }) => review.kind === "second-look");
assert.deepEqual(
  look?.case.round.args,
  { orderId: "A-2" },
  "what was flagged waits for somebody who looks at it again",
);

await graph.invoke(new Command({ resume: { type: "reject", note: "it has left" } }), threadOf("A-3"));
assert.deepEqual(cancelled, ["A-1", "A-2"], "a person said no");

await graph.invoke({ confidence: 0.99 }, threadOf("unclear"));
const [asked] = (await assent.reviews.list({ threadId: "unclear" })).items;
assert.equal(asked?.review.kind, "clarification", "being sure does not help where it is unclear what is wanted");
await graph.invoke(new Command({ resume: { type: "answer", answer: { orderId: "A-4" } } }), threadOf("unclear"));
assert.deepEqual(cancelled, ["A-1", "A-2", "A-4"], "the answer was routed again, and ran");
console.log("Unclear which: a person said A-4, and that one is cancelled.");
