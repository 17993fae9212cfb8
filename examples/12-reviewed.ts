/**
 * Lesson 12. Review of a whole task: what a node returns is held back until a person has approved it, or put their own
 * in its place. No part of it is in the state before that, so nothing after it can use it too early.
 *
 * Run it: npx tsx examples/12-reviewed.ts
 */
import assert from "node:assert/strict";
import { Command, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, createAssent, memoryLedger, policy, reviewed } from "assent";
import { z } from "zod";

const assent = createAssent({
  actions: [],
  ledger: memoryLedger(),
  trust: "open",
  policy: policy({ default: { route: "review" } }),
});
const State = AssentState.extend({
  server: z.string(),
  steps: z.array(z.string()).optional(),
  minutes: z.number().optional(),
  result: z.string().optional(),
});
type State = z.infer<typeof State>;

let plans = 0;
const plan = reviewed(
  assent,
  ({ server }: State) => {
    plans += 1;
    return { steps: [`stop ${server}`, "replace the disk", `start ${server}`], minutes: 30 };
  },
  { about: "the maintenance plan", rejected: ({ decidedBy }) => ({ result: `${decidedBy} stopped it` }) },
);
const builder = new StateGraph(State).addNode("carry-out", ({ steps }) =>
  steps === undefined ? {} : { result: `did ${steps.length} steps` },
);
const graph = addGate(builder, "plan", plan)
  .addEdge(START, "plan")
  .addEdge("plan", "carry-out")
  .compile({ checkpointer: new MemorySaver() });

const own = { steps: ["copy the data", "replace the disk"], minutes: 60 };
for (const [server, answer, result] of [
  ["db-1", { type: "approve", as: "ana" }, "did 3 steps"],
  ["db-2", { type: "modify", args: { output: own }, as: "ana" }, "did 2 steps"],
  ["db-3", { type: "reject", as: "ana" }, "ana stopped it"],
] as const) {
  const thread = { configurable: { thread_id: server } };
  const paused = await graph.invoke({ server }, thread);
  assert.equal(paused.steps, undefined, "the plan is not there yet");
  const state = await graph.invoke(new Command({ resume: answer }), thread);
  assert.equal(state.result, result);
  console.log(`${server}: ${answer.type}, ${state.result}`);
}
assert.equal(plans, 3, "the node ran once for each, not again after each answer");
