import type { Command, StateSnapshot } from "@langchain/langgraph";
import type { Clock } from "assent";
import type { Effect } from "../support/effects.js";
import type { Faults, Point } from "./faults.js";
import type { DatabaseUser, Intruder } from "./hosts/intruders.js";
import { ownerOf } from "./stage.js";

/** What a reviewer may say. */
export type Verdict = "approve" | "reject";

/** What agents want to do here: pay. Every order may be paid at most once, and only if it was approved. */
export interface Payment {
  order: string;
  cents: number;
}

export type ThreadConfig = { configurable: { thread_id: string } & Record<string, unknown> };

/** How a run differs from an ordinary one. */
export interface RunOptions {
  /** Cancels the run. */
  signal?: AbortSignal;
}

/** A compiled graph, as far as attacks reach for it. */
export interface AttackedGraph {
  invoke(input: Record<string, unknown> | Command | null, config: object, options?: RunOptions): Promise<unknown>;
  getState(config: object): Promise<StateSnapshot>;
  getStateHistory(config: object): AsyncIterableIterator<StateSnapshot>;
  updateState(config: object, values: Record<string, unknown> | null, asNode?: string): Promise<ThreadConfig>;
}

/** The names of a graph's nodes, so that one attack can aim at any graph. */
export interface Anatomy {
  agent: string;
  /** The node that asks. */
  gate: string;
  /** The node that comes after it. */
  after: string;
  /** Nodes inside the gate, if it is a subgraph. */
  inside: readonly string[];
}

/** A pause that waits for an answer. */
export interface Pending {
  interruptId: string;
  payment: Payment;
  /** What the interrupt shows. */
  value: unknown;
}

/** One thread of a graph that somebody attacks. */
export interface Victim {
  readonly graph: AttackedGraph;
  readonly anatomy: Anatomy;
  readonly config: ThreadConfig;
  /** How many threads its host can race at once. */
  readonly crowd: number;
  /** Every payment that its agents propose, in order. */
  readonly payments: readonly Payment[];

  /** What may go wrong on this thread. */
  readonly faults: Faults;

  /** Runs the thread to its first pause. */
  start(input?: Record<string, unknown>): Promise<void>;
  /** Does so in a process that is killed at a point. */
  die(point: Point, durability: "sync" | "exit"): Promise<void>;
  /** The same graph as another worker runs it, with connections of its own, and perhaps with a clock that is wrong. */
  elsewhere(clock?: Clock): AttackedGraph;
  /** Comes back once everything is stored that its host was given to store. */
  stored(): Promise<void>;
  /** Somebody who got hold of a database user. */
  intrude(as: DatabaseUser): Promise<Intruder>;
  /** What waits for an answer. */
  pending(): Promise<Pending[]>;
  /**
   * The reviewer's rightful decision on a pause, the first that is pending unless said, without bringing it to the
   * thread.
   */
  decide(verdict: Verdict, on?: Pending): Promise<Pending>;
  /** The same, and brings it to the thread. */
  decideAndResume(verdict: Verdict, on?: Pending): Promise<Pending>;
  /** One of several reviewers who decide at the same moment: decides, or is told that it is too late, and resumes. */
  vote(verdict: Verdict, reviewer: string): Promise<void>;
  /** State that would make this graph pay, if it believed its state. */
  forgery(): Promise<Record<string, unknown>>;
  /** The same as the whole input of one node. */
  forgedInput(): Promise<Record<string, unknown>>;
  /** The same for the state of the gate itself, where that is a subgraph. */
  forgedInside(): Promise<Record<string, unknown>>;
  /** What an agent would have written, had it proposed this other thread's payment; or one that nobody made. */
  forgedProposal(other: Victim | null): Promise<Record<string, unknown>>;
  /** The input of a gate that says of every payment that it is small and sure. */
  forgedFacts(): Promise<Record<string, unknown>>;
  /** How its state names its payments, in order. */
  ids(): Promise<string[]>;
  /** State that names what is to be paid by these ids. */
  forgedIds(ids: unknown): Record<string, unknown>;
  /** State by which the approval of the first payment would let the second be made, if the graph believed it. */
  forgedSwap(): Promise<Record<string, unknown>>;
  /** Another thread of the same graph, which would pay its own orders. */
  another(): Victim;
}

/** A graph with everything around it: makes victims and knows what they were entitled to. */
export interface Prey {
  victim(): Victim;
  /** Every thread that was made. */
  victims(): readonly Victim[];
  /** What was rightfully decided, by order. */
  entitled(): ReadonlyMap<string, Verdict>;
  /** The orders that may be paid, once each. */
  due(): string[];
  /** What has really happened on its threads, or to their orders. */
  effects(): Effect<Payment>[];
}

/** The orders that were approved. */
export function approved(entitled: ReadonlyMap<string, Verdict>): string[] {
  return [...entitled].filter(([, verdict]) => verdict === "approve").map(([order]) => order);
}

/** Those of all effects that belong to these threads: caused by them, or paying what only they may pay. */
export function effectsOf(all: readonly Effect<Payment>[], victims: readonly Victim[]): Effect<Payment>[] {
  const threads = new Set(victims.map(({ config }) => config.configurable.thread_id));
  return all.filter(({ threadId, args }) => threads.has(threadId) || threads.has(ownerOf(args.order)));
}

/** How many payments nothing entitled their thread to: not approved, made again, or another thread's. */
export function undueEffects(prey: Prey): number {
  const due = new Set(prey.due());
  // `delete` tells whether the order was still due.
  return prey.effects().filter(({ args, threadId }) => !(ownerOf(args.order) === threadId && due.delete(args.order)))
    .length;
}

/** What waits for an answer on a thread, without what was answered while its siblings wait. */
export async function pauses<Value>(
  { graph, config }: Pick<Victim, "graph" | "config">,
  paymentIn: (value: Value) => Payment,
): Promise<Pending[]> {
  const { tasks } = await graph.getState(config);
  return tasks
    .filter(({ result, error }) => result === undefined && error === undefined)
    .flatMap(({ interrupts }) => interrupts)
    .map(({ id = "", value }) => ({ interruptId: id, value, payment: paymentIn(value as Value) }));
}
