import { EventEmitter } from "node:events";
import type { Pool } from "pg";
import { JobQueue } from "../ledger/postgres/jobs.js";
import { jobsSchema, quoteSchema } from "../ledger/postgres/schema.js";
import { systemClock, type Clock } from "../model/clock.js";
import { AssentError } from "../model/error.js";
import type { Assent } from "../nodes/assent.js";
import type { DistributeOptions } from "../nodes/distribute.js";
import { outside } from "./apart.js";
import { followUpThreads } from "./follow-up-threads.js";
import { JobRunner } from "./job-runner.js";
import { Presence } from "./presence.js";
import type { Threads } from "./threads.js";
import type { WorkerEvent } from "./worker-event.js";
import { SWEEP, workerTasks } from "./worker-tasks.js";

/** Options of {@link createWorker}. */
export interface WorkerOptions {
  /** What decides nothing here, but whose ledger is worked for and whose policy says what follows a deadline. */
  assent: Assent;
  /**
   * A pool whose user owns the ledger's schema; the jobs lie beside it. It takes three connections and one more for each
   * two jobs at a time.
   */
  pool: Pool;
  /** The schema that `migrate` made; `assent` unless said. */
  schema?: string;
  /** Others whose actions may be taken back or run again; the worker's own `assent` comes first. */
  assents?: readonly Assent[];
  /** Every thread of the ledger: all workers on one ledger reach all its threads. */
  threads: Threads;
  /** How many jobs it works on at the same time; 4 unless said. */
  concurrency?: number;
  /**
   * For how many milliseconds a thread that has work left has to have been still before it counts as cut off, and is run
   * on; 60,000 unless said. Longer than your slowest node takes.
   */
  settleMs?: number;
  /** How old a review or proposal has to be, in milliseconds, before the ledger is compared with the threads; 60,000. */
  graceMs?: number;
  /** How reviews that are nobody's are shared out, once a minute; not at all unless said. */
  distribution?: DistributeOptions;
  /** What the minutes are measured by after which it looks at its jobs; the machine's own unless said. All else goes by the database's. */
  clock?: Clock;
  /** Told everything that happens. What it throws is a warning of the process, and changes nothing else. */
  onEvent?: (event: WorkerEvent) => void;
}

/** What a worker tells, by the kinds of its events. */
export type WorkerEventMap = { [Kind in WorkerEvent["kind"]]: [Extract<WorkerEvent, { kind: Kind }>] };

/** Does what follows from decisions and deadlines. */
export interface Worker {
  /**
   * Works until it is stopped; settles then, or rejects with what it cannot go on without.
   *
   * @throws AssentError `ledger_outdated` before `migrate`, or once a newer version has migrated the jobs so that this one
   *   cannot work on them; `ledger_unavailable` if the database is away at the start. One that goes away later is told
   *   of as `trouble`, and waited for.
   */
  run(): Promise<void>;
  /** Takes on nothing more and settles once what it had begun is done. */
  stop(): Promise<void>;
  /** Compares the ledger with its threads, does everything that is due, and returns: for scripts and tests. */
  drain(): Promise<void>;
  /** The same events as `onEvent` is told, each by its kind. */
  readonly events: EventEmitter<WorkerEventMap>;
}

/** How often the ledger is compared with its threads. */
const SWEEP_MS = 60_000;

/** After how long what goes on failing is tried again. */
const WAIT_MAX_MS = 5 * 60_000;

/** After how long a worker that has lost its database looks for it again. */
const AWAY_MS = 2_000;

