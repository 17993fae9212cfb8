import { EventEmitter, once } from "node:events";
import { Logger, run, runOnce, type RunnerOptions, type TaskList, type WorkerEvents } from "graphile-worker";
import type { Pool } from "pg";
import type { JobQueue } from "../ledger/postgres/jobs.js";
import type { Clock } from "../model/clock.js";
import { AssentError } from "../model/error.js";
import { JobsInHand } from "./jobs-in-hand.js";
import type { Presence } from "./presence.js";
import { releasedOnce } from "./released-once.js";
import type { WorkerEvent } from "./worker-event.js";

/** What a runner works by. */
export interface JobRunnerOptions {
  pool: Pool;
  /** The schema of graphile-worker's own. */
  jobsSchema: string;
  tasks: TaskList;
  concurrency: number;
  queue: JobQueue;
  presence: Presence;
  /** What a runner is held under, by its id, for as long as its jobs are a living one's. */
  nameOf: (id: string) => string;
  clock: Clock;
  tell: (event: WorkerEvent) => void;
}

/** What a runner of graphile-worker sets the exit code to as it ends because of a migration; this process goes on. */
const MIGRATED = 57;

/** How long lies between two looks at a runner that has retired; with nothing in hand at both, its end is not waited for. */
const ENDING_MS = 10_000;

/**
 * One runner of graphile-worker. It retires when it is told to; when any graphile-worker's schema in the database is
 * migrated, be it another application's; and when it could not write what became of a job. Once it has retired it takes on
 * nothing more, and it ends when what it had begun is done.
 *
 * If it dies, so does the connection that its name is held on, and its jobs are free for others. So are they once it has
 * ended: what it could not write is done again, which every task stands.
 */
export class JobRunner {
  readonly #options: JobRunnerOptions;
  readonly #inHand: JobsInHand;
  readonly #settings: RunnerOptions & { events: WorkerEvents };
  readonly #retires: Promise<unknown>;
  #id: string | undefined;
  #isOver = false;
  /** Why no job could be taken, or why it could not be written what became of one. */
  #failure: unknown;

  constructor(options: JobRunnerOptions) {
    const { pool, jobsSchema, tasks, concurrency, queue, tell } = options;
    this.#options = options;
    this.#inHand = new JobsInHand(queue);
    const events: WorkerEvents = new EventEmitter();
    events.on("job:error", ({ job, error }) => {
      const { task_identifier: task, payload, attempts: attempt } = job;
      tell({ kind: "failed", task, payload, attempt, error });
    });
    for (const name of ["worker:getJob:error", "pool:fatalError"] as const) {
      events.on(name, ({ error }) => {
        this.#failure = error;
      });
    }
    this.#retires = once(events, "pool:gracefulShutdown");
    const startWorker = async (_context: unknown, { worker }: { worker: { workerPool: { id: string } } }) => {
      this.#id = worker.workerPool.id;
      await this.hold();
    };
    const seen = { name: "assent", version: "1.0.0", worker: { hooks: { startWorker } } };
    this.#settings = {
      pgPool: releasedOnce(pool),
      schema: jobsSchema,
      concurrency,
      taskList: this.#inHand.known(tasks, (task) => this.#requireHeld(task)),
      parsedCronItems: [],
      noHandleSignals: true,
      logger: loggerFor(tell),
      events,
      // Without a batch, be it of one, nobody would wait for the end of a job to be written, or see that it fails.
      preset: { plugins: [seen], worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    };
  }

  /**
   * Takes on jobs until `signal` aborts, or it retires by itself: `retired` once it takes on nothing more, `ended` once
   * what it had begun is done.
   *
   * @throws AssentError `ledger_outdated` if the jobs were migrated by a newer, breaking version.
   */
  async begin(signal: AbortSignal): Promise<{ retired: Promise<unknown>; ended: Promise<void> }> {
    await this.#options.queue.requireKnown();
    const { exitCode } = process;
    const runner = await run(this.#settings);
    // That what was begun could not be finished is told by the runner's own end.
    const stop = (): void => void runner.stop().catch(() => undefined);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    // One that does not come to its own end keeps a timer, and with it the process, until it is stopped.
    const ended = this.#endOf(runner.promise).finally(stop);
    const retired = Promise.race([this.#retires, ended]).finally(() => {
      signal.removeEventListener("abort", stop);
      if (process.exitCode === MIGRATED) process.exitCode = exitCode;
    });
    return { retired, ended };
  }

  /** Does everything that is due, once, and throws if that may not be all, or may not be written. */
  async drain(): Promise<void> {
    await this.#endOf(runOnce(this.#settings));
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Holds its name, by which others see that it lives: at the start, before it does a job, and each minute. */
  async hold(): Promise<void> {
    const { presence, nameOf } = this.#options;
    if (this.#id !== undefined && !this.#isOver) await presence.hold(nameOf(this.#id));
  }

  /** Gives back what it has taken and does not know of, if that was so at the last look too. */
  async giveBackLost(): Promise<void> {
    if (this.#id !== undefined) await this.#inHand.giveBackLost(this.#id);
  }

  /** graphile-worker goes on where it could not be held at the start, and a connection may have broken since. */
  async #requireHeld(task: string): Promise<void> {
    await this.hold();
    if (this.#isOver) throw new AssentError("ledger_unavailable", { what: "The worker has ended", where: task });
  }

  /**
   * graphile-worker's own end does not always come: where it could not be written that one of several jobs is done, it
   * goes on waiting (graphile/worker#636), and on a connection that hangs it waits as long as that does. By then all its
   * jobs are done, but for one that it may have asked for and is told of too late.
   */
  async #endOf(end: Promise<unknown>): Promise<void> {
    const ended = new AbortController();
    try {
      await Promise.race([end, this.#overdue(ended.signal)]);
    } finally {
      ended.abort();
      this.#isOver = true;
      if (this.#id !== undefined) await this.#options.presence.letGo(this.#options.nameOf(this.#id));
    }
  }

  async #overdue(ended: AbortSignal): Promise<void> {
    await this.#retires;
    let wasIdle = false;
    while (!ended.aborted) {
      const { isIdle } = this.#inHand;
      if (isIdle && wasIdle) return;
      wasIdle = isIdle;
      await this.#options.clock.sleep(ENDING_MS, ended).catch(() => undefined);
    }
  }
}

/** graphile-worker's warnings. What a job threw comes as an event. */
function loggerFor(tell: (event: WorkerEvent) => void): Logger {
  return new Logger(() => (level, message, meta) => {
    const isWarning = ["error", "warning"].includes(level);
    if (!isWarning || meta?.["failure"] === true) return;
    const isMigration = message.includes("breaking migration to database schema");
    tell({
      kind: "trouble",
      what: isMigration ? "Jobs of this database are migrated: the worker begins anew" : message,
    });
  });
}
