import { MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { describe, expect, test } from "vitest";
import { AssentState, addGate, approvalGate, createAssent, memoryLedger } from "assent";
import { z } from "zod";
import { askAlways, payments } from "../support/payments.js";
import { Thread } from "../support/thread.js";
import { standsIn, type Parts } from "./surroundings.js";

type Where = "agent" | "gate" | "after";
interface Stops {
  interruptBefore?: Where[] | "*";
  interruptAfter?: Where[] | "*";
}

const paid = { to: "bo", cents: 1 };
const Desk = AssentState.extend({ ticket: z.string().optional(), step: z.string().optional() });

function desk({ assent, pay }: Pick<Parts, "assent" | "pay">) {
  const builder = new StateGraph(Desk).addNode("agent", () => assent.propose(pay, paid, { key: "one" }));
  return addGate(builder, "gate", approvalGate(assent))
    .addNode("after", () => ({ step: "after" }))
    .addEdge(START, "agent")
    .addEdge("agent", "gate")
    .addEdge("gate", "after");
}

/** A process that stops where the graph says, or where each of its runs says. */
function open(
  how: "compiled" | "called",
  stops: Stops,
  {
    within = "outermost",
    durability = "async",
  }: { within?: "outermost" | "subgraph"; durability?: "sync" | "async" | "exit" } = {},
) {
  const { pay, made } = payments();
  const assent = createAssent({ actions: [pay], ledger: memoryLedger(), trust: "open", policy: askAlways });
  const own = how === "compiled" ? stops : {};
  const checkpointer = new MemorySaver();
  const built = desk({ assent, pay });
  const graph =
    within === "outermost"
      ? built.compile({ checkpointer, ...own })
      : new StateGraph(Desk).addNode("desk", built.compile(own)).addEdge(START, "desk").compile({ checkpointer });
  const perCall = { durability, ...(how === "called" ? stops : {}) };
  const thread = new Thread((graph as { withConfig(config: object): unknown }).withConfig(perCall));
  return {
    made,
    thread,
    asked: async () =>
      (await assent.ledger.auditRows({ afterSeq: 0, limit: 100 })).filter(({ kind }) => kind === "asked").length,
  };
}

/** Goes on wherever it stops and answers whatever is asked; gives how many runs that took. */
async function seeThrough(thread: Thread, type: "approve" | "reject"): Promise<number> {
  for (let runs = 0; runs < 20; runs += 1) {
    const [asked] = await thread.pending();
    if (asked !== undefined) await thread.answer({ [asked.id]: { type, review: asked.value.review } });
    else if (await thread.finished()) return runs;
    else await thread.goOn();
  }
  throw new Error("the thread does not end");
}

describe("with `interruptBefore` and `interruptAfter`", () => {
  describe("before the gate", () => {
    standsIn({
      input: { ticket: "T-1" },
      proposed: [paid],
      stops: 2,
      own: { ticket: "T-1", step: "after" },
      build: (parts) => desk(parts).compile({ ...parts, interruptBefore: ["agent", "gate"] }),
    });
  });

  // How many runs each takes from the first one to the end: one for the answer, one for every stop.
  const places: [Stops, number][] = [
    [{ interruptBefore: ["gate"] }, 2],
    [{ interruptAfter: ["gate"] }, 2],
    [{ interruptBefore: ["gate"], interruptAfter: ["gate"] }, 3],
    [{ interruptBefore: ["agent", "after"] }, 3],
    [{ interruptAfter: ["agent"] }, 2],
    [{ interruptBefore: "*" }, 4],
    [{ interruptAfter: "*" }, 3],
  ];

  describe.each(["compiled", "called"] as const)("%s", (how) => {
    test.each(places)("%o: asked once, paid once", async (stops, runs) => {
      const { thread, made, asked } = open(how, stops);
      await thread.start({ ticket: "T-1" });
      expect(await seeThrough(thread, "approve")).toBe(runs);
      expect(made).toHaveLength(1);
      await thread.answer("approve").catch(() => null);
      await thread.goOn();
      expect(made).toHaveLength(1);
      expect(await asked()).toBe(1);
      expect((await thread.state()).values).toMatchObject({ ticket: "T-1", step: "after" });
    });

    test.each(places)("%o: rejected, nothing is paid", async (stops) => {
      const { thread, made } = open(how, stops);
      await thread.start();
      await seeThrough(thread, "reject");
      expect(made).toEqual([]);
      expect(await thread.outcome()).toMatchObject({ status: "rejected" });
    });
  });

  const stopped: ["outermost" | "subgraph", Where, "sync" | "async" | "exit"][] = [
    ["outermost", "gate", "async"],
    ["subgraph", "gate", "async"],
    ["subgraph", "agent", "sync"],
    ["subgraph", "agent", "async"],
    ["subgraph", "agent", "exit"],
  ];

  test.each(stopped)(
    "an answer to a stop is none to a gate behind it: in the %s graph, before the %s, with durability %s",
    async (within, before, durability) => {
      const { thread, made } = open("compiled", { interruptBefore: [before] }, { within, durability });
      await thread.start();
      expect(await thread.pending()).toEqual([]);
      await thread.answer("approve");
      for (let times = 0; times < 3; times += 1) await thread.goOn();
      expect(made).toEqual([]);
      await seeThrough(thread, "approve");
      expect(made).toHaveLength(1);
    },
  );
});
