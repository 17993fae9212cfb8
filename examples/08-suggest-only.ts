/**
 * Lesson 8. People in command: the agent suggests and never acts, whatever the policy would let it do. A person does it,
 * as suggested or otherwise, and says which; both are on record.
 *
 * Run it: npx tsx examples/08-suggest-only.ts
 */
import assert from "node:assert/strict";
import { Command, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, createAssent, defineAction, memoryLedger, policy, suggestOnly } from "assent";
import { z } from "zod";

const dispatch = defineAction({
  name: "send-truck",
  args: z.object({ truck: z.string(), to: z.string() }),
  summary: (a) => `Send truck ${a.truck} to ${a.to}`,
  idempotent: false,
  run: (): void => assert.fail("the agent never sends a truck"),
});
const assent = createAssent({
  actions: [dispatch],
  ledger: memoryLedger(),
  trust: "open",
  policy: policy({ default: { route: "execute" } }),
});
const State = AssentState.extend({ to: z.string(), noted: z.string().optional() });
const builder = new StateGraph(State).addNode("agent", ({ to }) => assent.propose(dispatch, { truck: "T-2", to }));
const desk = suggestOnly(assent, {
  into: ({ status, decidedBy }) => ({ noted: `${status}, ${decidedBy}` }),
});
const graph = addGate(builder, "desk", desk)
  .addEdge(START, "agent")
  .addEdge("agent", "desk")
  .compile({ checkpointer: new MemorySaver() });

for (const [to, answer, becomes] of [
  ["Hamburg", { type: "approve", as: "ana" }, "suggested, ana"],
  ["Kiel", { type: "modify", args: { truck: "T-3", to: "Kiel" }, as: "ana" }, "suggested, ana"],
  ["Bremen", { type: "reject", note: "the road is closed", as: "bo" }, "rejected, bo"],
] as const) {
  const thread = { configurable: { thread_id: to } };
  await graph.invoke({ to }, thread);
  const { noted, proposals } = await graph.invoke(new Command({ resume: answer }), thread);
  assert.equal(noted, becomes);
  const held = await assent.ledger.read(proposals[0] ?? "");
  assert.equal(held?.permit, null, "no permit was ever issued, so nothing can run");
  console.log(`${held.round.display.summary}: ${noted}`);
}
