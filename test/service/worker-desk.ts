import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import { postgresLedger } from "assent/postgres";
import { createWorker, type WorkerEvent, type WorkerOptions } from "assent/service";
import type { Clock } from "assent";
import { jobsSchema } from "../../src/ledger/postgres/schema.js";
import { freshSchema, type FreshSchema } from "../support/postgres.js";
import { desk, type DeskOptions } from "./desk.js";

/** A worker, with everything that it told. */
export interface WorkerDesk {
  worker: ReturnType<typeof createWorker>;
  told: WorkerEvent[];
  /** What it told of one kind. */
  of: <Kind extends WorkerEvent["kind"]>(kind: Kind) => Extract<WorkerEvent, { kind: Kind }>[];
}

/** A schema with a desk's graph and ledger in it, and workers for it. */
export interface WorkerScene {
  fresh: FreshSchema;
  desk: (options?: DeskOptions & { ledgerClock?: Clock; clock?: Clock }) => ReturnType<typeof desk>;
  workerFor: (of: ReturnType<typeof desk>, options?: Partial<WorkerOptions>) => WorkerDesk;
  /** Keys of the jobs that there are. */
  jobs: () => Promise<string[]>;
  /** Makes every job due. */
  makeDue: () => Promise<void>;
  /** Comes back once the comparison at a worker's start is over, which is when it has asked for the next one. */
  compared: () => Promise<void>;
}

export async function openScene(): Promise<WorkerScene> {
  const fresh = await freshSchema({ connectionsMax: 16 });
  const { pool, schema } = fresh;
  const checkpointer = new PostgresSaver(pool, undefined, { schema });
  await checkpointer.setup();
  const jobs = jobsSchema(schema);
  return {
    fresh,
    desk: ({ ledgerClock, ...options } = {}) =>
      desk(
        { checkpointer, ledger: postgresLedger({ pool, schema, ...(ledgerClock && { clock: ledgerClock }) }) },
        options,
      ),
    workerFor({ assent, threads }, options = {}) {
      const told: WorkerEvent[] = [];
      const waits = { settleMs: 0, graceMs: 0 };
      const onEvent = (event: WorkerEvent): void => void told.push(event);
      const worker = createWorker({ assent, threads, pool, schema, ...waits, onEvent, ...options });
      const of = <Kind extends WorkerEvent["kind"]>(kind: Kind) =>
        told.filter((event) => event.kind === kind) as Extract<WorkerEvent, { kind: Kind }>[];
      return { worker, told, of };
    },
    async jobs() {
      const { rows } = await pool.query<{ key: string }>(
        `select key from ${jobs}.jobs where key is not null order by key`,
      );
      return rows.map(({ key }) => key);
    },
    async makeDue() {
      await pool.query(`update ${jobs}._private_jobs set run_at = now()`);
    },
    async compared() {
      const next = `select from ${jobs}._private_jobs where key = 'sweep:sweep' and locked_at is null and run_at > now()`;
      while ((await pool.query(next)).rows.length === 0) await new Promise((again) => void setImmediate(again));
    },
  };
}
