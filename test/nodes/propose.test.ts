import { RunnableLambda } from "@langchain/core/runnables";
import { tool } from "@langchain/core/tools";
import { MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { describe, expect, test } from "vitest";
import {
  AssentState,
  addGate,
  approvalGate,
  createAssent,
  defineAction,
  memoryLedger,
  type AssentError,
  type ErrorCode,
  type ProposeOptions,
} from "assent";
import { z } from "zod";
import { askAlways, auditKinds, executeAlways, payments } from "../support/payments.js";
import { Thread } from "../support/thread.js";

const retryPolicy = { maxAttempts: 3, initialInterval: 1, jitter: false, logWarning: false };

function setUp() {
  const { pay, made } = payments();
  const assent = createAssent({ actions: [pay], ledger: memoryLedger(), trust: "open", policy: executeAlways });
  return { pay, made, assent };
}

/** A graph whose agent runs `node`, in front of a gate. */
function withAgent(
  assent: ReturnType<typeof setUp>["assent"],
  node: () => Promise<{ proposals: string[] }>,
  options: object = {},
): Thread {
  const builder = new StateGraph(AssentState).addNode("agent", node, options);
  const graph = addGate(builder, "gate", approvalGate(assent)).addEdge(START, "agent").addEdge("agent", "gate");
  return new Thread(graph.compile({ checkpointer: new MemorySaver() }));
}

async function codeOf(promise: Promise<unknown>): Promise<ErrorCode> {
  const error = await promise.then(
    () => new Error("it did not throw"),
    (thrown: unknown) => thrown,
  );
  return (error as AssentError).code ?? String(error);
}

describe("proposing again after a failure", () => {
  test("a node that is retried gets its first draft, whatever the model says the second time", async () => {
    const { pay, made, assent } = setUp();
    const ids: string[] = [];
    let attempt = 0;
    const thread = withAgent(
      assent,
      async () => {
        attempt += 1;
        const update = await assent.propose(pay, { to: "bo", cents: attempt });
        ids.push(...update.proposals);
        if (attempt < 3) throw new Error("the node failed after proposing");
        return update;
      },
      { retryPolicy },
    );
    await thread.start();
    expect(attempt).toBe(3);
    expect(new Set(ids).size).toBe(1);
    expect(made.map(({ args }) => args)).toEqual([{ to: "bo", cents: 1 }]);
    expect((await auditKinds(assent)).filter((kind) => kind === "proposed")).toHaveLength(1);
  });

  test("the same holds where the run died and somebody goes on with the thread", async () => {
    const { pay, made, assent } = setUp();
    let attempt = 0;
    const thread = withAgent(assent, async () => {
      attempt += 1;
      const update = await assent.propose(pay, { to: "bo", cents: attempt });
      if (attempt === 1) throw new Error("the process died");
      return update;
    });
    await expect(thread.start()).rejects.toThrow(/died/);
    await thread.goOn();
    expect(made.map(({ args }) => args)).toEqual([{ to: "bo", cents: 1 }]);
  });

  test("several proposals of a retried node keep their places, also where they are made at once", async () => {
    const { pay, made, assent } = setUp();
    const seen: string[][] = [];
    let attempt = 0;
    const thread = withAgent(
      assent,
      async () => {
        attempt += 1;
        const each = await Promise.all([1, 2, 3].map((cents) => assent.propose(pay, { to: `try ${attempt}`, cents })));
        const proposals = each.flatMap((update) => update.proposals);
        seen.push(proposals);
        if (attempt === 1) throw new Error("the node failed after proposing");
        return { proposals };
      },
      { retryPolicy },
    );
    await thread.start();
    expect(new Set(seen[0]).size).toBe(3);
    expect(seen[1]).toEqual(seen[0]);
    expect(made.map(({ args }) => args)).toEqual([1, 2, 3].map((cents) => ({ to: "try 1", cents })));
  });

  test("a proposal that was refused takes its place too, so the ones after it keep theirs", async () => {
    const { pay, assent } = setUp();
    const seen: string[][] = [];
    const thread = withAgent(
      assent,
      async () => {
        const first = await assent.propose(pay, { to: "bo", cents: 1 });
        await assent.propose(pay, { to: "bo", cents: 1.5 }).catch(() => null);
        const third = await assent.propose(pay, { to: "bo", cents: 3 });
        seen.push([...first.proposals, ...third.proposals]);
        if (seen.length === 1) throw new Error("once more");
        return { proposals: seen.at(-1)! };
      },
      { retryPolicy },
    );
    await thread.start();
    expect(seen[1]).toEqual(seen[0]);
  });

  test("another thread, or another visit to the node, is another proposal", async () => {
    const { pay, made, assent } = setUp();
    const node = () => assent.propose(pay, { to: "bo", cents: 1 });
    const builder = new StateGraph(AssentState).addNode("agent", node);
    const graph = addGate(builder, "gate", approvalGate(assent))
      .addEdge(START, "agent")
      .addEdge("agent", "gate")
      .compile({ checkpointer: new MemorySaver() });
    const thread = new Thread(graph);
    await thread.start();
    await thread.start();
    await new Thread(graph).start();
    expect(new Set(made.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(3);
    expect(await thread.outcomes()).toHaveLength(2);
  });
});

describe("keys", () => {
  test("the same key is the same proposal within its thread, and another in another thread", async () => {
    const { pay, made, assent } = setUp();
    const builder = new StateGraph(AssentState).addNode("agent", () =>
      assent.propose(pay, { to: "bo", cents: 1 }, { key: "order-1" }),
    );
    const graph = addGate(builder, "gate", approvalGate(assent))
      .addEdge(START, "agent")
      .addEdge("agent", "gate")
      .compile({ checkpointer: new MemorySaver() });
    const thread = new Thread(graph);
    await thread.start();
    await thread.start();
    expect(made).toHaveLength(1);
    await new Thread(graph).start();
    expect(made).toHaveLength(2);
  });

  test("a key that another action has is a conflict, and nothing is recorded over it", async () => {
    const { pay } = payments();
    const { pay: refund } = payments({ name: "refund" });
    const assent = createAssent({ actions: [pay, refund], ledger: memoryLedger(), policy: askAlways });
    let conflict: Promise<ErrorCode> | undefined;
    const thread = withAgent(assent, async () => {
      const first = await assent.propose(pay, { to: "bo", cents: 1 }, { key: "k" });
      conflict = codeOf(assent.propose(refund, { to: "bo", cents: 2 }, { key: "k" }));
      await conflict;
      return first;
    });
    await thread.start();
    expect(await conflict).toBe("proposal_conflict");
    expect(await auditKinds(assent)).toEqual(["proposed", "routed", "asked"]);
  });

  test("a key and a place in a node never collide", async () => {
    const { pay, made, assent } = setUp();
    const thread = withAgent(assent, async () => {
      const each = [
        await assent.propose(pay, { to: "bo", cents: 1 }, { key: "pay" }),
        await assent.propose(pay, { to: "bo", cents: 2 }),
        await assent.propose(pay, { to: "bo", cents: 3 }, { key: "1" }),
      ];
      return { proposals: each.flatMap(({ proposals }) => proposals) };
    });
    await thread.start();
    expect(made.map(({ args }) => args.cents)).toEqual([1, 2, 3]);
  });
});

describe("where a proposal may be made", () => {
  test("outside a node: refused", async () => {
    const { pay, assent } = setUp();
    expect(await codeOf(assent.propose(pay, { to: "bo", cents: 1 }))).toBe("outside_node");
    expect(await codeOf(assent.propose(pay, { to: "bo", cents: 1 }, { key: "k" }))).toBe("outside_node");
  });

  test("without a thread: refused", async () => {
    const { pay, assent } = setUp();
    const graph = new StateGraph(AssentState)
      .addNode("agent", () => assent.propose(pay, { to: "bo", cents: 1 }))
      .addEdge(START, "agent")
      .compile();
    expect(await codeOf(graph.invoke({}))).toBe("thread_missing");
  });

  test("a gate without a thread: refused", async () => {
    const { assent } = setUp();
    const builder = new StateGraph(AssentState).addNode("agent", () => ({}));
    const graph = addGate(builder, "gate", approvalGate(assent)).addEdge(START, "agent").addEdge("agent", "gate");
    expect(await codeOf(graph.compile().invoke({ proposals: ["pr_1"] }))).toBe("thread_missing");
  });

  const places: Record<string, (propose: (options?: ProposeOptions) => Promise<{ proposals: string[] }>) => unknown> = {
    "a node of a subgraph": (propose) =>
      new StateGraph(AssentState)
        .addNode("inner", (_, { configurable }) => propose(configurable?.["options"] as ProposeOptions))
        .addEdge(START, "inner")
        .compile(),
    "a tool": (propose) => async (_: unknown, config: { configurable?: Record<string, unknown> }) => {
      const proposing = tool(() => propose(config.configurable?.["options"] as ProposeOptions), {
        name: "proposing",
        description: "Proposes",
        schema: z.object({}),
      });
      return proposing.invoke({});
    },
    "a nested runnable": (propose) => async (_: unknown, config: { configurable?: Record<string, unknown> }) =>
      RunnableLambda.from(() => propose(config.configurable?.["options"] as ProposeOptions)).invoke({}),
  };

  test.each(Object.entries(places))("in %s: only with a key", async (_, place) => {
    const { pay, made, assent } = setUp();
    const node = place((options) => assent.propose(pay, { to: "bo", cents: 1 }, options));
    const builder = new StateGraph(AssentState).addNode("agent", node as () => Promise<{ proposals: string[] }>);
    const graph = addGate(builder, "gate", approvalGate(assent))
      .addEdge(START, "agent")
      .addEdge("agent", "gate")
      .compile({ checkpointer: new MemorySaver() });
    const config = (options?: ProposeOptions) => ({ configurable: { thread_id: crypto.randomUUID(), options } });
    expect(await codeOf(graph.invoke({}, config()))).toBe("key_required");
    expect(made).toEqual([]);
    await graph.invoke({}, config({ key: "order-1" }));
    expect(made).toHaveLength(1);
  });
});

describe("what may be proposed", () => {
  async function proposing(options: ProposeOptions, args: unknown = { to: "bo", cents: 100 }) {
    const { pay, assent } = setUp();
    const thread = withAgent(assent, () => assent.propose(pay, args as { to: string; cents: number }, options));
    const code = await codeOf(thread.start());
    return { code, kinds: await auditKinds(assent) };
  }

  test.each([
    ["args_invalid", {}, { to: "bo" }],
    ["args_invalid", {}, { to: "bo", cents: 1.5 }],
    ["args_invalid", {}, null],
    ["args_invalid", {}, "pay"],
    ["facts_invalid", { confidence: Number.NaN }, undefined],
    ["facts_invalid", { confidence: 1.5 }, undefined],
    ["facts_invalid", { risk: -0.1 }, undefined],
    ["facts_invalid", { novelty: Number.POSITIVE_INFINITY }, undefined],
    ["facts_invalid", { facts: { score: Number.NaN } }, undefined],
    ["json_invalid", { context: { big: 1n } }, undefined],
    ["json_invalid", { context: new Map() }, undefined],
    ["json_too_large", { context: "x".repeat(100_000) }, undefined],
    ["json_invalid", { agent: "\ud800" }, undefined],
  ] as const)("%s: %o", async (code, options, args) => {
    const result = await proposing(options, ...(args === undefined ? [] : [args]));
    expect(result).toEqual({ code, kinds: [] });
  });

  test("an action that is not declared here: refused", async () => {
    const { assent } = setUp();
    const { pay: other } = payments({ name: "other" });
    const thread = withAgent(assent, () => assent.propose(other, { to: "bo", cents: 1 }));
    expect(await codeOf(thread.start())).toBe("action_unknown");
  });

  test("facts that follow from the arguments win over what the agent says", async () => {
    const { pay, assent } = setUp();
    let id = "";
    const thread = withAgent(assent, async () => {
      const update = await assent.propose(
        pay,
        { to: "bo", cents: 500 },
        { amount: { value: 0.01, currency: "USD" }, facts: { amount: 3, shop: "s1" }, confidence: 0.9 },
      );
      [id] = update.proposals as [string];
      return update;
    });
    await thread.start();
    expect((await assent.ledger.read(id))?.round.facts).toEqual({
      amount: { value: 5, currency: "USD" },
      shop: "s1",
      confidence: 0.9,
    });
  });

  test("what was proposed is fixed: changing the objects afterwards changes nothing", async () => {
    const { pay, made, assent } = setUp();
    const thread = withAgent(assent, async () => {
      const args = { to: "bo", cents: 500 };
      const update = assent.propose(pay, args);
      args.cents = 9_999;
      return update;
    });
    await thread.start();
    expect(made.map(({ args }) => args)).toEqual([{ to: "bo", cents: 500 }]);
  });

  test("an optional argument that is undefined is one left out", async () => {
    const ran: unknown[] = [];
    const greet = defineAction({
      name: "greet",
      args: z.object({ whom: z.string(), how: z.object({ loudly: z.boolean().optional() }).optional() }),
      summary: (a) => `Greet ${a.whom}`,
      idempotent: true,
      run: (args) => {
        ran.push(args);
      },
    });
    const assent = createAssent({ actions: [greet], ledger: memoryLedger(), policy: executeAlways });
    const thread = withAgent(assent, () => assent.propose(greet, { whom: "ana", how: { loudly: undefined } }));
    await thread.start();
    expect(ran).toEqual([{ whom: "ana", how: {} }]);
    expect(await thread.outcome()).toMatchObject({ status: "executed", result: null });
  });

  test("a schema that changes its own output is refused at once, not when the action is about to run", async () => {
    const shout = defineAction({
      name: "shout",
      args: z.object({ what: z.string().overwrite((text) => `${text}!`) }),
      summary: (a) => a.what,
      idempotent: true,
      run: () => null,
    });
    const assent = createAssent({ actions: [shout], ledger: memoryLedger(), policy: executeAlways });
    const thread = withAgent(assent, () => assent.propose(shout, { what: "hey" }));
    expect(await codeOf(thread.start())).toBe("action_invalid");
    expect(await auditKinds(assent)).toEqual([]);
  });

  test("a schema that throws is an argument error, also where a person's new arguments make it throw", async () => {
    const picky = defineAction({
      name: "picky",
      args: z.object({
        what: z.string().refine((text) => {
          if (text === "bad") throw new Error("the check broke");
          return true;
        }),
      }),
      summary: (a) => a.what,
      idempotent: true,
      run: ({ what }) => what,
    });
    const assent = createAssent({ actions: [picky], ledger: memoryLedger(), trust: "open", policy: askAlways });
    const bad = withAgent(assent, () => assent.propose(picky, { what: "bad" }));
    expect(await codeOf(bad.start())).toBe("args_invalid");
    const thread = withAgent(assent, () => assent.propose(picky, { what: "good" }));
    await thread.start();
    await thread.answer({ type: "modify", args: { what: "bad" } });
    expect((await thread.asked()).reason).toMatch(/\S/);
    await thread.answer("approve");
    expect(await thread.outcome()).toMatchObject({ status: "executed", result: "good" });
  });

  test("a schema whose complaint is endless does not stop the thread that shows it", async () => {
    const long = defineAction({
      name: "long",
      args: z.object({ what: z.string().max(5, { error: ({ input }) => `not this: ${JSON.stringify(input)}` }) }),
      summary: (a) => a.what,
      idempotent: true,
      run: ({ what }) => what,
    });
    const assent = createAssent({ actions: [long], ledger: memoryLedger(), trust: "open", policy: askAlways });
    const thread = withAgent(assent, () => assent.propose(long, { what: "good" }));
    await thread.start();
    await thread.answer({ type: "modify", args: { what: "x".repeat(65_000) } });
    expect((await thread.asked()).reason).toMatch(/not this: "x+/);
    await thread.answer("approve");
    expect(await thread.outcome()).toMatchObject({ status: "executed" });
  });

  test("the agent's name is the node's unless said, and on whose behalf is kept", async () => {
    const { pay } = payments();
    const assent = createAssent({ actions: [pay], ledger: memoryLedger(), trust: "open", policy: askAlways });
    const plain = withAgent(assent, () => assent.propose(pay, { to: "bo", cents: 1 }));
    await plain.start();
    expect(await plain.asked()).toMatchObject({ agent: "agent", requestedBy: null });
    const said = withAgent(assent, () =>
      assent.propose(pay, { to: "bo", cents: 1 }, { agent: "clerk", requestedBy: "cleo" }),
    );
    await said.start();
    expect(await said.asked()).toMatchObject({ agent: "clerk", requestedBy: "cleo" });
  });
});
