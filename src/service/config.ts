import type { Pool } from "pg";
import { AssentError } from "../model/error.js";
import type { Assent } from "../nodes/assent.js";
import { localThreads, type AnyCompiledGraph } from "./local-threads.js";
import type { Threads } from "./threads.js";
import type { WorkerOptions } from "./worker.js";

/** What the `assent` command has to know of your program: the default export of `assent.config.ts`. */
export interface AssentConfig {
  /** What your gates are built with; its ledger is the one that is worked for. */
  assent: Assent;
  /** Others whose actions may be taken back or run again by `assent worker`. */
  assents?: readonly Assent[];
  /** A pool of the ledger's database, of a user who owns its schema; one of `DATABASE_URL` unless said. */
  pool?: Pool;
  /** The ledger's schema; `--schema` unless said. */
  schema?: string;
  /** How its threads are reached; those of `graphs` unless said. */
  threads?: Threads;
  /** Compiled graphs, by names of your own: whose threads they are unless `threads` says, and what `doctor` looks at. */
  graphs?: Readonly<Record<string, AnyCompiledGraph>>;
  /** For `assent worker`. */
  worker?: Pick<WorkerOptions, "concurrency" | "settleMs" | "graceMs" | "distribution" | "onEvent">;
}

/**
 * Says what the `assent` command has to know: `export default defineConfig({ … })` in `assent.config.ts`, or `.js`.
 *
 * @throws AssentError `config_invalid` if there is no `assent`.
 * @example
 * ```ts
 * import type { Assent } from "assent";
 * import { defineConfig, langgraphThreads } from "assent/service";
 *
 * declare const assent: Assent;
 *
 * export default defineConfig({ assent, threads: langgraphThreads({ url: "http://127.0.0.1:2024" }) });
 * ```
 */
export function defineConfig(config: AssentConfig): AssentConfig {
  const ledger: unknown = (config as Partial<AssentConfig> | null)?.assent?.ledger;
  if (typeof ledger === "object" && ledger !== null) return config;
  throw new AssentError("config_invalid", {
    what: "A configuration needs an Assent",
    where: "assent",
    fix: "defineConfig({ assent: createAssent({ … }) })",
  });
}

/**
 * The threads that a configuration means.
 *
 * @throws AssentError `config_invalid` if it names none.
 */
export function threadsOf({ threads, graphs = {} }: AssentConfig): Threads {
  if (threads !== undefined) return threads;
  if (Object.keys(graphs).length > 0) return localThreads({ graphs });
  throw new AssentError("config_invalid", {
    what: "The configuration does not say how threads are reached",
    where: "threads, graphs",
    fix: "Give defineConfig your compiled `graphs`, or `threads: langgraphThreads({ url })`",
  });
}
