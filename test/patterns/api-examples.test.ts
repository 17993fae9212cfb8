import { Command, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import {
  AssentState,
  addGate,
  approvalGate,
  createAssent,
  defineAction,
  loadPolicy,
  memoryLedger,
  policy,
  type Outcome,
} from "assent";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, expectTypeOf, test, vi } from "vitest";
import { z } from "zod";
import { testAuthenticator } from "../../src/testing/test-authenticator.js";
import { Thread } from "../support/thread.js";

describe("trying a gate in fifteen lines", () => {
  test("runs as written: it pauses, and pays once", async () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    // oxfmt-ignore
    const pay = defineAction({ name: "pay", args: z.object({ to: z.string(), cents: z.int() }), summary: (a) => `Pay ${a.cents} cents to ${a.to}`,
      facts: (a) => ({ amount: { value: a.cents / 100, currency: "USD" } }), idempotent: true, run: async (a) => console.log("paid", a) });
    // oxfmt-ignore
    const assent = createAssent({ actions: [pay], ledger: memoryLedger(), trust: "open", policy: policy({ default: { route: "review" } }) });
    // oxfmt-ignore
    const graph = addGate(new StateGraph(AssentState).addNode("agent", () => assent.propose(pay, { to: "bo", cents: 500 })), "gate", approvalGate(assent))
      .addEdge(START, "agent").addEdge("agent", "gate").compile({ checkpointer: new MemorySaver() });
    const thread = { configurable: { thread_id: crypto.randomUUID() } };
    await graph.invoke({}, thread);
    expect(log).not.toHaveBeenCalled();
    await graph.invoke(new Command({ resume: "approve" }), thread);
    expect(log.mock.calls).toEqual([["paid", { to: "bo", cents: 500 }]]);
    await graph.invoke(new Command({ resume: "approve" }), thread);
    expect(log).toHaveBeenCalledTimes(1);
    log.mockRestore();
  });
});

describe("a gate in one's own graph", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "assent-"));
    await writeFile(
      join(folder, "policy.yaml"),
      [
        "version: 4",
        "facts: { customer: { type: string } }",
        "rules:",
        "  - { id: small-and-sure, action: refund, when: { all: [ { amount: { lte: 50 USD } }, { confidence: { gt: 0.9 } } ] }, route: execute }",
        "  - { id: known-cheat, when: { customer: { eq: mallory } }, route: block }",
        "default: { route: review }",
      ].join("\n"),
    );
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function production(draft: { confidence: number; customer?: string }) {
    const refunds: string[] = [];
    const payments = {
      refund: async (orderId: string, amount: number, { idempotencyKey }: { idempotencyKey: string }) => {
        refunds.push(`${orderId}:${amount}`);
        return { id: idempotencyKey };
      },
      reverse: async (_id: string) => undefined,
    };
    const refund = defineAction({
      name: "refund",
      args: z.object({
        orderId: z.string(),
        customer: z.string(),
        amount: z.number().positive(),
        currency: z.enum(["USD", "EUR"]),
      }),
      summary: (a) => `Refund ${a.amount} ${a.currency} on order ${a.orderId}`,
      facts: (a) => ({ amount: { value: a.amount, currency: a.currency }, customer: a.customer }),
      idempotent: true,
      run: (a, { idempotencyKey }) => payments.refund(a.orderId, a.amount, { idempotencyKey }),
      undo: (_a, result) => payments.reverse(result.id),
    });
    const people = testAuthenticator();
    const assent = createAssent({
      actions: [refund],
      policy: await loadPolicy(join(folder, "policy.yaml")),
      ledger: memoryLedger(),
      authenticators: [people],
    });
    const State = AssentState.extend({ ticket: z.string(), reply: z.string().optional() });
    const builder = new StateGraph(State).addNode("agent", async ({ ticket }) => {
      expectTypeOf(ticket).toEqualTypeOf<string>();
      const args = { orderId: ticket, customer: draft.customer ?? "cleo", amount: 20, currency: "USD" as const };
      return assent.propose(refund, args, { confidence: draft.confidence, context: { email: "it broke" } });
    });
    const into = (o: Outcome) => ({ reply: o.status === "executed" ? "Done" : o.reason });
    const graph = addGate(builder, "gate", approvalGate(assent, { into }))
      .addEdge(START, "agent")
      .addEdge("agent", "gate")
      .compile({ checkpointer: new MemorySaver() });
    return { graph, assent, refunds, ana: await people.authenticate({ id: "ana" }) };
  }

  test("trust is verified unless said otherwise", async () => {
    expect((await production({ confidence: 1 })).assent.trust).toBe("verified");
  });

  test("small and sure: executed at once, and the graph's own reply is written", async () => {
    const { graph, refunds } = await production({ confidence: 0.95 });
    const thread = new Thread(graph);
    expect(await thread.start({ ticket: "o-1" })).toMatchObject({ reply: "Done", ticket: "o-1" });
    expect(refunds).toEqual(["o-1:20"]);
  });

  test("less sure: an authenticated person decides, the resume is only a nudge", async () => {
    const { graph, assent, refunds, ana } = await production({ confidence: 0.8 });
    const thread = new Thread(graph);
    await thread.start({ ticket: "o-2" });
    const { items } = await assent.reviews.list({ status: "open", limit: 50 });
    const [item] = items;
    expect(item?.case.proposal.threadId).toBe(thread.id);
    await thread.answer("approve");
    expect(refunds).toEqual([]);
    const { id, digest } = item!.review;
    await assent.reviews.decide(id, { by: ana, decision: "approve", digest, note: "Verified customer history" });
    expect(refunds).toEqual([]);
    expect(await thread.answer("anything at all")).toMatchObject({ reply: "Done" });
    expect(refunds).toEqual(["o-2:20"]);
    expect(await thread.outcome()).toMatchObject({ decidedBy: "ana", unverified: false });
  });

  test("a rule on a declared fact that follows from the arguments blocks", async () => {
    const { graph, refunds } = await production({ confidence: 0.95, customer: "mallory" });
    const thread = new Thread(graph);
    expect((await thread.start({ ticket: "o-3" }))["reply"]).toMatch(/known-cheat/);
    expect(refunds).toEqual([]);
  });
});

