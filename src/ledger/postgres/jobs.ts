import type { Pool } from "pg";
import { AssentError } from "../../model/error.js";
import { jobsSchema, quoteSchema } from "./schema.js";
import { connection, once, type Run } from "./transaction.js";

/** The newest step of the jobs' schema that this version's graphile-worker knows. */
export const JOBS_NEWEST = 19;

/** Brings the schema of a ledger's jobs up to date; each step is a transaction of its own. */
export async function installJobs(pool: Pool, schema: string): Promise<void> {
  // Only who migrates needs it; graph hosts start without.
  const { Logger, runMigrations } = await import("graphile-worker");
  // What it has to say goes nowhere: what matters throws.
  const logger = new Logger(() => () => {});
  await runMigrations({ pgPool: pool, schema: jobsSchema(schema), logger });
}

/** For how many failures graphile-worker's growing waits are kept: the fifth is of two and a half minutes. */
const TRIES_GROWING = 5;

/** A job that a worker has taken. */
export interface TakenJob {
  id: string;
  /** The worker, as graphile-worker calls it. */
  by: string;
  /** When, as the database writes it: it tells one taking from the next. */
  takenAt: string;
}

/** What there is to do for a ledger, beside what graphile-worker does itself. All times are the database's. */
export class JobQueue {
  readonly #run: Run;
  readonly #ledger: string;
  readonly #jobs: string;

  constructor(pool: Pool, schema: string) {
    // They are few: to prepare them on each connection would not pay.
    const connected = connection(pool, undefined, false);
    this.#run = (text, values = []) => once(connected, text, values);
    this.#ledger = quoteSchema(schema);
    this.#jobs = quoteSchema(jobsSchema(schema));
  }

  /**
   * Sees to it that this version can work on the jobs, which may be of a newer one.
   *
   * @throws AssentError `ledger_outdated` if the jobs were migrated by a newer, breaking version.
   */
  async requireKnown(): Promise<void> {
    const [ahead] = await this.#run<{ id: number }>(
      `select id from ${this.#jobs}.migrations where breaking and id > $1 order by id limit 1`,
      [JOBS_NEWEST],
    );
    if (ahead === undefined) return;
    throw new AssentError("ledger_outdated", {
      what: "The ledger's jobs were migrated by a newer version",
      where: `migration ${ahead.id} of ${this.#jobs}`,
      seen: `this version knows migrations up to ${JOBS_NEWEST}`,
      fix: "Upgrade this process",
    });
  }

  /** Does a task again in a while. One that is there for earlier, because something happened since, stays where it is. */
  async later(task: string, id: string, payload: object, inMs: number): Promise<void> {
    await this.#add(task, id, payload, inMs, "preserve_run_at");
  }

  /** Sees to it that a task is there, waiting or running; one that is stays as it is. */
  async ensure(task: string, id: string, payload: object): Promise<void> {
    await this.#add(task, id, payload, 0, "unsafe_dedupe");
  }

  /** Does a task as soon as possible: the one that is there, or else a new one. */
  async now(task: string, id: string, payload: object): Promise<void> {
    await this.ensure(task, id, payload);
    await this.#run(
      `select from ${this.#jobs}.reschedule_jobs(
        array(select id from ${this.#jobs}.jobs where key = ${this.#ledger}.job_key($1, $2) and locked_at is null),
        run_at => clock_timestamp())`,
      [task, id],
    );
  }

  async #add(task: string, id: string, payload: object, inMs: number, mode: string): Promise<void> {
    await this.#run(
      `select ${this.#jobs}.add_job($1, $2::json, job_key => ${this.#ledger}.job_key($1, $3), job_key_mode => $5,
        run_at => clock_timestamp() + $4::float8 * interval '1 millisecond')`,
      [task, JSON.stringify(payload), id, inMs, mode],
    );
  }

  /**
   * Frees the jobs of workers that are gone: graphile-worker itself waits four hours. Whether one is there is told by the
   * lock that it holds while its connection lives, so one that is killed has lost it.
   */
  async freeOfTheDead(lockOf: (workerPool: string) => string): Promise<number> {
    const holders = await this.#run<{ holder: string }>(
      `select distinct locked_by as holder from ${this.#jobs}.jobs where locked_by is not null`,
    );
    let freed = 0;
    for (const { holder } of holders) {
      const unlocked = await this.#run(
        `select ${this.#jobs}.force_unlock_workers(array[$1])
        where pg_try_advisory_xact_lock_shared(hashtextextended($2, 7221))`,
        [holder, lockOf(holder)],
      );
      freed += unlocked.length;
    }
    return freed;
  }

  /** The jobs that somebody has taken, and that are not written to be done. */
  async takenBy(holder: string): Promise<TakenJob[]> {
    return this.#run<TakenJob>(
      `select id::text as id, locked_by as by, locked_at::text as "takenAt"
      from ${this.#jobs}.jobs where locked_by = $1 order by id`,
      [holder],
    );
  }

  /** Lets any worker have a job that somebody took, unless it was done or taken anew since. */
  async giveBack({ id, by, takenAt }: TakenJob): Promise<void> {
    await this.#run(
      `update ${this.#jobs}._private_jobs set locked_at = null, locked_by = null
      where id = $1 and locked_by = $2 and locked_at = $3::timestamptz`,
      [id, by, takenAt],
    );
  }

  /** How many deliveries have thrown and are tried again or given up, and what the last one of them threw. */
  async failing(): Promise<{ count: number; lastError: string | null }> {
    const [failing] = await this.#run<{ count: number; lastError: string | null }>(
      `select count(*)::int as count, (array_agg(last_error order by updated_at desc))[1] as "lastError"
      from ${this.#jobs}.jobs where task_identifier = 'deliver' and key is not null and last_error is not null`,
    );
    return failing ?? { count: 0, lastError: null };
  }

  /**
   * Has what goes on failing tried again after `waitMs` at most, for as long as it takes. graphile-worker alone waits e
   * times as long each time, up to six hours, and gives up at last: after an outage of minutes that is an hour too late.
   */
  async keepTrying(waitMs: number): Promise<void> {
    await this.#run(
      `with soon as (select clock_timestamp() + $2::float8 * interval '1 millisecond' as at)
      select from soon, ${this.#jobs}.reschedule_jobs(
        array(select id from ${this.#jobs}.jobs where key is not null and locked_at is null and attempts > $1
          and (run_at > soon.at or attempts >= max_attempts)),
        run_at => soon.at, attempts => $1)`,
      [TRIES_GROWING, waitMs],
    );
  }

  /** Removes what was given up because the same came again while it ran. */
  async clear(): Promise<void> {
    await this.#run(
      `select ${this.#jobs}.complete_jobs(array(
        select id from ${this.#jobs}.jobs where key is null and attempts >= max_attempts and locked_at is null))`,
    );
  }
}
