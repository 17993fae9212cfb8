import { MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { InMemoryCache } from "@langchain/langgraph-checkpoint";
import {
  AssentState,
  addGate,
  approvalGate,
  checkGraph,
  createAssent,
  defineAction,
  memoryLedger,
  safeSerializer,
} from "assent";
import type { AnyAction, CheckGraphOptions } from "assent";
import { describe, expect, test } from "vitest";
import { z } from "zod";

import { askAlways, gated, type GatedOptions } from "../support/payments.js";
import { Thread } from "../support/thread.js";

const gatedGraph = (options: GatedOptions = {}) =>
  gated({ trust: "verified", proposals: [[{ to: "bo", cents: 5 }, { key: "order-1" }]], ...options });

/** What is found, as `severity name at where`. */
function found(graph: unknown, surroundings?: CheckGraphOptions): string[] {
  return checkGraph(graph, surroundings).map(({ severity, name, where }) => `${severity} ${name} at ${where}`);
}

const safe = () => ({ checkpointer: new MemorySaver(safeSerializer()) });

/** A gated graph, two graphs deep; the outermost has the node with these options. */
function deep(options = {}, defaults = {}, gate: GatedOptions = {}) {
  const { built, made } = gatedGraph(gate);
  const middle = new StateGraph(AssentState).addNode("team", built.compile()).addEdge(START, "team").compile();
  const outer = new StateGraph(AssentState)
    .setNodeDefaults(defaults)
    .addNode("office", middle, options)
    .addEdge(START, "office");
  return { outer, made };
}

describe("nothing is found in", () => {
  test("a gated graph with a checkpointer", () => {
    expect(checkGraph(gatedGraph().graph)).toEqual([]);
  });

  test("a gated graph deep in others, with a safe serializer", () => {
    expect(checkGraph(deep().outer.compile(safe()))).toEqual([]);
  });

  test("one graph compiled twice, or with a config", () => {
    const { built } = gatedGraph();
    built.compile(safe());
    expect(checkGraph(built.compile(safe()))).toEqual([]);
    expect(checkGraph(built.compile(safe()).withConfig({ tags: ["x"] }))).toEqual([]);
  });

  test("a policy of another node beside the way to the gate but for a note", () => {
    const { outer } = deep();
    const handled = outer.addNode("other", () => ({}), { errorHandler: () => ({}) }).addEdge(START, "other");
    expect(checkGraph(handled.compile(safe()))).toEqual([]);
  });
});

describe("what is found", () => {
  test("a cache over a gate, by the node or by default, at any depth", () => {
    const at = ["error cache-over-gate at office"];
    expect(found(deep({ cachePolicy: true }).outer.compile(safe()))).toEqual(at);
    expect(found(deep({}, { cachePolicy: { ttl: 60 } }).outer.compile(safe()))).toEqual(at);
    expect(found(deep({ cachePolicy: false }, { cachePolicy: true }).outer.compile(safe()))).toEqual([]);
  });

  test("an error handler over a gate, by the node or by default, at any depth", () => {
    const at = ["error error-handler-over-gate at office"];
    const handler = { errorHandler: () => ({}) };
    expect(found(deep(handler).outer.compile(safe()))).toEqual(at);
    expect(found(deep({}, handler).outer.compile(safe()))).toEqual(at);
  });

  test("a gate that was added as a plain node, or moved into another graph", () => {
    const { assent, built } = gatedGraph();
    const plain = new StateGraph(AssentState).addNode("ask", approvalGate(assent).build("ask")).addEdge(START, "ask");
    expect(found(plain.compile(safe()))).toEqual(["error gate-unguarded at ask"]);
    const moved = new StateGraph(AssentState).addNode("gate", built.nodes.gate.runnable, { cachePolicy: true });
    expect(found(moved.addEdge(START, "gate").compile(safe()))).toEqual([
      "error gate-unguarded at gate",
      "error cache-over-gate at gate",
    ]);
  });

  test("a missing checkpointer, which a LangGraph server brings along", () => {
    const { built } = gatedGraph();
    expect(found(built.compile())).toEqual(["error checkpointer-missing at graph"]);
    expect(found(built.compile(), { served: true })).toEqual([
      "error ledger-volatile at graph",
      "note checkpointer-missing at graph",
    ]);
  });

  test("a checkpointer that an inner graph has turned off", () => {
    const { built } = gatedGraph();
    const team = new StateGraph(AssentState).addNode("lead", built.compile()).addEdge(START, "lead");
    const outer = new StateGraph(AssentState)
      .addNode("team", team.compile({ checkpointer: false }))
      .addEdge(START, "team");
    expect(found(outer.compile(safe()))).toEqual(["error checkpointer-missing at team"]);
  });

  test("a cached node beside a gate is worth a note", () => {
    const { outer } = deep();
    const cached = outer.addNode("prices", () => ({}), { cachePolicy: true }).addEdge(START, "prices");
    expect(found(cached.compile(safe()))).toEqual(["note cache-beside-gate at prices"]);
  });

  test("an action that does not say whether it is idempotent, and one made by hand", () => {
    const action = { name: "raw", args: z.object({}), summary: () => "", run: () => null } as unknown as AnyAction;
    const half = { ...defineAction({ ...action, name: "half", idempotent: true }), idempotent: undefined } as never;
    const { assent } = gatedGraph();
    const broken = { ...assent, actions: [action, half] };
    const builder = new StateGraph(AssentState).addNode("agent", () => ({})).addEdge(START, "agent");
    expect(found(addGate(builder, "gate", approvalGate(broken)).addEdge("agent", "gate").compile(safe()))).toEqual([
      "error action-idempotence-unsaid at action raw",
      "error action-undeclared at action raw",
      "error action-idempotence-unsaid at action half",
    ]);
  });

  test("open trust: an error in production, a warning where people are authenticated, else a note", () => {
    const { graph } = gatedGraph({ trust: "open" });
    expect(found(graph)).toEqual(["note trust-open at graph"]);
    expect(found(graph, { authenticated: true })).toEqual(["warning trust-open at graph"]);
    expect(found(graph, { production: true, authenticated: true })).toEqual([
      "error trust-open at graph",
      "error ledger-volatile at graph",
    ]);
  });

  test("a stock serializer where the gate is in a subgraph: a warning in production, else a note", () => {
    const graph = deep().outer.compile({ checkpointer: new MemorySaver() });
    expect(found(graph)).toEqual(["note serializer-stock at graph"]);
    expect(found(graph, { production: true })).toContain("warning serializer-stock at graph");
  });

  test("a graph without any gate, and one whose node names the gated graph that it calls", () => {
    const { built } = gatedGraph();
    const inner = built.compile();
    const call = async () => ({ outcomes: (await inner.invoke({})).outcomes });
    const calling = (options: object) =>
      new StateGraph(AssentState).addNode("team", call, options).addEdge(START, "team").compile(safe());
    expect(found(calling({}))).toEqual(["note gate-missing at graph"]);
    expect(found(calling({ subgraphs: [inner], cachePolicy: true }))).toEqual(["error cache-over-gate at team"]);
  });

  test("each thing once, however many gates are behind it, errors first", () => {
    const { assent } = gatedGraph({ trust: "open" });
    const builder = new StateGraph(AssentState).addNode("agent", () => ({})).addEdge(START, "agent");
    const two = addGate(addGate(builder, "one", approvalGate(assent)), "two", approvalGate(assent));
    const inner = two.addEdge("agent", "one").addEdge("agent", "two").compile();
    const outer = new StateGraph(AssentState).addNode("team", inner, { cachePolicy: true }).addEdge(START, "team");
    expect(found(outer.compile(safe()))).toEqual(["error cache-over-gate at team", "note trust-open at graph"]);
  });

  test("says what it is and what to do, in one line of plain text each", () => {
    const graph = deep({ cachePolicy: true, errorHandler: () => ({}) }).outer.compile();
    const findings = checkGraph(graph, { production: true });
    expect(findings.length).toBeGreaterThan(3);
    for (const { what, fix } of findings) {
      expect(what).toMatch(/^[^\n]{20,200}\.$/);
      expect(fix).toMatch(/^[^\n]{5,200}\.$/);
    }
  });

  test("nothing in what is no compiled graph", () => {
    const refused = expect.objectContaining({ code: "config_invalid" });
    for (const value of [null, undefined, {}, gatedGraph().built, "graph"]) {
      expect(() => checkGraph(value)).toThrow(refused);
    }
  });
});

describe("why it is needed: over an outer graph a gate has no say", () => {
  test("a cached outer node gives the second thread the first one's outcome, and nobody is asked", async () => {
    const { outer, made } = deep({ cachePolicy: true }, {}, { trust: "open" });
    const graph = outer.compile({ ...safe(), cache: new InMemoryCache() });
    const [first, second] = [new Thread(graph), new Thread(graph)];
    await first.start();
    await first.answer("approve");
    expect(made).toHaveLength(1);
    await second.start();
    expect(await second.finished()).toBe(true);
    expect(await second.outcomes()).toEqual(await first.outcomes());
    expect(made).toHaveLength(1);
    expect(found(graph)).toContain("error cache-over-gate at office");
  });

  test("what a gate is handed is the same with and without a cache and an error handler around it", async () => {
    const seen = async (options: object): Promise<unknown> => {
      const keys: unknown[] = [];
      const inner = new StateGraph(AssentState)
        .addNode("gate", (_, config) => {
          const { configurable = {}, metadata = {} } = config as { configurable?: object; metadata?: object };
          keys.push(...[config, configurable, metadata].map((each) => Object.keys(each).toSorted()));
          return {};
        })
        .addEdge(START, "gate")
        .compile();
      const outer = new StateGraph(AssentState).addNode("team", inner, options).addEdge(START, "team");
      const graph = outer.compile({ ...safe(), cache: new InMemoryCache() });
      await new Thread(graph).start();
      return keys;
    };
    const bare = await seen({});
    expect(bare).toHaveLength(3);
    expect(await seen({ cachePolicy: true, errorHandler: () => ({}) })).toEqual(bare);
  });
});

test("open trust of one Assent among several is found", () => {
  const { assent } = gatedGraph();
  const open = createAssent({ actions: [], ledger: memoryLedger(), policy: askAlways, trust: "open" });
  const builder = new StateGraph(AssentState).addNode("agent", () => ({})).addEdge(START, "agent");
  const two = addGate(addGate(builder, "one", approvalGate(assent)), "two", approvalGate(open));
  expect(found(two.addEdge("agent", "one").addEdge("agent", "two").compile(safe()))).toEqual([
    "note trust-open at graph",
  ]);
});
