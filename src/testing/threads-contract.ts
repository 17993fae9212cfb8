import assert from "node:assert/strict";
import { Annotation, isUnknownInterruptError, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import type { Threads } from "../service/threads.js";
import type { ContractRunner } from "./ledger-contract.js";
import type { BreakPoint } from "./threads-contract/graph.js";

/** Threads to check, and how to get rid of them. */
export interface ThreadsUnderTest {
  /** Must run new threads on the graph that `threadsContractGraph` gives. */
  threads: Threads;
  /** Called after each case, also a failed one. */
  close(): Promise<void>;
}

type Check = (title: string, body: (threads: Threads, id: string) => Promise<void>) => void;

/**
 * Checks a way to reach threads against the contract of {@link Threads}; both of Assent's pass it. Run it on one of your
 * own before a worker delivers decisions with it. `makeThreads` is called once for every case; the ids of its threads are
 * new UUIDs.
 *
 * @example
 * ```ts
 * import { MemorySaver } from "@langchain/langgraph";
 * import { localThreads } from "assent/service";
 * import { threadsContract, threadsContractGraph } from "assent/testing";
 * import { describe, it } from "vitest";
 *
 * threadsContract({ describe, it }, async () => {
 *   const graph = threadsContractGraph().compile({ checkpointer: new MemorySaver() });
 *   return { threads: localThreads({ graphs: { graph } }), close: async () => {} };
 * });
 * ```
 */
export function threadsContract(runner: ContractRunner, makeThreads: () => Promise<ThreadsUnderTest>): void {
  const check: Check = (title, body) =>
    runner.it(title, async () => {
      const made = await makeThreads();
      try {
        await body(made.threads, crypto.randomUUID());
      } finally {
        await made.close();
      }
    });
  runner.describe("state", () => states(check));
  runner.describe("resume", () => answers(check));
  runner.describe("proceed", () => breaks(check));
  runner.describe("beneath a node", () => beneath(check));
}

/** Starts a thread with so many questions, which break somewhere. */
async function startedWith(threads: Threads, id: string, questions: string[], breaks: BreakPoint | null = null) {
  await threads.start(id, { questions, breaks });
  const { status, pending } = await threads.state(id);
  assert.equal(status, "waiting");
  assert.equal(pending.length, questions.length);
  assert.equal(new Set(pending).size, questions.length);
  return pending;
}

/** Does something in a node of a graph that has nothing to do with it. */
async function inNode(work: () => Promise<void>): Promise<void> {
  const graph = new StateGraph(Annotation.Root({ done: Annotation<boolean>() }))
    .addNode("working", async () => {
      await work();
      return { done: true };
    })
    .addEdge(START, "working")
    .compile({ checkpointer: new MemorySaver() });
  const { done } = await graph.invoke({}, { configurable: { thread_id: "another" } });
  assert.equal(done, true);
}

/** LangGraph takes what runs beneath a node for a part of it, and what a connection tells is beneath the node that opened it. */
function beneath(check: Check): void {
  check("of another thread, a thread is run by itself", async (threads, id) => {
    await inNode(async () => {
      const pending = await startedWith(threads, id, ["inner one", "outer"]);
      await threads.resume(id, withAnswers(pending));
    });
    assert.equal((await threads.state(id)).status, "finished");
  });

  check("of another thread, it is gone on with by itself", async (threads, id) => {
    await assert.rejects(threads.start(id, { questions: [], breaks: "behind" }));
    await inNode(() => threads.proceed(id));
    assert.equal((await threads.state(id)).status, "finished");
  });
}

const withAnswers = (ids: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(ids.map((id) => [id, { type: "decided" }]));

function states(check: Check): void {
  check("a thread that nobody started is new", async (threads, id) => {
    assert.deepEqual(await threads.state(id), { status: "new", pending: [], movedAt: null });
  });

  check("one that asks nothing has finished, and tells when it moved", async (threads, id) => {
    await threads.start(id, { questions: [] });
    const { status, pending, movedAt } = await threads.state(id);
    assert.deepEqual({ status, pending }, { status: "finished", pending: [] });
    assert.equal(new Date(movedAt ?? "").toISOString(), movedAt);
  });

  check("one that asks waits, at an interrupt for each question, also inside subgraphs", async (threads, id) => {
    await startedWith(threads, id, ["one", "two", "inner three"]);
    assert.equal((await threads.state(crypto.randomUUID())).status, "new");
  });
}

function answers(check: Check): void {
  check("one map answers every question, and the thread goes on", async (threads, id) => {
    const pending = await startedWith(threads, id, ["one", "two", "inner three"]);
    await threads.resume(id, withAnswers(pending));
    assert.equal((await threads.state(id)).status, "finished");
  });

  check("what is not answered stays pending", async (threads, id) => {
    const [first = "", ...rest] = await startedWith(threads, id, ["one", "inner two", "three"]);
    await threads.resume(id, withAnswers([first]));
    const { status, pending } = await threads.state(id);
    assert.deepEqual({ status, pending: pending.toSorted() }, { status: "waiting", pending: rest.toSorted() });
    await threads.resume(id, withAnswers(rest));
    assert.equal((await threads.state(id)).status, "finished");
  });

  check("answers to what is not pending are refused, with all that came beside them", async (threads, id) => {
    const before = await startedWith(threads, id, ["one", "two"]);
    const refused = async (ids: string[]): Promise<void> => {
      await assert.rejects(threads.resume(id, withAnswers(ids)), isUnknownInterruptError);
    };
    await refused(["0".repeat(32)]);
    await refused([before[0] ?? "", "0".repeat(32)]);
    assert.deepEqual((await threads.state(id)).pending, before);
    await threads.resume(id, withAnswers(before.slice(0, 1)));
    await refused(before.slice(0, 1));
    assert.deepEqual((await threads.state(id)).pending, before.slice(1));
  });
}

function breaks(check: Check): void {
  check("a node that throws rejects with its words, and is run again", async (threads, id) => {
    await assert.rejects(threads.start(id, { questions: ["one"], breaks: "before" }), /broken before/);
    assert.equal((await threads.state(id)).status, "stopped");
    await threads.proceed(id);
    const { status, pending } = await threads.state(id);
    assert.deepEqual([status, pending.length], ["waiting", 1]);
  });

  check("one that throws behind what was answered is run again, and nothing is asked again", async (threads, id) => {
    const pending = await startedWith(threads, id, ["one"], "behind");
    await assert.rejects(threads.resume(id, withAnswers(pending)), /broken behind/);
    assert.deepEqual((await threads.state(id)).pending, []);
    assert.equal((await threads.state(id)).status, "stopped");
    await threads.proceed(id);
    assert.equal((await threads.state(id)).status, "finished");
  });

  check("one that throws after its answer has not finished, and is run again with it", async (threads, id) => {
    const pending = await startedWith(threads, id, ["one"], "after an answer");
    await assert.rejects(threads.resume(id, withAnswers(pending)), /broken after an answer/);
    assert.equal((await threads.state(id)).status, "stopped");
    await threads.proceed(id);
    assert.equal((await threads.state(id)).status, "finished");
  });

  check("what waits goes on waiting where it is", async (threads, id) => {
    const before = await startedWith(threads, id, ["one", "inner two"]);
    await threads.proceed(id);
    const { status, pending } = await threads.state(id);
    assert.deepEqual({ status, pending }, { status: "waiting", pending: before });
  });
}
