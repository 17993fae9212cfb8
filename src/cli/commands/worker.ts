import type { Pool } from "pg";
import { openPostgres } from "../../ledger/postgres/open-postgres.js";
import { AssentError } from "../../model/error.js";
import { oneLine } from "../../model/visible-text.js";
import type { AssentConfig } from "../../service/config.js";
import type { Worker } from "../../service/worker.js";
import type { WorkerEvent } from "../../service/worker-event.js";
import type { Command, CommandRun } from "../command.js";
import { loadConfig } from "../config-file.js";
import { wordsOf } from "../load-module.js";
import { pageFor } from "../page.js";
import type { Paint } from "../paint.js";

const CONCURRENCY = 4;

/** `assent worker`. */
export const workerCommand: Command = {
  name: "worker",
  takes: "",
  summary: "bring decisions to threads, let deadlines pass",
  details: `Does what follows from decisions and deadlines, until it is told to end
(SIGTERM or SIGINT): it takes on nothing more then, and finishes what it had
begun. Run any number, on any machine. It prints a line for each thing that
happens.

It reads ./assent.config.ts (.js, .mjs), or --config: its default export is
what defineConfig of assent/service gives. The file is run; TypeScript is read
by the project's own tsx. Its user owns the ledger's schema.

Ends with 0 once it was told to, with --once after all that is due is done; with
1 if anything failed in --once, with 3 if the database cannot be had.`,
  options: ["config", "concurrency", "once", "json", "schema", "data"],
  endsProcess: true,
  async run(run) {
    if (run.positionals.length > 0) {
      throw new AssentError("usage", { what: "`worker` takes no words", seen: run.positionals });
    }
    const asked = concurrencyOf(run);
    const { config } = await loadConfig(process.cwd(), run.options.config);
    const { threadsOf } = await import("../../service/config.js");
    const { createWorker } = await import("../../service/worker.js");
    const concurrency = asked ?? config.worker?.concurrency ?? CONCURRENCY;
    return withPool(run, config, concurrency, async (pool) => {
      let failures = 0;
      const { paint } = pageFor(run);
      const schema = config.schema ?? run.options.schema;
      const worker = createWorker({
        ...config.worker,
        assent: config.assent,
        assents: config.assents ?? [],
        threads: threadsOf(config),
        pool,
        schema,
        concurrency,
        onEvent(event) {
          if (event.kind === "failed" || event.kind === "trouble") failures += 1;
          run.print(run.options.json ? jsonOf(event) : lineOf(event, paint));
          config.worker?.onEvent?.(event);
        },
      });
      if (run.options.once) {
        await worker.drain();
        return failures > 0 ? 1 : 0;
      }
      run.note(`working on schema ${schema}, ${concurrency} at a time`);
      await untilTold(worker, run);
      return 0;
    });
  },
};

function concurrencyOf({ options: { concurrency } }: CommandRun): number | undefined {
  if (concurrency === undefined) return undefined;
  const count = Number(concurrency);
  if (Number.isInteger(count) && count >= 1 && count <= 1_000) return count;
  throw new AssentError("usage", { what: "`--concurrency` takes a whole number from 1 to 1000", seen: concurrency });
}

/** The configuration's pool; or one of the Postgres that options and environment name, for as long as `work` runs. */
async function withPool(
  { options, environment, note }: CommandRun,
  { pool }: AssentConfig,
  concurrency: number,
  work: (pool: Pool) => Promise<number>,
): Promise<number> {
  if (pool !== undefined) return work(pool);
  const postgres = await openPostgres({
    url: environment["DATABASE_URL"],
    directory: options.data,
    connectionsMax: concurrency + 3,
    log: note,
  });
  try {
    return await work(postgres.pool);
  } finally {
    await postgres.close();
  }
}

async function untilTold(worker: Worker, { note }: CommandRun): Promise<void> {
  const stop = (signal: NodeJS.Signals): void => {
    note(`${signal}: finishing what was begun; once more ends at once`);
    void worker.stop();
  };
  const signals = ["SIGTERM", "SIGINT"] as const;
  for (const signal of signals) process.once(signal, stop);
  try {
    await worker.run();
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}

function jsonOf(event: WorkerEvent): string {
  const at = new Date().toISOString();
  return JSON.stringify({ at, ...event, ...(event.kind === "failed" && { error: wordsOf(event.error) }) });
}

function lineOf(event: WorkerEvent, paint: Paint): string {
  const at = new Date().toISOString().replace("T", " ").replace(/\..*/, "");
  return `${paint.dim(at)}  ${told(event, paint)}`;
}

function told(event: WorkerEvent, { good, bad, bold }: Paint): string {
  const head = (emphasis: (text: string) => string): string => emphasis(event.kind.padEnd(9));
  switch (event.kind) {
    case "delivered":
      return `${head(good)}  thread ${oneLine(event.threadId, 80)}: ${event.result}`;
    case "later":
      return `${head(bold)}  thread ${oneLine(event.threadId, 80)}: again in ${event.retryInMs} ms`;
    case "expired":
      return `${head(bold)}  review ${event.reviewId}: ${event.otherwise}`;
    case "reminder":
      return `${head(bold)}  review ${event.review.id}: due ${event.review.deadlineAt ?? "at no time"}`;
    case "assigned":
      return `${head(bold)}  review ${event.reviewId}: ${event.assignee === null ? "nobody's" : `to ${oneLine(event.assignee, 80)}`}`;
    case "withdrawn":
      return `${head(bold)}  review ${event.reviewId}: ${oneLine(event.reason, 200)}`;
    case "failed": {
      const payload = oneLine(JSON.stringify(event.payload), 80);
      return `${head(bad)}  ${event.task} ${payload}, attempt ${event.attempt}: ${oneLine(wordsOf(event.error), 300)}; it is tried again`;
    }
    case "trouble":
      return `${head(bad)}  ${oneLine(event.what, 300)}`;
    default:
      return event satisfies never;
  }
}
