import { MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, createAssent, memoryLedger, reviewed } from "assent";
import { expect, test } from "vitest";
import { z } from "zod";
import { executeAlways } from "../support/payments.js";
import { Thread } from "../support/thread.js";

const State = AssentState.extend({ topic: z.string(), plan: z.string().optional(), why: z.string().optional() });
type State = z.infer<typeof State>;

function planning() {
  let runs = 0;
  const assent = createAssent({ actions: [], ledger: memoryLedger(), trust: "open", policy: executeAlways });
  const plan = reviewed(assent, ({ topic }: State) => ({ plan: `Read about ${topic}, ${++runs}` }), {
    rejected: (outcome) => ({ why: outcome.status === "executed" ? "" : outcome.reason }),
  });
  const graph = addGate(new StateGraph(State), "make", plan)
    .addEdge(START, "make")
    .compile({ checkpointer: new MemorySaver() });
  return { thread: new Thread(graph), runs: () => runs };
}

test("a node's output is held back until a person approves it, and what ran once is what arrives", async () => {
  const { thread, runs } = planning();
  expect((await thread.start({ topic: "fees" }))["plan"]).toBeUndefined();
  await thread.answer("hm");
  expect(await thread.answer("approve")).toMatchObject({ plan: "Read about fees, 1" });
  expect(runs()).toBe(1);
});

test("what the person makes of it takes its place", async () => {
  const { thread } = planning();
  await thread.start({ topic: "fees" });
  const modified = { type: "modify", args: { output: { plan: "Ask cy" } } };
  expect(await thread.answer(modified)).toMatchObject({ plan: "Ask cy" });
});

test("a rejected output never becomes part of the state", async () => {
  const { thread } = planning();
  await thread.start({ topic: "fees" });
  const { plan, why } = await thread.answer({ type: "reject", note: "too vague" });
  expect({ plan, why }).toEqual({ plan: undefined, why: "too vague" });
});
