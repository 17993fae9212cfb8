/**
 * Lesson 1. A gate in one process: the graph pauses, whoever resumes it decides (open trust), the action runs once.
 *
 * Run it: npx tsx examples/01-try-a-gate.ts
 */
import assert from "node:assert/strict";
import { Command, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, approvalGate, createAssent, defineAction, memoryLedger, policy } from "assent";
import { z } from "zod";

const paid: string[] = [];
const pay = defineAction({
  name: "pay",
  args: z.object({ to: z.string(), cents: z.int() }),
  summary: (a) => `Pay ${a.cents} cents to ${a.to}`,
  facts: (a) => ({ amount: { value: a.cents / 100, currency: "USD" } }),
  idempotent: true,
  run: (a) => void paid.push(`${a.cents} to ${a.to}`),
});
const assent = createAssent({
  actions: [pay],
  ledger: memoryLedger(),
  trust: "open",
  policy: policy({ default: { route: "review" } }),
});
const builder = new StateGraph(AssentState).addNode("agent", () => assent.propose(pay, { to: "bo", cents: 500 }));
const graph = addGate(builder, "gate", approvalGate(assent))
  .addEdge(START, "agent")
  .addEdge("agent", "gate")
  .compile({ checkpointer: new MemorySaver() });

const thread = { configurable: { thread_id: crypto.randomUUID() } };
await graph.invoke({}, thread);
assert.deepEqual(paid, [], "it pauses before the action");

await graph.invoke(new Command({ resume: "perhaps" }), thread);
assert.deepEqual(paid, [], "what is no decision is asked again");

const { outcomes } = await graph.invoke(new Command({ resume: "approve" }), thread);
assert.deepEqual(paid, ["500 to bo"], "it pays, once");

const [outcome] = Object.values(outcomes);
console.log(outcome);
