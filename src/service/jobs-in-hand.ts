import type { TaskList } from "graphile-worker";
import type { JobQueue, TakenJob } from "../ledger/postgres/jobs.js";

/**
 * The jobs that a runner is working on. What the queue says that it has taken, and it does not know of, was lost on the
 * way: the connection broke after the job was taken and before the runner heard so, or as it was to be written that the
 * job is done. graphile-worker gives such a job to nobody for four hours while the runner lives.
 */
export class JobsInHand {
  readonly #queue: JobQueue;
  readonly #inHand = new Set<string>();
  #missing: TakenJob[] = [];

  constructor(queue: JobQueue) {
    this.#queue = queue;
  }

  /** Whether it is working on none. */
  get isIdle(): boolean {
    return this.#inHand.size === 0;
  }

  /** The same tasks, each of whose jobs is in hand from its first moment to its last; `first` is done before each. */
  known(tasks: TaskList, first: (task: string) => Promise<void>): TaskList {
    const known: TaskList = {};
    for (const [name, task] of Object.entries(tasks)) {
      if (task === undefined) continue;
      known[name] = async (payload, helpers) => {
        const { id } = helpers.job;
        this.#inHand.add(id);
        try {
          await first(name);
          return await task(payload, helpers);
        } finally {
          this.#inHand.delete(id);
        }
      };
    }
    return known;
  }

  /**
   * Gives back what this runner has taken and does not know of, if that was so at the last look too: at one look
   * alone the answer may be on its way. If it is still on its way then, the job is begun beside itself, which every task
   * stands.
   */
  async giveBackLost(runner: string): Promise<void> {
    const taken = await this.#queue.takenBy(runner);
    const missing = taken.filter(({ id }) => !this.#inHand.has(id));
    const before = new Map(this.#missing.map(({ id, takenAt }) => [id, takenAt]));
    this.#missing = missing;
    for (const job of missing) if (before.get(job.id) === job.takenAt) await this.#queue.giveBack(job);
  }
}
