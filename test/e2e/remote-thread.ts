import type { ThreadState } from "@langchain/langgraph-sdk";
import type { Outcome } from "assent";
import type { Shown } from "../support/thread.js";
import type { DevServer } from "./dev-server.js";

/** The state of any graph of graphs/. */
export interface Values extends Record<string, unknown> {
  outcomes: Record<string, Outcome>;
}

/** What a paused gate shows, as it comes over the wire. */
export interface Asked extends Omit<Shown, "args"> {
  kind: string;
  facts: { confidence: number };
  context: unknown;
  action_request: { action: string; args: Record<string, unknown> };
  responseSchema: { properties: Record<string, Record<string, unknown>> };
}

/** One thing that a thread waits for. */
export interface Pending {
  /** The id of the interrupt. */
  id: string;
  value: Asked;
}

/** One thread on a server, as a client drives it. */
export class RemoteThread {
  readonly #server: DevServer;
  readonly #graph: string;
  id = "";

  constructor(server: DevServer, graph: string) {
    this.#server = server;
    this.#graph = graph;
  }

  async start(input: Record<string, unknown>): Promise<void> {
    this.id = (await this.#server.client.threads.create()).thread_id;
    await this.#server.client.runs.wait(this.id, this.#graph, { input });
  }

  async resume(resume: unknown): Promise<void> {
    await this.#server.client.runs.wait(this.id, this.#graph, { command: { resume } });
  }

  state(): Promise<ThreadState<Values>> {
    return this.#server.client.threads.getState<Values>(this.id);
  }

  async status(): Promise<string> {
    return (await this.#server.client.threads.get(this.id)).status;
  }

  /** Everything that it asks now, by the ids of the interrupts. */
  async pending(): Promise<Pending[]> {
    const { tasks } = await this.state();
    return tasks.flatMap(({ interrupts }) => interrupts).map(({ id = "", value }) => ({ id, value: value as Asked }));
  }

  /** The one thing that it asks, as a client reads it. */
  async asks(): Promise<Asked> {
    const pending = await this.pending();
    if (pending.length !== 1) throw new Error(`${pending.length} reviews are pending, not one`);
    return pending[0]!.value;
  }

  /** Every outcome there is. */
  async outcomes(): Promise<Outcome[]> {
    return Object.values((await this.state()).values.outcomes ?? {});
  }
}
