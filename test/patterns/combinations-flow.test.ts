import { END, START, Send, StateGraph } from "@langchain/langgraph";
import { describe, expect, test } from "vitest";
import { AssentState, addGate, approvalGate, createAssent, memoryLedger } from "assent";
import { MemorySaver } from "@langchain/langgraph";
import { z } from "zod";
import { askAlways, executeAlways, payments } from "../support/payments.js";
import { Thread } from "../support/thread.js";
import { everywhere, standsIn, type Parts } from "./surroundings.js";

const three = [1, 2, 3].map((cents) => ({ to: "bo", cents }));
const [one, two] = three as [(typeof three)[0], (typeof three)[0], (typeof three)[0]];
const Desk = AssentState.extend({ ticket: z.string().optional(), rounds: z.number().default(0) });
const input = { ticket: "T-1" };
const own = { ticket: "T-1" };

/** An agent that makes every proposal in one go. */
function desk({ assent, pay }: Parts, proposed: typeof three) {
  return new StateGraph(Desk)
    .addNode("agent", async () => {
      const made = await Promise.all(proposed.map((args) => assent.propose(pay, args)));
      return { proposals: made.flatMap(({ proposals }) => proposals) };
    })
    .addEdge(START, "agent");
}

describe("under `Send`", () => {
  describe("a gate", () => {
    standsIn({
      input,
      proposed: three,
      own,
      build: (parts) =>
        addGate(desk(parts, three), "gate", approvalGate(parts.assent))
          .addConditionalEdges(
            "agent",
            ({ proposals }) => proposals.map((id) => new Send("gate", { proposals: [id] })),
            ["gate"],
          )
          .compile(parts),
    });
  });

  describe("a subgraph with its agent and gate", () => {
    const Task = AssentState.extend({ cents: z.number().optional() });
    standsIn({
      input,
      proposed: three,
      own,
      build: (parts) => {
        const { assent, pay } = parts;
        const worker = new StateGraph(Task).addNode("agent", ({ cents = 0 }) =>
          assent.propose(pay, { to: "bo", cents }, { key: `payment-${cents}` }),
        );
        const gated = addGate(worker, "gate", approvalGate(assent)).addEdge(START, "agent").addEdge("agent", "gate");
        return new StateGraph(Desk)
          .addNode("worker", gated.compile() as never)
          .addConditionalEdges(START, () => three.map(({ cents }) => new Send("worker", { cents })), ["worker"])
          .compile(parts);
      },
    });
  });
});

describe("twice in one graph", () => {
  standsIn({
    input,
    proposed: [one, two],
    own,
    build: (parts) => {
      const { assent, pay } = parts;
      const gate = approvalGate(assent);
      const first = addGate(desk(parts, [one]), "first", gate).addNode("second-agent", () => assent.propose(pay, two));
      return addGate(first, "second", gate)
        .addEdge("agent", "first")
        .addEdge("first", "second-agent")
        .addEdge("second-agent", "second")
        .compile(parts);
    },
  });
});

describe("several gates in parallel", () => {
  standsIn(
    {
      input,
      proposed: three,
      own,
      build: (parts) => {
        const { assent, pay } = parts;
        const propose = (key: number) => () => assent.propose(pay, three[key]!);
        const agents = new StateGraph(Desk)
          .addNode("a", propose(0))
          .addNode("b", propose(1))
          .addNode("c", propose(2))
          .addEdge(START, "a")
          .addEdge(START, "b")
          .addEdge(START, "c");
        const gate = approvalGate(assent);
        return addGate(addGate(addGate(agents, "gate-a", gate), "gate-b", gate), "gate-c", gate)
          .addNode("join", () => ({}))
          .addEdge(["a", "b", "c"], "gate-a")
          .addEdge(["a", "b", "c"], "gate-b")
          .addEdge(["a", "b", "c"], "gate-c")
          .addEdge(["gate-a", "gate-b", "gate-c"], "join")
          .compile(parts);
      },
    },
    everywhere,
  );
});

describe("in a loop of 50 rounds", () => {
  const ROUNDS = 50;

  function looping({ assent, pay }: Pick<Parts, "assent" | "pay">) {
    const agent = new StateGraph(Desk).addNode("agent", async ({ rounds }) => {
      const { proposals } = await assent.propose(pay, { to: "bo", cents: rounds + 1 });
      return { proposals, rounds: rounds + 1 };
    });
    return addGate(agent, "gate", approvalGate(assent))
      .addEdge(START, "agent")
      .addEdge("agent", "gate")
      .addConditionalEdges("gate", ({ rounds }) => (rounds < ROUNDS ? "agent" : END), ["agent", END]);
  }

  standsIn({
    input,
    proposed: Array.from({ length: ROUNDS }, (_, round) => ({ to: "bo", cents: round + 1 })),
    own: { ...own, rounds: ROUNDS },
    build: (parts) => looping(parts).compile(parts),
  });

  test.each([
    ["nobody is asked in", executeAlways, 1],
    ["every round waits for the same unnamed answer", askAlways, ROUNDS + 1],
  ])("that %s: one payment for each round", async (_, policy, runs) => {
    const { pay, made } = payments();
    const assent = createAssent({ actions: [pay], ledger: memoryLedger(), trust: "open", policy });
    const graph = looping({ assent, pay }).compile({ checkpointer: new MemorySaver() });
    const thread = new Thread(graph.withConfig({ recursionLimit: 2 * ROUNDS + 1 }));
    await thread.start(input);
    for (let run = 1; run < runs; run += 1) await thread.answer("approve");
    expect(made.map(({ args }) => args.cents)).toEqual(Array.from({ length: ROUNDS }, (_, round) => round + 1));
    expect(await thread.finished()).toBe(true);
    expect((await thread.state()).values).toMatchObject({ rounds: ROUNDS });
  });
});
