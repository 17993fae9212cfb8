import type { BaseCheckpointSaver, Command, StateSnapshot } from "@langchain/langgraph";
import type { Ledger } from "assent";
import type { EffectFile } from "../support/effects.js";

/** What a reviewer may say. */
export type Verdict = "approve" | "reject";

/** What agents want to do here: pay. Every order may be paid at most once, and only if it was approved. */
export interface Payment {
  order: string;
  cents: number;
}

/** Where threads and ledger are kept during an attack. */
export interface Host {
  name: string;
  checkpointer: BaseCheckpointSaver;
  ledger: Ledger;
  close(): Promise<void>;
}

export type ThreadConfig = { configurable: { thread_id: string } & Record<string, unknown> };

/** A compiled graph, as far as attacks reach for it. */
export interface AttackedGraph {
  invoke(input: Record<string, unknown> | Command | null, config: object): Promise<unknown>;
  getState(config: object, options?: { subgraphs?: boolean }): Promise<StateSnapshot>;
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
  /** Every payment that its agents propose, in order. */
  readonly payments: readonly Payment[];

  /** Runs the thread to its first pause. */
  start(): Promise<void>;
  /** What waits for an answer. */
  pending(): Promise<Pending[]>;
  /** The reviewer's rightful decision on the pause that comes first, without bringing it to the thread. */
  decide(verdict: Verdict): Promise<Pending>;
  /** The same, and brings it to the thread. */
  decideAndResume(verdict: Verdict): Promise<Pending>;
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
  /** Another thread of the same graph, paying into the same file. */
  another(): Victim;
}

/** A graph with everything around it: makes victims and knows what they were entitled to. */
export interface Prey {
  readonly effects: EffectFile<Payment>;
  victim(): Victim;
  /** Every thread that was made. */
  victims(): readonly Victim[];
  /** What was rightfully decided, by order. */
  entitled(): ReadonlyMap<string, Verdict>;
}

/** How many payments nothing entitled their thread to: not approved, made again, or another thread's. */
export function undueEffects(prey: Prey): number {
  const owners = new Map(
    prey
      .victims()
      .flatMap(({ config, payments }) => payments.map(({ order }) => [order, config.configurable.thread_id])),
  );
  const due = new Set([...prey.entitled()].filter(([, verdict]) => verdict === "approve").map(([order]) => order));
  // `delete` tells whether the order was still due.
  return prey.effects
    .read()
    .filter(({ args, threadId }) => !(owners.get(args.order) === threadId && due.delete(args.order))).length;
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

/** One way of carrying an attack out, on threads of its own. */
export interface Way {
  /** What is tried, as the end of a sentence. */
  name: string;
  /** How many payments each gate of the graph is asked for; one gate with one payment unless said. */
  gates?: readonly number[];
  /** Whether it makes LangGraph leave the gate unfinished, so that the thread has to be sent back into it. */
  leadsPast?: boolean;
  carryOut: (victim: Victim, verdict: Verdict) => Promise<void>;
}

/** Something that happens to interrupted threads, by malice or by accident. */
export interface Attack {
  /** As it stands in the table. */
  title: string;
  ways: readonly Way[];
  /** Whether at least one of its ways makes a graph that trusts its `interrupt()` pay what it should not. */
  harmsPlain: boolean;
  /** Whether it is a race: which decision wins, and how many effects it causes where it succeeds, depends on timing. */
  racing?: boolean;
}

/** The ways in which LangGraph refuses a command or an edit that makes no sense to it. */
const REFUSALS = ["EmptyInputError", "InvalidUpdateError", "UnknownInterruptError"];

/** Does what may be refused. Any other failure is a mistake of the attack's own, and would hide that it did nothing. */
export async function attempt(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Error && REFUSALS.includes(error.name))) throw error;
  }
}
