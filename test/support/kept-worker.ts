import type { Plugin } from "vitest/config";
import { type PoolOptions, ThreadsPoolWorker, type WorkerRequest } from "vitest/node";

type Listener = (heard: unknown) => void;

/**
 * A worker thread that outlives the run that started it. Vitest ends its workers after each run, and mutation testing
 * is a run per mutant; one that stays loads what is tested once. Each run evaluates its test files anew.
 */
class KeptWorker extends ThreadsPoolWorker {
  readonly #listeners = new Map<string, Set<Listener>>();
  #config: unknown;
  #isStarted = false;
  #isAskedToStop = false;

  override on(event: string, callback: Listener): void {
    this.#listeners.set(event, (this.#listeners.get(event) ?? new Set()).add(callback));
    super.on(event, callback);
  }

  override off(event: string, callback: Listener): void {
    this.#listeners.get(event)?.delete(callback);
    super.off(event, callback);
  }

  override async start(): Promise<void> {
    this.#isAskedToStop = false;
    if (!this.#isStarted) await super.start();
  }

  override send(message: WorkerRequest): void {
    if (message.type === "stop") {
      this.#isAskedToStop = true;
      this.#answer("stopped");
    } else if (message.type === "start") {
      this.#config = message.context.config;
      if (this.#isStarted) return this.#answer("started");
      this.#isStarted = true;
      super.send(message);
    } else if (message.type === "run") {
      // The thread has the configuration of its first run; which tests to run is in that of this one.
      super.send({ ...message, context: { ...message.context, config: this.#config } } as WorkerRequest);
    } else {
      super.send(message);
    }
  }

  override async stop(): Promise<void> {
    if (this.#isAskedToStop) {
      for (const [event, callbacks] of this.#listeners) for (const callback of callbacks) super.off(event, callback);
    } else {
      // Whatever hung is not used again.
      await super.stop();
      this.#isStarted = false;
    }
    this.#listeners.clear();
  }

  #answer(type: "started" | "stopped"): void {
    const callbacks = [...(this.#listeners.get("message") ?? [])];
    queueMicrotask(() => {
      for (const callback of callbacks) callback({ type, __vitest_worker_response__: true });
    });
  }
}

/** Runs all tests in one worker that stays. */
export function keptWorker(): Plugin {
  let worker: KeptWorker | undefined;
  return {
    name: "assent-kept-worker",
    configureVitest({ project }) {
      const createPoolWorker = (options: PoolOptions): KeptWorker => (worker ??= new KeptWorker(options));
      Object.assign(project.config, { pool: "kept", poolRunner: { name: "kept", createPoolWorker } });
    },
  };
}