/**
 * A worker: it brings decisions to threads, lets deadlines pass, reminds of them, and mends what was lost on the way.
 * Run any number, anywhere; they share the jobs in the ledger's database. A decision's job is written with the decision.
 *
 * If it dies, its connection dies with it, and another worker takes on its jobs within a minute. What it had begun is
 * begun again; effects hang on permits, so none happens twice.
 *
 * @throws AssentError `config_invalid` for options that cannot be used.
 * @example
 * ```ts
 * import type { Assent } from "assent";
 * import { openPostgres } from "assent/postgres";
 * import { createWorker, langgraphThreads } from "assent/service";
 *
 * declare const assent: Assent;
 *
 * const { pool } = await openPostgres({ url: "postgres://localhost/app" });
 * const threads = langgraphThreads({ url: "http://127.0.0.1:2024" });
 * const worker = createWorker({ assent, pool, threads });
 * process.once("SIGTERM", () => void worker.stop());
 * await worker.run();
 * ```
 */
export function createWorker(options: WorkerOptions): Worker {
  const { concurrency = 4, settleMs = 60_000, graceMs = 60_000, schema = "assent", clock = systemClock } = options;
  quoteSchema(schema);
  requireNumbers({ concurrency, settleMs, graceMs });
  return new JobWorker({ ...options, concurrency, settleMs, graceMs, schema, clock });
}

type Settled = WorkerOptions &
  Required<Pick<WorkerOptions, "concurrency" | "settleMs" | "graceMs" | "schema" | "clock">>;

class JobWorker implements Worker {
  readonly events = new EventEmitter<WorkerEventMap>();
  readonly #options: Settled;
  readonly #queue: JobQueue;
  /** Those whose jobs are ours: one, and those that have retired and not ended. */
  readonly #runners = new Set<JobRunner>();
  #running: { stopping: AbortController; ended: Promise<void> } | undefined;

  constructor(options: Settled) {
    this.#options = options;
    this.#queue = new JobQueue(options.pool, options.schema);
  }

  async run(): Promise<void> {
    if (this.#running !== undefined) {
      throw new AssentError("config_invalid", { what: "The worker is running already", where: "run" });
    }
    const stopping = new AbortController();
    const ended = this.#present((presence) => this.#runUntil(stopping.signal, presence));
    this.#running = { stopping, ended };
    try {
      await ended;
    } finally {
      this.#running = undefined;
    }
  }

  async stop(): Promise<void> {
    this.#running?.stopping.abort();
    // How it ended is for whoever runs it.
    await this.#running?.ended.catch(() => undefined);
  }

