import { MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { expect, test } from "vitest";
import { AssentState, addGate, approvalGate, createAssent, defineAction, memoryLedger, policy } from "assent";
import { z } from "zod";
import { Thread } from "../support/thread.js";

const vipOnly = policy({
  facts: { vip: { type: "boolean" } },
  rules: [{ id: "not-vip", when: { vip: { eq: false } }, route: "block" }],
  default: { route: "review" },
});

test("a fact that followed from the old arguments does not outlive them", async () => {
  let ran = 0;
  const gift = defineAction({
    name: "gift",
    args: z.object({ to: z.string() }),
    summary: (a) => `A gift for ${a.to}`,
    // Known only for some: for the others the policy must not go by what it knew about somebody else.
    facts: (a) => (a.to === "vip" ? { vip: true } : {}),
    idempotent: true,
    run: () => (ran += 1),
  });
  const assent = createAssent({ actions: [gift], ledger: memoryLedger(), trust: "open", policy: vipOnly });
  const builder = new StateGraph(AssentState).addNode("agent", () => assent.propose(gift, { to: "vip" }));
  const graph = addGate(builder, "gate", approvalGate(assent)).addEdge(START, "agent").addEdge("agent", "gate");
  const thread = new Thread(graph.compile({ checkpointer: new MemorySaver() }));
  await thread.start();
  const { proposal } = await thread.asked();
  await thread.answer({ type: "modify", args: { to: "mallory" } });
  expect((await assent.ledger.read(proposal))?.round).toMatchObject({
    facts: {},
    routing: { route: "review", failedClosed: true },
  });
  expect(ran).toBe(1);
});

test("facts that follow from a person's arguments are checked like the agent's: what no policy can read is refused", async () => {
  const ran: number[] = [];
  const grant = defineAction({
    name: "grant",
    args: z.object({ usd: z.number() }),
    summary: (a) => `Grant ${a.usd} USD`,
    facts: (a) => ({ amount: { value: a.usd, currency: "USD" } }),
    idempotent: true,
    run: (a) => ran.push(a.usd),
  });
  const upTo = policy({
    rules: [{ id: "large", when: { amount: { gt: "100 USD" } }, route: "block" }],
    default: { route: "review" },
  });
  const assent = createAssent({ actions: [grant], ledger: memoryLedger(), trust: "open", policy: upTo });
  const builder = new StateGraph(AssentState).addNode("agent", () => assent.propose(grant, { usd: 5 }));
  const graph = addGate(builder, "gate", approvalGate(assent)).addEdge(START, "agent").addEdge("agent", "gate");
  const thread = new Thread(graph.compile({ checkpointer: new MemorySaver() }));
  await thread.start();
  await thread.answer({ type: "modify", args: { usd: -1_000 } });
  expect(ran).toEqual([]);
  expect((await thread.asked()).reason).toMatch(/facts/);
  await thread.answer("approve");
  expect(ran).toEqual([5]);
});
