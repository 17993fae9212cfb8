import { END, START, StateGraph } from "@langchain/langgraph";
import {
  AssentState,
  addGate,
  approvalGate,
  createAssent,
  policy,
  type ApprovalVerdict,
  type Assent,
  type Clock,
  type Keys,
  type Ledger,
  type Policy,
} from "assent";
import { createDelivery, localThreads, type Threads } from "assent/service";
import { testAuthenticator, testKeys, type ManualClock } from "assent/testing";
import { z } from "zod";
import { askAlways, payments, type PaymentsOptions } from "../support/payments.js";
import { Thread } from "../support/thread.js";
import type { Storage } from "./storages.js";

const people = testAuthenticator();
const ownKeys = testKeys();
/** Who decides here. */
export const ana = await people.authenticate({ id: "ana" });

export type GraphNode = "before" | "agent" | "after";

export interface DeskOptions extends PaymentsOptions {
  /** Runs first in a node; may throw or wait. */
  inNode?: (node: GraphNode) => unknown;
  /** What the agent proposes, one cent amount each; one of 500 unless said. */
  proposes?: readonly number[];
  leaseMs?: number;
  stepsMax?: number;
  /** What policy says; a person is asked unless said. */
  policy?: Policy;
  clock?: Clock;
  /** What decisions are signed with; a key of this process unless said. */
  keys?: Keys;
  /** Stands around the storage's ledger. */
  around?: (ledger: Ledger) => Ledger;
}

/**
 * A whole set-up in verified trust: before → agent → gate → after, and a delivery for it, whose calls to its threads
 * are written down.
 */
export function desk(storage: Pick<Storage, "checkpointer" | "ledger">, options: DeskOptions = {}) {
  const { inNode = () => {}, proposes = [500], leaseMs = 30_000, stepsMax, around = (ledger) => ledger } = options;
  const { keys = ownKeys, policy = askAlways, clock } = options;
  const { pay, made } = payments(options);
  const ledger = around(storage.ledger);
  const setUp = { actions: [pay], policy, ledger, authenticators: [people], keys, leaseMs, ...(clock && { clock }) };
  const assent = createAssent({ ...setUp, trust: "verified" });
  const builder = new StateGraph(AssentState)
    .addNode("before", async () => {
      await inNode("before");
      return {};
    })
    .addNode("agent", async () => {
      await inNode("agent");
      const made = await Promise.all(proposes.map((cents) => assent.propose(pay, { to: "bo", cents })));
      return { proposals: made.flatMap((each) => each.proposals) };
    })
    .addNode("after", async () => {
      await inNode("after");
      return {};
    });
  const graph = addGate(builder, "gate", approvalGate(assent))
    .addEdge(START, "before")
    .addEdge("before", "agent")
    .addEdge("agent", "gate")
    .addEdge("gate", "after")
    .addEdge("after", END)
    .compile({ checkpointer: storage.checkpointer });
  const { threads, calls, most } = observed(localThreads({ graphs: { graph } }));
  const delivery = createDelivery({ ledger, threads, ...(stepsMax !== undefined && { stepsMax }) });
  return { assent, made, graph, threads, calls, most, delivery, thread: new Thread(graph) };
}

/** A call that reached a thread. */
export interface Call {
  threadId: string;
  what: "start" | "resume" | "proceed";
  answers?: Record<string, unknown>;
}

/** Writes down what is asked of threads, and how many calls each thread had to bear at once. */
function observed(threads: Threads): { threads: Threads; calls: Call[]; most: Map<string, number> } {
  const calls: Call[] = [];
  const now = new Map<string, number>();
  const most = new Map<string, number>();
  async function during<Result>(threadId: string, work: () => Promise<Result>): Promise<Result> {
    const running = (now.get(threadId) ?? 0) + 1;
    now.set(threadId, running);
    most.set(threadId, Math.max(most.get(threadId) ?? 0, running));
    try {
      return await work();
    } finally {
      now.set(threadId, (now.get(threadId) ?? 0) - 1);
    }
  }
  return {
    calls,
    most,
    threads: {
      state: (threadId) => during(threadId, () => threads.state(threadId)),
      start(threadId, input) {
        calls.push({ threadId, what: "start" });
        return during(threadId, () => threads.start(threadId, input));
      },
      resume(threadId, answers) {
        calls.push({ threadId, what: "resume", answers });
        return during(threadId, () => threads.resume(threadId, answers));
      },
      proceed(threadId) {
        calls.push({ threadId, what: "proceed" });
        return during(threadId, () => threads.proceed(threadId));
      },
    },
  };
}

