import { Command, type StateSnapshot } from "@langchain/langgraph";
import type { Outcome } from "assent";

/** What a test needs of a compiled graph, whatever its state. */
interface Runnable {
  invoke(input: unknown, config: object): Promise<unknown>;
  getState(config: object): Promise<StateSnapshot>;
  getStateHistory(config: object): AsyncIterable<StateSnapshot>;
}

/** What a paused gate shows, as far as tests look at it. */
export interface Shown {
  review: string;
  proposal: string;
  round: number;
  gate: string;
  trust: string;
  digest: string;
  reason: string | null;
  howToDecide: string;
  kind: string;
  explanation: string | null;
  by: string[] | null;
  withinMs: number | null;
  context: unknown;
  summary: string;
  description: string;
  args: Record<string, unknown>;
}

/** One thread of one graph: how tests start, answer and look at it. */
export class Thread {
  readonly config: { configurable: { thread_id: string } };
  readonly #graph: Runnable;

  constructor(graph: unknown, threadId: string = crypto.randomUUID()) {
    this.#graph = graph as Runnable;
    this.config = { configurable: { thread_id: threadId } };
  }

  get id(): string {
    return this.config.configurable.thread_id;
  }

  /** Runs with new input. */
  async start(input: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    return (await this.#graph.invoke(input, this.config)) as Record<string, unknown>;
  }

  /** Resumes with an answer. */
  async answer(resume: unknown): Promise<Record<string, unknown>> {
    return (await this.#graph.invoke(new Command({ resume }), this.config)) as Record<string, unknown>;
  }

  /** Goes on where the thread is, without an answer. */
  async goOn(config: object = this.config): Promise<Record<string, unknown>> {
    return (await this.#graph.invoke(null, config)) as Record<string, unknown>;
  }

  state(): Promise<StateSnapshot> {
    return this.#graph.getState(this.config);
  }

  async history(): Promise<StateSnapshot[]> {
    const all: StateSnapshot[] = [];
    for await (const each of this.#graph.getStateHistory(this.config)) all.push(each);
    return all;
  }

  /** What waits for an answer now, with the ids of the interrupts. */
  async pending(): Promise<{ id: string; value: Shown }[]> {
    const { tasks } = await this.state();
    return tasks
      .filter(({ result }) => result === undefined)
      .flatMap(({ interrupts }) => interrupts.map(({ id, value }) => ({ id: id ?? "", value: shown(value) })));
  }

  /** The one thing that waits for an answer now. */
  async asked(): Promise<Shown> {
    const all = await this.pending();
    if (all.length !== 1) throw new Error(`${all.length} reviews are pending, not one`);
    return all[0]!.value;
  }

  async outcomes(): Promise<Outcome[]> {
    const { values } = await this.state();
    return Object.values((values as { outcomes?: Record<string, Outcome> }).outcomes ?? {});
  }

  /** The one outcome there is. */
  async outcome(): Promise<Outcome> {
    const all = await this.outcomes();
    if (all.length !== 1) throw new Error(`there are ${all.length} outcomes, not one`);
    return all[0]!;
  }

  /** Whether the thread has run to its end. */
  async finished(): Promise<boolean> {
    const { next, tasks } = await this.state();
    return next.length === 0 && tasks.length === 0;
  }
}

function shown(value: unknown): Shown {
  const payload = value as Omit<Shown, "args"> & { action_request: { args: Record<string, unknown> } };
  return { ...payload, args: payload.action_request.args };
}
