import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import { postgresLedger } from "assent/postgres";
import { createWorker, type WorkerEvent, type WorkerOptions } from "assent/service";
import { systemClock, type Clock } from "assent";
import { manualClock, postgresProxy, type ManualClock, type PostgresProxy } from "assent/testing";
import { Pool } from "pg";
import { jobsSchema } from "../../src/ledger/postgres/schema.js";
import { freshSchema, type FreshSchema } from "../support/postgres.js";
import { desk, meetingOf, type DeskOptions } from "./desk.js";

/** A worker, with everything that it told. */
export interface WorkerDesk {
  worker: ReturnType<typeof createWorker>;
  told: WorkerEvent[];
  /** What it told of one kind. */
  of: <Kind extends WorkerEvent["kind"]>(kind: Kind) => Extract<WorkerEvent, { kind: Kind }>[];
}

/** A desk that holds the first threads that come to its last node. */
export interface HeldDesk {
  at: ReturnType<typeof desk>;
  /** Settles once as many are held there as it holds. */
  arrived: Promise<void>;
  /** Lets the one go on that has been held for longest. */
  leave: () => void;
}

/** A schema with a desk's graph and ledger in it, and workers for it. */
export interface WorkerScene {
  fresh: FreshSchema;
  desk: (options?: DeskOptions & { ledgerClock?: Clock; clock?: Clock }) => ReturnType<typeof desk>;
  /** A desk that holds so many threads in its last node; one unless said. */
  heldDesk: (count?: number) => HeldDesk;
  workerFor: (of: ReturnType<typeof desk>, options?: Partial<WorkerOptions>) => WorkerDesk;
  /** A pool of workers' own, of the user if one is named, whose network misbehaves as it is told. */
  throughProxy: (work: (pool: Pool, proxy: PostgresProxy) => Promise<void>, user?: string) => Promise<void>;
  /** Keys of the jobs that there are. */
  jobs: () => Promise<string[]>;
  /** Makes every job due. */
  makeDue: () => Promise<void>;
  /** Comes back once the comparison at a worker's start is over, which is when it has asked for the next one. */
  compared: () => Promise<void>;
}

/** @param isAlone - whether workers hear of nobody else's migrations. */
export async function openScene({ isAlone = false } = {}): Promise<WorkerScene> {
  const fresh = await freshSchema({ connectionsMax: 16, isAlone });
  const { pool, schema } = fresh;
  const checkpointer = new PostgresSaver(pool, undefined, { schema });
  await checkpointer.setup();
  const jobs = jobsSchema(schema);
  const open: WorkerScene["desk"] = ({ ledgerClock, ...options } = {}) =>
    desk(
      { checkpointer, ledger: postgresLedger({ pool, schema, ...(ledgerClock && { clock: ledgerClock }) }) },
      options,
    );
  return {
    fresh,
    desk: open,
    heldDesk(count = 1) {
      const arrive = meetingOf(count);
      const held = Array.from({ length: count }, () => meetingOf(1));
      const [arriving, leaving] = [[...held], [...held]];
      const at = open({
        async inNode(node) {
          const place = node === "after" ? arriving.shift() : undefined;
          if (place === undefined) return;
          void arrive();
          await place.complete;
        },
      });
      return { at, arrived: arrive.complete, leave: () => void leaving.shift()?.() };
    },
    workerFor({ assent, threads }, options = {}) {
      const told: WorkerEvent[] = [];
      const waits = { settleMs: 0, graceMs: 0 };
      const onEvent = (event: WorkerEvent): void => void told.push(event);
      const worker = createWorker({ assent, threads, pool, schema, ...waits, onEvent, ...options });
      const of = <Kind extends WorkerEvent["kind"]>(kind: Kind) =>
        told.filter((event) => event.kind === kind) as Extract<WorkerEvent, { kind: Kind }>[];
      return { worker, told, of };
    },
    async throughProxy(work, user) {
      const url = Object.assign(new URL(fresh.url), user === undefined ? {} : { username: user, password: user });
      const proxy = await postgresProxy({ url: url.href });
      const proxied = new Pool({ connectionString: proxy.url, max: 8 });
      try {
        await work(proxied, proxy);
      } finally {
        await proxied.end();
        await proxy.close();
      }
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
      await until(async () => (await pool.query(next)).rows.length > 0);
    },
  };
}

/** Comes back once something is so. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((again) => void setImmediate(again));
}

/** A clock by whose minutes a worker looks at its jobs. */
export interface MinuteClock extends ManualClock {
  /** Lets a minute pass, and comes back once the worker has looked. */
  look: () => Promise<void>;
}

export function minuteClock(): MinuteClock {
  const clock = manualClock(new Date().toISOString());
  let waits = meetingOf(1);
  return Object.assign(clock, {
    sleep: ((sleep) => (ms: number, signal?: AbortSignal) => {
      const slept = sleep(ms, signal);
      if (ms === 60_000) void waits();
      return slept;
    })(clock.sleep.bind(clock)),
    async look() {
      await waits.complete;
      waits = meetingOf(1);
      await clock.advance(60_000);
      await waits.complete;
    },
  });
}

/** The machine's clock, some hours off. */
export const hoursOff = (hours: number): Clock => ({
  ...systemClock,
  now: () => new Date(Date.now() + hours * 3_600_000),
});
