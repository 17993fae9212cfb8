import { END, MemorySaver, START, StateGraph, interrupt } from "@langchain/langgraph";
import { AssentError, AssentState, memoryLedger } from "assent";
import { createDelivery, localThreads } from "assent/service";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { failingLedger, type FailingLedger, type Loss } from "../support/failing-ledger.js";
import { Thread } from "../support/thread.js";
import { decideNext, desk, meetingOf } from "./desk.js";
import { STORAGES, type Storage } from "./storages.js";

/** One thread with two reviews, one after the other in one gate, with everything tried again that the ledger refused. */
async function wholeThread(storage: Pick<Storage, "checkpointer" | "ledger">, failAt: number, loss: Loss) {
  let ledger: FailingLedger | undefined;
  const { assent, delivery, thread, made } = desk(storage, {
    proposes: [1, 2],
    around: (inner) => (ledger = failingLedger(inner, failAt, loss)),
  });
  let refused = 0;
  const again = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    try {
      return await work();
    } catch (error) {
      if (!AssentError.isInstance(error, "ledger_unavailable")) throw error;
      refused += 1;
      return work();
    }
  };
  const states = [await again(() => delivery.start(thread.id, {}))];
  for (let nth = 0; nth < 2; nth += 1) {
    await again(() => decideNext(assent, thread.id)).catch((error: unknown) => {
      // The answer to the decision was lost and it is made already: that is no reason to stop.
      if (!(error instanceof Error) || !error.message.startsWith("no review is open")) throw error;
    });
    states.push(await again(() => delivery.deliver(thread.id)));
  }
  return { states, thread, made, refused, calls: ledger?.calls ?? [] };
}

describe("a ledger that is away for one call", () => {
  const undisturbed = wholeThread({ checkpointer: new MemorySaver(), ledger: memoryLedger() }, Infinity, "answer lost");

  test.each(["nothing persisted", "answer lost"] as const)(
    "costs one more delivery, whichever call it is (%s)",
    async (loss) => {
      const { calls } = await undisturbed;
      expect(calls.length).toBeGreaterThan(30);
      for (let failAt = 1; failAt <= calls.length; failAt += 1) {
        const storage = { checkpointer: new MemorySaver(), ledger: memoryLedger() };
        const { states, thread, made, refused } = await wholeThread(storage, failAt, loss);
        const which = `call ${failAt}, ${calls[failAt - 1]}`;
        // Some calls are repeated on the spot, and then nobody notices.
        expect(refused, which).toBeLessThanOrEqual(1);
        expect(states, which).toEqual(["waiting", "waiting", "finished"]);
        expect(
          made.map(({ args }) => args.cents),
          which,
        ).toEqual([1, 2]);
        expect(await thread.finished(), which).toBe(true);
      }
    },
  );

  test.each(STORAGES)("after interrupt() has returned is caught up with ($name)", async ({ open }) => {
    const { calls } = await undisturbed;
    // Resuming reads the case, gets the answer and reads the case again; that second read fails.
    const decided = calls.indexOf("decide");
    const resumed = calls.indexOf("read", decided);
    const storage = await open();
    try {
      const { states, made, refused } = await wholeThread(
        storage,
        calls.indexOf("read", resumed + 1) + 1,
        "nothing persisted",
      );
      expect(refused).toBe(1);
      expect(states).toEqual(["waiting", "waiting", "finished"]);
      expect(made).toHaveLength(2);
    } finally {
      await storage.close();
    }
  });
});

describe("a node of one's own that throws after its answer", () => {
  test.each(STORAGES)("leaves nothing that would be next, and is run again ($name)", async ({ open }) => {
    const storage = await open();
    try {
      let isBroken = true;
      const graph = new StateGraph(AssentState)
        .addNode("ask", () => {
          interrupt("sure?");
          if (isBroken) throw new Error("ask broke");
          return {};
        })
        .addEdge(START, "ask")
        .addEdge("ask", END)
        .compile({ checkpointer: storage.checkpointer });
      const threads = localThreads({ graphs: { graph } });
      const delivery = createDelivery({ ledger: storage.ledger, threads });
      const thread = new Thread(graph);
      expect(await delivery.start(thread.id, {})).toBe("waiting");
      const { pending } = await threads.state(thread.id);
      await expect(threads.resume(thread.id, { [pending[0]!]: "yes" })).rejects.toThrow("ask broke");
      expect((await thread.state()).next).toEqual([]);
      expect((await threads.state(thread.id)).status).toBe("stopped");
      await expect(delivery.deliver(thread.id)).rejects.toThrow("ask broke");
      isBroken = false;
      expect(await delivery.deliver(thread.id)).toBe("finished");
    } finally {
      await storage.close();
    }
  });
});

describe("two workers that answer one interrupt each", () => {
  test.each(STORAGES)("leave the thread between two steps, and it goes on ($name)", async ({ open }) => {
    const storage = await open();
    try {
      const meet = meetingOf(2);
      // Each worker's run reports the other's interrupt as pending, and neither takes the next step.
      const asks = async (): Promise<object> => {
        interrupt("sure?");
        await meet();
        return { proposals: [] };
      };
      const builder = new StateGraph(AssentState.extend({ joined: z.boolean().optional() }))
        .addNode("left", asks)
        .addNode("right", asks)
        .addNode("join", () => ({ joined: true }))
        .addEdge(START, "left")
        .addEdge(START, "right")
        .addEdge(["left", "right"], "join")
        .addEdge("join", END);
      const here = builder.compile({ checkpointer: storage.checkpointer });
      const there = builder.compile({ checkpointer: storage.elsewhere().checkpointer });
      const threads = localThreads({ graphs: { here } });
      const delivery = createDelivery({ ledger: storage.ledger, threads });
      const thread = new Thread(here);
      expect(await delivery.start(thread.id, {})).toBe("waiting");
      const [left, right] = (await threads.state(thread.id)).pending;
      await Promise.all([
        threads.resume(thread.id, { [left!]: "yes" }),
        localThreads({ graphs: { there } }).resume(thread.id, { [right!]: "yes" }),
      ]);
      const { next, values } = await thread.state();
      expect({ next, values }).toEqual({ next: [], values: { proposals: [], outcomes: {} } });
      expect(await threads.state(thread.id)).toMatchObject({ status: "stopped", pending: [] });
      expect(await delivery.deliver(thread.id)).toBe("finished");
      expect((await thread.state()).values).toMatchObject({ joined: true });
    } finally {
      await storage.close();
    }
  });
});

describe("a thread that never comes to rest", () => {
  test("is given up after so many steps, with its name", async () => {
    const graph = new StateGraph(AssentState)
      .addNode("round", () => ({}))
      .addEdge(START, "round")
      .addEdge("round", "round")
      .compile({ checkpointer: new MemorySaver(), interruptBefore: ["round"] });
    const delivery = createDelivery({
      ledger: memoryLedger(),
      threads: localThreads({ graphs: { graph } }),
      stepsMax: 7,
    });
    const { id } = new Thread(graph);
    await expect(delivery.start(id, {})).rejects.toMatchObject({ code: "thread_stuck", where: `thread ${id}` });
    await expect(delivery.start(id, {})).rejects.toThrow("within 7 steps");
  });
});
