/**
 * Lesson 11. A person's turn in an agent's loop, in the modes that people know from other frameworks. In "terminate"
 * nobody is asked until the agent wants to stop; and a reply is what its form says, so nothing guesses a yes.
 *
 * Run it: npx tsx examples/11-human-turn.ts
 */
import assert from "node:assert/strict";
import { Command, END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, createAssent, humanTurn, memoryLedger, policy, type HumanInputMode } from "assent";
import { z } from "zod";

const assent = createAssent({
  actions: [],
  ledger: memoryLedger(),
  trust: "open",
  policy: policy({ default: { route: "review" } }),
});
const State = AssentState.extend({ sections: z.array(z.string()), verdict: z.string().optional() });
type State = z.infer<typeof State>;

const hasAll = ({ sections }: State): boolean => sections.length >= 3;

/** An agent that writes a section a turn and wants to stop after the third, with a person's turn after each. */
function writer(mode: HumanInputMode) {
  const turn = humanTurn(assent, {
    mode,
    wantsToStop: hasAll,
    prompt: ({ sections }: State) => `${sections.length} sections so far. Is it done?`,
    context: ({ sections }) => ({ sections }),
    parse: z.enum(["done", "go on"]),
    into: (verdict) => ({ verdict }),
  });
  const builder = new StateGraph(State).addNode("agent", ({ sections }) => ({
    sections: [...sections, `section ${sections.length + 1}`],
  }));
  const isOver = (state: State) => state.verdict === "done" || (mode === "never" && hasAll(state));
  return addGate(builder, mode, turn)
    .addEdge(START, "agent")
    .addEdge("agent", mode)
    .addConditionalEdges(mode, (state) => (isOver(state) ? END : "agent"), ["agent", END])
    .compile({ checkpointer: new MemorySaver() });
}

const threadOf = (thread_id: string) => ({ configurable: { thread_id } });

for (const [mode, sections] of [
  ["never", 3],
  ["terminate", 3],
  ["always", 1],
] as const) {
  const graph = writer(mode);
  const state = await graph.invoke({ sections: [] }, threadOf(mode));
  const isAsked = (await graph.getState(threadOf(mode))).next.length > 0;
  assert.equal(state.sections.length, sections);
  assert.equal(isAsked, mode !== "never");
  console.log(`${mode}: ${sections} sections, then ${isAsked ? "a person is asked" : "it is over"}`);
  if (!isAsked) continue;

  const say = (answer: string) => graph.invoke(new Command({ resume: { type: "answer", answer } }), threadOf(mode));
  const again = await say("looks fine I guess");
  assert.equal(again.verdict, undefined, "no model guesses whether that is a yes");
  const further = await say("go on");
  assert.equal(further.sections.length, sections + 1);
  const { verdict } = await say("done");
  assert.equal(verdict, "done");
}
