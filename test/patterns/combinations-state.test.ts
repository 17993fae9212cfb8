import { Annotation, ReducedValue, START, StateGraph, StateSchema } from "@langchain/langgraph";
import { withLangGraph } from "@langchain/langgraph/zod";
import { describe, expect, test } from "vitest";
import { AssentAnnotation, AssentFields, AssentState, addGate, approvalGate, fanOut } from "assent";
import { z } from "zod";
import { GateState } from "../../src/nodes/state.js";
import { gated } from "../support/payments.js";
import { standsIn, type Parts } from "./surroundings.js";

const one = { to: "bo", cents: 1 };
const two = { to: "cy", cents: 2 };
const input = { ticket: "T-1", notes: ["came in"] };
const own = { ticket: "T-1", notes: ["came in", "from a", "from b"], reply: "done" };
const joined = (known: string[], added: string[]): string[] => [...known, ...added];
const notes = z.array(z.string());

const Zod = AssentState.extend({
  ticket: z.string(),
  notes: withLangGraph(notes, { reducer: { schema: notes, fn: joined }, default: () => [] }),
  reply: z.string().optional(),
});

/** Two agents side by side, so that the state has to merge, and a gate behind each. */
function desk({ assent, pay, checkpointer }: Parts, State: unknown) {
  const propose = (args: typeof one, note: string) => async () => ({
    ...(await assent.propose(pay, args)),
    notes: [note],
  });
  // Whatever the state is defined with, it holds the same; its types are checked where the documentation's examples are.
  const agents = new StateGraph(State as typeof Zod)
    .addNode("a", propose(one, "from a"))
    .addNode("b", propose(two, "from b"))
    .addNode("join", () => ({ reply: "done" }));
  const gate = approvalGate(assent);
  return addGate(addGate(agents, "gate-a", gate), "gate-b", gate)
    .addEdge(START, "a")
    .addEdge(START, "b")
    .addEdge(["a", "b"], "gate-a")
    .addEdge(["a", "b"], "gate-b")
    .addEdge(["gate-a", "gate-b"], "join")
    .compile({ checkpointer });
}

const states = {
  Zod,
  Annotation: Annotation.Root({
    ...AssentAnnotation.spec,
    ticket: Annotation<string>,
    notes: Annotation<string[]>({ reducer: joined, default: () => [] }),
    reply: Annotation<string>,
  }),
  StateSchema: new StateSchema({
    ...AssentFields,
    ticket: z.string(),
    notes: new ReducedValue(notes.default([]), { inputSchema: notes, reducer: joined }),
    reply: z.string().optional(),
  }),
};

describe("on state defined with Zod", () => {
  standsIn({ input, proposed: [one, two], own, build: (parts) => desk(parts, states.Zod) });
});

describe("on state defined with `Annotation.Root`", () => {
  standsIn({ input, proposed: [one, two], own, build: (parts) => desk(parts, states.Annotation) });
});

describe("on state defined with `StateSchema`", () => {
  standsIn({ input, proposed: [one, two], own, build: (parts) => desk(parts, states.StateSchema) });
});

describe("on state that does not merge the two keys", () => {
  const { assent } = gated();
  const ids = Annotation<string[]>;
  const replacing: Record<string, unknown> = {
    "the fields of a Zod state in a `StateSchema`": new StateSchema({ ...AssentState.shape }),
    "plain annotations": Annotation.Root({ proposals: ids, outcomes: Annotation<object> }),
    "plain Zod": z.object({ proposals: z.array(z.string()), outcomes: z.record(z.string(), z.any()) }),
    "the fields of a Zod state as annotations": Annotation.Root({ ...AssentState.shape } as never),
  };

  test.each(Object.entries(replacing))("%s: refused, with what to do", (_, State) => {
    const builder = new StateGraph(State as typeof Zod).addNode("agent", () => ({}));
    const message = expect.stringMatching(/does not merge.*"proposals" and "outcomes".*AssentFields/);
    expect(() => addGate(builder, "gate", approvalGate(assent))).toThrow(
      expect.objectContaining({ code: "gate_invalid", message }),
    );
  });

  test("one key is enough", () => {
    const half = Annotation.Root({ ...AssentAnnotation.spec, proposals: ids });
    expect(() => addGate(new StateGraph(half), "gate", approvalGate(assent))).toThrow(/written to "proposals":/);
  });
});

describe("with state keys of your own", () => {
  const inner = ["policy", "review", "revise", "execute", "audit", "propose", "one", "collect"];
  const names = [...Object.keys(GateState.shape), ...inner].filter((name) => !(name in AssentState.shape));
  const mine = Object.fromEntries(names.map((name) => [name, { mine: name }]));
  const Own = AssentState.extend(
    Object.fromEntries(names.map((name) => [name, z.object({ mine: z.string() })])),
  ) as unknown as typeof AssentState;

  test("there are some that a gate has too", () => {
    expect(names).toEqual(expect.arrayContaining(["seed", "current", "step", "reason", "answered", "done", "review"]));
  });

  describe("at an approval", () => {
    standsIn({
      input: mine,
      proposed: [one],
      own: mine,
      build: ({ assent, pay, checkpointer }) => {
        const agent = new StateGraph(Own).addNode("agent", (state) => {
          expect(state).toMatchObject(mine);
          return assent.propose(pay, one);
        });
        return addGate(agent, "gate", approvalGate(assent))
          .addNode("after", (state) => {
            expect(Object.keys(state).toSorted()).toEqual([...names, "proposals", "outcomes"].toSorted());
            expect(state).toMatchObject(mine);
            return {};
          })
          .addEdge(START, "agent")
          .addEdge("agent", "gate")
          .addEdge("gate", "after")
          .compile({ checkpointer });
      },
    });
  });

  describe("at a gate that proposes by itself", () => {
    standsIn({
      input: mine,
      proposed: [one, two],
      own: mine,
      build: ({ assent, pay, checkpointer }) => {
        const payouts = fanOut(assent, { action: pay, args: () => [one, two] });
        return addGate(new StateGraph(Own), "gate", payouts).addEdge(START, "gate").compile({ checkpointer });
      },
    });
  });
});
