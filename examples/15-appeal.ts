/**
 * Lesson 15. Human review after the fact: an action ran by itself, and whoever is affected asks for a person. It is a
 * case of its own; who had a part in the old one cannot decide on it, and granting it takes the effect back.
 *
 * Run it: npx tsx examples/15-appeal.ts
 */
import assert from "node:assert/strict";
import { Command, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, appeal, approvalGate, createAssent, defineAction, memoryLedger, policy } from "assent";
import { z } from "zod";

const suspended = new Set<string>();
const suspend = defineAction({
  name: "suspend-account",
  args: z.object({ account: z.string() }),
  summary: (a) => `Suspend the account ${a.account}`,
  idempotent: true,
  run: ({ account }): void => void suspended.add(account),
  undo: ({ account }): void => void suspended.delete(account),
});
const assent = createAssent({
  actions: [suspend],
  ledger: memoryLedger(),
  trust: "open",
  policy: policy({ default: { route: "execute" } }),
});

// One graph acts by itself ...
const acting = addGate(
  new StateGraph(AssentState.extend({ account: z.string() })).addNode("agent", ({ account }) =>
    assent.propose(suspend, { account }),
  ),
  "gate",
  approvalGate(assent, { action: "suspend-account" }),
)
  .addEdge(START, "agent")
  .addEdge("agent", "gate")
  .compile({ checkpointer: new MemorySaver() });

// ... and another one, whenever somebody appeals, asks a person.
const Appeal = AssentState.extend({ proposal: z.string(), who: z.string(), grounds: z.string() });
const board = appeal(assent, {
  action: suspend,
  appeals: (s: z.infer<typeof Appeal>) => ({ proposal: s.proposal, by: s.who, grounds: s.grounds }),
  by: [{ role: "appeals-board" }],
});
const appealing = addGate(new StateGraph(Appeal), "board", board)
  .addEdge(START, "board")
  .compile({ checkpointer: new MemorySaver() });

const { proposals } = await acting.invoke({ account: "kim" }, { configurable: { thread_id: "acting" } });
assert.deepEqual([...suspended], ["kim"]);

const thread = { configurable: { thread_id: "appeal of kim" } };
await appealing.invoke({ proposal: proposals[0] ?? "", who: "kim", grounds: "I was on holiday." }, thread);
const own = { type: "approve", as: "kim", roles: ["appeals-board"] };
await appealing.invoke(new Command({ resume: own }), thread);
assert.deepEqual([...suspended], ["kim"], "nobody decides on their own appeal");

const { outcomes } = await appealing.invoke(
  new Command({ resume: { type: "approve", as: "bo", roles: ["appeals-board"], note: "the log agrees" } }),
  thread,
);
assert.deepEqual([...suspended], []);
const [outcome] = Object.values(outcomes);
console.log(`${outcome?.decidedBy} granted the appeal; suspended now: ${suspended.size}`);
