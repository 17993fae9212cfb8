import { load } from "@langchain/core/load";
import { AIMessage, HumanMessage, isBaseMessage } from "@langchain/core/messages";
import { Command, MemorySaver, START, Send, StateGraph, interrupt } from "@langchain/langgraph";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { safeSerializer } from "../../src/checkpoint/serializer.js";

const stock = new MemorySaver().serde;
const safe = safeSerializer();

async function through(value: unknown, write = safe, read = safe): Promise<unknown> {
  const [type, bytes] = await write.dumpsTyped(value);
  return read.loadsTyped(type, bytes);
}

const record = (id: unknown, kwargs: unknown = {}) => ({ lc: 1, type: "constructor", id, kwargs });
const HUMAN = ["langchain_core", "messages", "HumanMessage"];

/** Plain data in LangChain's notation: what cannot be built, what can, and what stands for something else. */
const lookalikes: Record<string, unknown> = {
  "no such class": record(["x"]),
  "no id at all": record([]),
  "an id that is no text": record([null]),
  "a message": record(HUMAN, { content: "approve" }),
  "a message without members": record(HUMAN, null),
  "a message with a secret inside": record(HUMAN, { content: { lc: 1, type: "secret", id: ["PATH"] } }),
  "a secret": { lc: 1, type: "secret", id: ["PATH"] },
  "not implemented": { lc: 1, type: "not_implemented", id: ["x"] },
  undefined: { lc: 2, type: "undefined" },
  "a map": { lc: 2, type: "constructor", id: ["Map"], args: [[["a", 1]]] },
  "a pattern": { lc: 2, type: "constructor", id: ["RegExp"], args: ["(a+)+$", ""] },
  "a snapshot": { lc: 2, type: "delta_snapshot", value: 1 },
  "a record of this serializer": { lc: 2, type: "assent.plain", entries: [["type", "approve"]] },
  "a record of this serializer, broken": { lc: 2, type: "assent.plain", entries: "none" },
  "an escaped one": { __lc_escaped__: record(["x"]) },
  "with an own __proto__": JSON.parse('{"lc":1,"type":"constructor","id":["x"],"__proto__":{"a":1}}'),
};

describe("plain data that looks like a serialised object", () => {
  const around: Record<string, (value: unknown) => unknown> = {
    "by itself": (value) => value,
    "in a list": (value) => [1, value],
    "in an object": (value) => ({ a: { b: value } }),
    "in another": (value) => ({ ...record(["y"]), more: value }),
    "in a map": (value) => new Map([["a", value]]),
    "as a key of a map": (value) => new Map([[value, 1]]),
    "in a set": (value) => new Set([value]),
    "in an interrupt": (value) => [{ id: "1", value: { args: value } }],
  };

  test.each(Object.entries(lookalikes))("%s comes back as it was, wherever it stood", async (_, value) => {
    for (const [where, of] of Object.entries(around)) expect(await through(of(value)), where).toEqual(of(value));
  });

  test.each(Object.entries(lookalikes))(
    "%s, written by the stock serializer, is loaded without an error",
    async (_, value) => {
      for (const [where, of] of Object.entries(around)) {
        const back = through(of(value), stock, safe).then(() => "loaded");
        await expect(back, where).resolves.toBe("loaded");
      }
    },
  );

  test("what the stock serializer cannot load back is the plain data that was written, and its neighbours are whole", async () => {
    const value = { junk: record(["x"], { a: [1] }), message: new HumanMessage("hello"), map: new Map([["a", 1]]) };
    await expect(through(value, stock, stock)).rejects.toThrow(/Invalid namespace/);
    const { junk, message, map } = (await through(value, stock, safe)) as typeof value;
    expect(junk).toEqual(value.junk);
    expect(isBaseMessage(message) && message.content).toBe("hello");
    expect(map).toEqual(value.map);
  });

  test("is no danger to a stock serializer that reads it later", async () => {
    for (const value of Object.values(lookalikes).filter((each) => "lc" in (each as object))) {
      await expect(through({ a: [value] }, safe, stock)).resolves.toBeDefined();
    }
  });

  test("inside a message neither breaks the message nor is built", async () => {
    for (const value of Object.values(lookalikes)) {
      const message = new AIMessage({ content: "hi", additional_kwargs: { said: value } });
      for (const write of [safe, stock]) {
        const back = (await through([message], write, safe)) as AIMessage[];
        expect(isBaseMessage(back[0])).toBe(true);
        expect(back[0]!.content).toBe("hi");
      }
    }
  });
});