  async drain(): Promise<void> {
    await this.#present(async (presence) => {
      await this.#queue.now(SWEEP, SWEEP, {});
      await this.#runnerOf(presence).drain();
    });
  }

  readonly #tell = (event: WorkerEvent): void => {
    outside(() => {
      try {
        this.#options.onEvent?.(event);
        // TypeScript does not see that each kind goes with its own event.
        (this.events as EventEmitter).emit(event.kind, event);
      } catch (error) {
        // What is told of is so, whoever cannot bear to hear it: its job is not done again for that.
        const { message = String(error), stack: detail } = error instanceof Error ? error : {};
        const warning = `Who was told of "${event.kind}" by a worker threw: ${message}`;
        process.emitWarning(warning, { type: "AssentWarning", ...(detail !== undefined && { detail }) });
      }
    });
  };

  /** Runs `work` as a worker that the others can see. */
  async #present(work: (presence: Presence) => Promise<void>): Promise<void> {
    const { pool } = this.#options;
    const presence = new Presence(pool);
    const loud = quiet(pool);
    try {
      await this.#tidy();
      await work(presence);
    } catch (error) {
      throw unavailable(error);
    } finally {
      await presence.close();
      loud();
    }
  }

  #runnerOf(presence: Presence): JobRunner {
    const { assent, assents = [], pool, schema, concurrency, clock, settleMs, graceMs } = this.#options;
    const threads = followUpThreads({
      ledger: assent.ledger,
      assents: [assent, ...assents],
      threads: this.#options.threads,
      onStranded: (threadId, action) =>
        this.#tell({ kind: "trouble", what: `${threadId} waits: no assent of this worker has the action "${action}"` }),
    });
    const threadName = (threadId: string): string => `assent.thread.${schema}.${threadId}`;
    const bringing = { ledger: assent.ledger, threads, settleMs, stepsMax: 100 };
    const { distribution = { strategy: "any" } } = this.#options;
    const shared = { queue: this.#queue, presence, tell: this.#tell };
    return new JobRunner({
      ...shared,
      pool,
      jobsSchema: jobsSchema(schema),
      tasks: workerTasks({ ...shared, assent, distribution, threadName, bringing, graceMs, sweepMs: SWEEP_MS }),
      concurrency,
      nameOf: (id) => this.#runnerName(id),
      clock,
    });
  }

  /** Keeps a runner at work: where one retires by itself the next takes over at once, while that one ends. */
  async #runUntil(signal: AbortSignal, presence: Presence): Promise<void> {
    await this.#queue.now(SWEEP, SWEEP, {});
    const sweeping = new AbortController();
    let swept: Promise<void> | undefined;
    /** Of runners that have not ended, or that could not finish what they had begun. */
    const ends = new Set<Promise<void>>();
    try {
      while (!signal.aborted) {
        const runner = this.#runnerOf(presence);
        const begun = await runner.begin(signal).catch((error: unknown) => unavailable(error));
        if (begun instanceof AssentError) {
          if (swept === undefined || begun.code !== "ledger_unavailable") throw begun;
          this.#tell({ kind: "trouble", what: "The database of the jobs cannot be asked, and is looked for again" });
          await this.#options.clock.sleep(AWAY_MS, signal).catch(() => undefined);
          continue;
        }
        const { retired, ended } = begun;
        this.#runners.add(runner);
        const gone = ended.finally(() => this.#runners.delete(runner));
        ends.add(gone);
        // What one failed of is thrown once all have ended.
        gone.then(
          () => ends.delete(gone),
          () => undefined,
        );
        swept ??= this.#keepSweeping(sweeping.signal);
        await retired;
      }
    } finally {
      // Until the last job is done, so that nobody takes it for a dead worker's.
      await Promise.allSettled(ends);
      sweeping.abort();
      await swept;
    }
    await Promise.all(ends);
  }

  /** Each worker sees to it that there is a next comparison, whatever became of the worker that had the last one. */
  async #keepSweeping(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(SWEEP_MS, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        // Else what is ours would be freed too, if the connection broke that our names are held on.
        for (const runner of this.#runners) await runner.hold();
        await this.#tidy();
        for (const runner of this.#runners) await runner.giveBackLost();
        await this.#queue.ensure(SWEEP, SWEEP, {});
      } catch (error) {
        this.#tell({ kind: "trouble", what: unavailable(error).message });
      }
    }
  }

  #runnerName(id: string): string {
    return `assent.worker.${this.#options.schema}.${id}`;
  }

  /** Has the jobs of the dead begun again, and what goes on failing tried again soon. */
  async #tidy(): Promise<void> {
    await this.#queue.freeOfTheDead((id) => this.#runnerName(id));
    await this.#queue.keepTrying(WAIT_MAX_MS);
  }
}

function requireNumbers(numbers: Record<string, number>): void {
  for (const [where, seen] of Object.entries(numbers)) {
    if (Number.isInteger(seen) && seen >= (where === "concurrency" ? 1 : 0)) continue;
    throw new AssentError("config_invalid", { what: `\`${where}\` takes a whole number`, where, seen });
  }
}

/** What a pool needs so that a connection that breaks ends nothing; gives what takes it away again. */
function quiet(pool: Pool): () => void {
  const ignore = (): void => {};
  const onConnect = (client: { on: (name: "error", listener: () => void) => unknown }): void => {
    client.on("error", ignore);
  };
  pool.on("error", ignore).on("connect", onConnect);
  return () => void pool.off("error", ignore).off("connect", onConnect);
}

function unavailable(error: unknown): AssentError {
  if (AssentError.isInstance(error)) return error;
  const { message } = error as { message?: string };
  return new AssentError("ledger_unavailable", {
    what: "The database of the ledger's jobs cannot be asked",
    seen: message,
    fix: "Nothing was lost; start the worker again when the database is back",
    cause: error,
  });
}
