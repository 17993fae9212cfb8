import { MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, createAssent, fanOut, memoryLedger } from "assent";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { askAlways, executeAlways, payments, PayArgs } from "../support/payments.js";
import { Thread } from "../support/thread.js";

const State = AssentState.extend({ payouts: z.array(PayArgs), statuses: z.array(z.string()).optional() });
type State = z.infer<typeof State>;

async function fanned(count: number, policy = askAlways) {
  const { pay, made } = payments();
  const ledger = memoryLedger();
  const assent = createAssent({ actions: [pay], ledger, trust: "open", policy });
  const many = fanOut(assent, {
    action: pay,
    args: (s: State) => s.payouts,
    into: (outcomes) => ({ statuses: outcomes.map(({ status }) => status) }),
  });
  const graph = addGate(new StateGraph(State), "many", many)
    .addEdge(START, "many")
    .compile({ checkpointer: new MemorySaver() });
  const thread = new Thread(graph);
  const started = await thread.start({
    payouts: Array.from({ length: count }, (_, n) => ({ to: `p${n}`, cents: n + 1 })),
  });
  return { thread, made, assent, started };
}

/** One answer to one of the reviews that wait, by its interrupt and its own id. */
async function answerOne(thread: Thread, to: string, type: "approve" | "reject"): Promise<Record<string, unknown>> {
  const found = (await thread.pending()).find(({ value }) => value.args["to"] === to);
  return thread.answer({ [found?.id ?? ""]: { type, review: found?.value.review } });
}

describe("many at once", () => {
  test("each has a review of its own, and partial decisions let the rest wait", async () => {
    const { thread, made } = await fanned(4);
    expect(await thread.pending()).toHaveLength(4);
    await answerOne(thread, "p2", "approve");
    expect(made.map(({ args }) => args.to)).toEqual(["p2"]);
    expect(await thread.pending()).toHaveLength(3);
  });

  test("results come back in order, and a rejected one takes no other with it", async () => {
    const { thread, made } = await fanned(4);
    await answerOne(thread, "p3", "approve");
    await answerOne(thread, "p1", "reject");
    await answerOne(thread, "p0", "approve");
    const { statuses, outcomes } = await answerOne(thread, "p2", "approve");
    expect(statuses).toEqual(["executed", "rejected", "executed", "executed"]);
    expect(Object.keys(outcomes as object)).toHaveLength(4);
    expect(made.map(({ args }) => args.to).toSorted()).toEqual(["p0", "p2", "p3"]);
    expect(await thread.finished()).toBe(true);
  });

  test("what needs nobody runs at once; nothing to propose passes through", async () => {
    expect((await fanned(3, executeAlways)).made).toHaveLength(3);
    const { thread, started } = await fanned(0);
    expect(started["statuses"]).toEqual([]);
    expect(await thread.finished()).toBe(true);
  });

  test("as many as there are listen to one run without a warning of a leak", async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => void warnings.push(warning);
    process.on("warning", note);
    const { thread } = await fanned(30);
    await answerOne(thread, "p7", "approve");
    process.off("warning", note);
    expect(warnings).toEqual([]);
  });

  test("20 answers one by one write each review once, and each effect once", async () => {
    const { thread, made, assent } = await fanned(20);
    for (let n = 0; n < 20; n += 1) await answerOne(thread, `p${n}`, "approve");
    expect(new Set(made.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(20);
    expect(made).toHaveLength(20);
    const rows = await assent.ledger.auditRows({ afterSeq: 0, limit: 10_000 });
    expect(rows.filter(({ kind }) => kind === "asked")).toHaveLength(20);
  });

  test("an answer that names no review approves none of them", async () => {
    const { thread, made } = await fanned(3);
    await thread.answer("approve");
    expect(made).toHaveLength(0);
    expect(await thread.pending()).toHaveLength(3);
  });
});