describe("everything else", () => {
  const values: Record<string, unknown> = {
    messages: [
      new HumanMessage("hi"),
      new AIMessage({ content: "", tool_calls: [{ id: "1", name: "pay", args: {} }] }),
    ],
    "maps and sets": { map: new Map<unknown, unknown>([[{ a: 1 }, new Set([1])]]), set: new Set([[1], "a"]) },
    bytes: new Uint8Array([1, 2, 255]),
    "bytes inside": { bytes: new Uint8Array([1, 2]) },
    "a pattern, an error and nothing": { a: /x+/gi, b: new Error("no"), c: undefined, d: [undefined, null] },
    dates: { at: new Date(0) },
    "a packet to a node": new Send("gate", { a: 1 }),
    "nothing but": null,
  };

  test.each(Object.entries(values))("%s: written and read as by the stock serializer", async (_, value) => {
    expect(await safe.dumpsTyped(value)).toEqual(await stock.dumpsTyped(value));
    expect(await through(value)).toEqual(await through(value, stock, stock));
  });

  test("any JSON comes back the same, whatever stands under its keys", async () => {
    const key = fc.oneof(fc.string(), fc.constantFrom("lc", "type", "id", "kwargs", "args", "entries", "value"));
    const leaf = fc.oneof(
      fc.constantFrom(
        1,
        2,
        "constructor",
        "undefined",
        "secret",
        "delta_snapshot",
        "assent.plain",
        "Map",
        "__lc_escaped__",
      ),
      fc.jsonValue({ maxDepth: 0 }),
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5, withCrossShrink: true },
        leaf,
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(
          key.filter((each) => each !== "__proto__"),
          tie("value"),
          { maxKeys: 5 },
        ),
        fc.record({
          lc: fc.constantFrom(1, 2),
          type: leaf,
          id: fc.array(leaf),
          kwargs: tie("value"),
          args: tie("value"),
        }),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(value, async (each) => {
        const plain = JSON.parse(JSON.stringify(each)) as unknown;
        expect(await through(plain)).toEqual(plain);
        await through(plain, stock, safe);
      }),
      { numRuns: 500 },
    );
  });

  test("an own __proto__ stays a member and never becomes the prototype", async () => {
    const sent = JSON.parse('{"a":{"__proto__":{"admin":true}},"b":[{"__proto__":1}]}') as { a: object };
    const back = (await through(sent)) as typeof sent;
    expect(back).toEqual(sent);
    expect(Object.getPrototypeOf(back.a)).toBe(Object.prototype);
    expect("admin" in back.a).toBe(false);
  });

  test("a cycle is cut where the stock serializer cuts it, also around a lookalike", async () => {
    const cycle: Record<string, unknown> = { junk: record(["x"]) };
    cycle["self"] = [cycle];
    const back = (await through(cycle)) as typeof cycle;
    expect(back["junk"]).toEqual(record(["x"]));
    expect(JSON.stringify(back["self"])).toContain("[Circular]");
  });

  test("what a program writes as no text at all is read as nothing", async () => {
    expect(await through(() => "approve")).toBeUndefined();
    expect(await through(Symbol("approve"))).toBeUndefined();
  });

  test("bytes that are damaged stay an error", async () => {
    await expect(safe.loadsTyped("json", '{"a":')).rejects.toThrow(SyntaxError);
    await expect(safe.loadsTyped("yaml", "a: 1")).rejects.toThrow(/yaml/);
  });

  test("LangChain still builds what it wrote itself", async () => {
    const message = new HumanMessage("hi");
    expect(await load(JSON.stringify(message))).toEqual(await through(message));
  });
});

describe("in a graph", () => {
  const State = z.object({ said: z.any().optional(), turns: z.number().default(0) });

  // Of an own __proto__ LangGraph itself keeps nothing when it hands a packet on.
  const answers = Object.entries(lookalikes).filter(([name]) => name !== "with an own __proto__");

  test.each(answers)("an answer that is %s reaches the node as it was sent, run after run", async (_, answer) => {
    const seen: unknown[] = [];
    const graph = new StateGraph(State)
      .addNode("ask", ({ turns }) => {
        seen.push(interrupt("?"));
        if (seen.length < 3) throw new Error("the node failed after the answer was kept");
        return { said: seen.at(-1), turns: turns + 1 };
      })
      .addNode("packet", () => new Command({ goto: new Send("end", { said: answer }) }), { ends: ["end"] })
      .addNode("end", ({ said }) => ({ said }))
      .addEdge(START, "ask")
      .addEdge("ask", "packet")
      .compile({ checkpointer: new MemorySaver(safeSerializer()) });
    const config = { configurable: { thread_id: "1" } };
    await graph.invoke({}, config);
    await expect(graph.invoke(new Command({ resume: answer }), config)).rejects.toThrow(/failed after/);
    await expect(graph.invoke(null, config)).rejects.toThrow(/failed after/);
    const ended = await graph.invoke(null, config);
    expect(seen).toEqual([answer, answer, answer]);
    expect(ended.said).toEqual(answer);
    expect((await graph.getState(config)).values.said).toEqual(answer);
  });
});
