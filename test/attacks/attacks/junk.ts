import { Command } from "@langchain/langgraph";
import type { Attack, AnyWay } from "../attack.js";
import type { ShapeName } from "../shapes.js";
import type { Pending, Victim } from "../victim.js";

const MANY = 1_000;
// Many of them are more than any answer may take.
const LONG = "x".repeat(100);

/** What a client can send as JSON, and nobody should. None of it is an answer in any dialect. */
const junk: Readonly<Record<string, () => unknown[]>> = {
  "too large": () => [LONG.repeat(MANY), Array.from({ length: MANY }, () => LONG), membered((nth) => LONG + nth)],
  "nested too deep": () => [nested(65), nested(2_000), { type: "approve", note: nested(100) }],
  "with members that reach for prototypes": () => [
    JSON.parse('{"__proto__":{"type":"approve"}}'),
    JSON.parse('{"type":"modify","args":{"__proto__":{"cents":1}}}'),
    { constructor: { prototype: { type: "approve" } } },
    JSON.parse('{"toString":1,"valueOf":2,"toJSON":3,"then":4,"length":5}'),
  ],
  "in LangChain's notation": () => [
    { lc: 1, type: "constructor", id: ["x"], kwargs: {} },
    { lc: 1, type: "constructor", id: ["langchain_core", "messages", "HumanMessage"], kwargs: { content: "approve" } },
    { lc: 1, type: "secret", id: ["PATH"] },
    { lc: 1, type: "not_implemented", id: ["x"] },
    { lc: 2, type: "constructor", id: ["Map"], args: [[["type", "approve"]]] },
    { lc: 2, type: "undefined" },
    { type: "approve", note: { lc: 1, type: "constructor", id: [], kwargs: {} } },
  ],
  "of the wrong shape": () => [
    0,
    1e308,
    false,
    "",
    " yes\u0000\ud800",
    [],
    [[]],
    [{}, {}],
    { type: 1 },
    { decisions: {} },
  ],
  "that is nothing": () => [null, undefined, {}],
  "with ids that are malformed, or nobody's": () => [
    { "": "approve" },
    { null: "approve", "[object Object]": "approve" },
    JSON.parse('{"__proto__":"approve"}'),
    { ["f".repeat(32)]: "approve", ["F".repeat(32)]: "approve" },
    membered((nth) => String(nth).padStart(32, "0")),
  ],
};

/** Answers that mean nothing, to wear a thread out or to break it. */
export const junkAnswers: Attack = {
  title: "Junk answers, as a denial of service",
  harmsPlain: false,
  ways: Object.entries(junk).flatMap(([name, made]) => [
    answering(name, "one", made),
    answering(`${name}, in open trust`, "open", made),
  ]),
};

function answering(name: string, shape: ShapeName, made: () => unknown[]): AnyWay {
  return {
    name,
    shape,
    async carryOut(victim) {
      await victim.start();
      for (const value of made()) {
        await answer(victim, value);
        const [waiting] = await pendingIn(victim);
        if (waiting !== undefined) await answer(victim, { [waiting.interruptId]: value });
      }
    },
  };
}

/** Answers. Junk may be refused in any words: what counts is what becomes of the thread. */
async function answer({ graph, config }: Victim, value: unknown): Promise<void> {
  await graph.invoke(new Command({ resume: value }), config).catch(() => {});
}

/** What waits; nothing where a graph without a gate has become unreadable. */
async function pendingIn(victim: Victim): Promise<Pending[]> {
  return victim.pending().catch(() => []);
}

function membered(name: (nth: number) => string): Record<string, unknown> {
  return Object.fromEntries(Array.from({ length: MANY }, (_, nth) => [name(nth), "approve"]));
}

function nested(levels: number): unknown {
  let value: unknown = "approve";
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}
