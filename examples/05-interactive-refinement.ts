/**
 * Lesson 5. Refinement: an agent drafts, a person says in words what has to change and sees the next draft beside what
 * has changed, until they approve one. That one is what is sent, once.
 *
 * Run it: npx tsx examples/05-interactive-refinement.ts
 */
import assert from "node:assert/strict";
import { Command, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, createAssent, defineAction, interactiveRefinement, memoryLedger, policy } from "assent";
import { z } from "zod";

const sent: string[] = [];
const send = defineAction({
  name: "send-letter",
  args: z.object({ to: z.string(), text: z.string() }),
  summary: (a) => `Send ${a.to}: ${a.text}`,
  idempotent: false,
  run: (a) => void sent.push(a.text),
});
const assent = createAssent({
  actions: [send],
  ledger: memoryLedger(),
  trust: "open",
  policy: policy({ default: { route: "review" } }),
});
const State = AssentState.extend({ customer: z.string() });
const letter = interactiveRefinement(assent, {
  action: send,
  // Both are the model's work in real life.
  draft: ({ customer }: z.infer<typeof State>) => ({ to: customer, text: "Your order is late. It comes on Friday." }),
  revise: ({ draft, feedback }) => ({ ...draft, text: `${feedback} ${draft.text}` }),
  rounds: 3,
});
const graph = addGate(new StateGraph(State), "letter", letter)
  .addEdge(START, "letter")
  .compile({ checkpointer: new MemorySaver() });
const thread = { configurable: { thread_id: "kim" } };

/** The draft that waits now. */
async function shown() {
  const [item] = (await assent.reviews.list()).items;
  assert.ok(item);
  const { round, display } = item.case.round;
  console.log(`draft ${round}  ${display.summary}`);
  return { round, context: display.context };
}

await graph.invoke({ customer: "Kim" }, thread);
assert.equal((await shown()).round, 1);

await graph.invoke(new Command({ resume: { type: "revise", note: "Dear Kim, we are sorry." } }), thread);
const second = await shown();
assert.equal(second.round, 2, "every draft is a round of its own");
const { feedback, changes } = second.context as { feedback: string; changes: { path: string }[] };
assert.equal(feedback, "Dear Kim, we are sorry.");
assert.deepEqual(
  changes.map(({ path }) => path),
  ["text"],
  "and says what has changed",
);

await graph.invoke(new Command({ resume: { type: "revise", note: "Good morning!" } }), thread);
assert.equal((await shown()).round, 3);
await graph.invoke(new Command({ resume: { type: "revise", note: "Once more." } }), thread);
assert.deepEqual(sent, [], "after the last draft nobody can ask for another");

const mine = { to: "Kim", text: "Dear Kim, we are sorry: your order comes on Friday." };
const { outcomes } = await graph.invoke(new Command({ resume: { type: "modify", args: mine } }), thread);
assert.deepEqual(sent, [mine.text], "but everybody can still write it themselves");
assert.equal(Object.values(outcomes)[0]?.status, "executed");
console.log(`sent     ${sent[0]}`);