describe("the types", () => {
  const assent = createAssent({
    actions: [],
    ledger: memoryLedger(),
    policy: policy({ default: { route: "review" } }),
  });
  const builder = () => new StateGraph(AssentState.extend({ ticket: z.string() })).addNode("agent", () => ({}));

  test("the gate's name is a node name, and nothing else becomes one", () => {
    const graph = addGate(builder(), "gate", approvalGate(assent));
    graph.addEdge(START, "agent").addEdge("agent", "gate").addEdge("gate", "__end__");
    // @ts-expect-error -- no node has this name
    expect(() => graph.addEdge("gate", "nowhere").compile()).toThrow(/nowhere/);
  });

  test("nodes and gates can be added after a gate, and the state keeps its type", async () => {
    const first = addGate(builder(), "first", approvalGate(assent));
    const second = addGate(first, "second", approvalGate(assent)).addNode("last", ({ ticket }) => {
      expectTypeOf(ticket).toEqualTypeOf<string>();
      return {};
    });
    const graph = second
      .addEdge(START, "agent")
      .addEdge("agent", "first")
      .addEdge("first", "second")
      .addEdge("second", "last")
      .compile();
    const result = await graph.invoke({ ticket: "t" }, { configurable: { thread_id: "t" } });
    expectTypeOf(result.ticket).toEqualTypeOf<string>();
    expectTypeOf(result.outcomes).toEqualTypeOf<Record<string, Outcome>>();
  });

  test("arguments are those of the action's schema", () => {
    const greet = defineAction({
      name: "greet",
      args: z.object({ whom: z.string(), loudly: z.boolean().default(false) }),
      summary: (a) => {
        expectTypeOf(a).toEqualTypeOf<{ whom: string; loudly: boolean }>();
        return `Greet ${a.whom}`;
      },
      idempotent: true,
      run: () => 7,
      undo: (_a, result) => expectTypeOf(result).toEqualTypeOf<number>(),
    });
    const typed = createAssent({
      actions: [greet],
      ledger: memoryLedger(),
      policy: policy({ default: { route: "review" } }),
    });
    expectTypeOf(typed.propose<typeof greet.args, number>)
      .parameter(1)
      .toEqualTypeOf<z.input<typeof greet.args>>();
    // @ts-expect-error -- a number is no name
    void (() => typed.propose(greet, { whom: 5 }));
    expect(greet.attemptsMax).toBe(3);
  });
});
