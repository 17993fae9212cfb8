import { START, StateGraph, entrypoint, interrupt, task } from "@langchain/langgraph";
import { describe, expect, test } from "vitest";
import { AssentState, addGate, approvalGate, type Outcome } from "assent";
import { gated } from "../support/payments.js";
import { Thread } from "../support/thread.js";
import { everywhere, standsIn, type Parts } from "./surroundings.js";

const one = { to: "bo", cents: 1 };
const two = { to: "cy", cents: 2 };

/** The gate alone, for whoever has proposed: a graph that a function calls. */
function gateAlone({ assent }: Pick<Parts, "assent">) {
  const graph = addGate(new StateGraph(AssentState), "gate", approvalGate(assent)).addEdge(START, "gate").compile();
  return async (proposed: { proposals: string[] }): Promise<Record<string, Outcome>> =>
    (await graph.invoke(proposed)).outcomes;
}

describe("in the functional API", () => {
  describe("called by an entrypoint, twice", () => {
    standsIn(
      {
        proposed: [one, two],
        own: { ticket: "T-1" },
        build: (parts) => {
          const { assent, pay, checkpointer } = parts;
          const ask = gateAlone(parts);
          return entrypoint({ name: "desk", checkpointer }, async () => {
            const first = await ask(await assent.propose(pay, one));
            const second = await ask(await assent.propose(pay, two, { key: "second" }));
            return { outcomes: { ...first, ...second }, ticket: "T-1" };
          });
        },
      },
      everywhere,
    );
  });

  describe("called by tasks, side by side", () => {
    standsIn({
      proposed: [one, two],
      build: (parts) => {
        const { assent, pay, checkpointer } = parts;
        const ask = gateAlone(parts);
        const settle = task("settle", async (args: typeof one) =>
          ask(await assent.propose(pay, args, { key: args.to })),
        );
        return entrypoint({ name: "desk", checkpointer }, async () => {
          const [first, second] = await Promise.all([settle(one), settle(two)]);
          return { outcomes: { ...first, ...second } };
        });
      },
    });
  });

  describe("proposed by a task, which is remembered", () => {
    standsIn({
      proposed: [one],
      build: (parts) => {
        const { assent, pay, checkpointer } = parts;
        const draft = task("draft", async () => assent.propose(pay, one, { key: "one" }));
        return entrypoint({ name: "desk", checkpointer }, async () => ({
          outcomes: await gateAlone(parts)(await draft()),
        }));
      },
    });
  });

  test("a task that proposes without a key is told so", async () => {
    const { assent, pay, checkpointer } = gated();
    const draft = task("draft", async () => assent.propose(pay, one));
    const flow = entrypoint({ name: "desk", checkpointer }, async () => draft());
    const config = { configurable: { thread_id: crypto.randomUUID() } };
    await expect(flow.invoke({}, config)).rejects.toMatchObject({ code: "key_required" });
  });

  test.each(["the entrypoint", "a task"])(
    "an answer to the developer's own question before the gate, called by %s, is not the gate's",
    async (caller) => {
      const { assent, pay, made, checkpointer } = gated();
      const ask = gateAlone({ assent });
      const settle = async () => ask(await assent.propose(pay, one, { key: "one" }));
      const called = caller === "a task" ? task("settle", settle) : settle;
      const flow = entrypoint({ name: "desk", checkpointer }, async () => {
        const said: unknown = interrupt("How are you?");
        return { said, outcomes: await called() };
      });
      const thread = new Thread(flow);
      await thread.start();
      await thread.answer("approve");
      for (let times = 0; times < 3; times += 1) await thread.goOn();
      expect(made).toEqual([]);
      const ended = await thread.answer({ type: "approve", review: (await thread.asked()).review });
      expect(made).toHaveLength(1);
      expect(ended).toMatchObject({ said: "approve" });
    },
  );
});