/** Decides the oldest open review of a thread, as Ana. */
export async function decideNext(
  assent: Assent,
  threadId: string,
  decision: ApprovalVerdict = "approve",
  args?: unknown,
) {
  const { items } = await assent.reviews.list({ threadId });
  const [item] = items;
  if (item === undefined) throw new Error(`no review is open on ${threadId}`);
  const said = { by: ana, decision, digest: item.review.digest, note: "seen" };
  await assent.reviews.decide(item.review.id, args === undefined ? said : { ...said, args });
  return item;
}

/** Throws the first `times` times that it is called for `node`. */
export function breaksIn(node: GraphNode, times = 1): (node: GraphNode) => void {
  let left = times;
  return (at) => {
    if (at !== node || left === 0) return;
    left -= 1;
    throw new Error(`${node} broke`);
  };
}

export interface TwoGatesOptions extends PaymentsOptions, Pick<Storage, "checkpointer" | "ledger"> {
  leaseMs?: number;
  keys?: Keys;
  /** What policy says; a person is asked about both unless said. */
  policy?: Policy;
}

/** The left payment needs nobody. */
export const leftGoesThrough = policy({
  rules: [{ id: "left", action: "pay-left", route: "execute" }],
  default: { route: "review" },
});

/** Two gates side by side on one thread, each for a payment of its own, and a node that comes after both. */
export function twoGates(options: TwoGatesOptions) {
  const { checkpointer, ledger, leaseMs = 30_000, policy = askAlways, keys = ownKeys } = options;
  const left = payments({ ...options, name: "pay-left" });
  const right = payments({ ...options, name: "pay-right" });
  const setUp = { actions: [left.pay, right.pay], policy, ledger, authenticators: [people], keys, leaseMs };
  const assent = createAssent({ ...setUp, trust: "verified" });
  const builder = new StateGraph(AssentState.extend({ joined: z.number().optional() }))
    .addNode("agent", async () => {
      const made = [
        await assent.propose(left.pay, { to: "bo", cents: 1 }),
        await assent.propose(right.pay, { to: "cy", cents: 2 }),
      ];
      return { proposals: made.flatMap((each) => each.proposals) };
    })
    .addNode("join", () => ({ joined: 1 }));
  const withLeft = addGate(builder, "left", approvalGate(assent, { action: "pay-left" }));
  const graph = addGate(withLeft, "right", approvalGate(assent, { action: "pay-right" }))
    .addEdge(START, "agent")
    .addEdge("agent", "left")
    .addEdge("agent", "right")
    .addEdge(["left", "right"], "join")
    .addEdge("join", END)
    .compile({ checkpointer });
  const { threads, calls } = observed(localThreads({ graphs: { graph } }));
  const delivery = createDelivery({ ledger, threads });
  const made = (): string[] => [...left.made, ...right.made].map(({ args }) => args.to).toSorted();
  return { assent, graph, threads, calls, delivery, made, thread: new Thread(graph) };
}

/** A place where callers wait until `count` of them are there; `complete` lets others wait for that too. */
export function meetingOf(count: number): { (): Promise<void>; complete: Promise<void> } {
  let here = 0;
  let start = (): void => {};
  const complete = new Promise<void>((resolve) => {
    start = resolve;
  });
  const meet = (): Promise<void> => {
    here += 1;
    if (here === count) start();
    return complete;
  };
  return Object.assign(meet, { complete });
}

/** Waits for something, while the time of a clock goes by. */
export async function asTimeGoesBy(clock: ManualClock, awaited: Promise<unknown>): Promise<void> {
  const waiting = { isOver: false };
  const ended = awaited.finally(() => Object.assign(waiting, { isOver: true }));
  // It is awaited once time need not go by any more.
  ended.catch(() => undefined);
  while (!waiting.isOver) {
    await clock.advance(10_000);
    await new Promise((again) => void setImmediate(again));
  }
  await ended;
}

/** Aborts, and ends only when that arrives. */
export function abortedHere(stopping: AbortController, signal: AbortSignal = stopping.signal): Promise<never> {
  const ended = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
  stopping.abort(new Error("stopped by the test"));
  return ended;
}
