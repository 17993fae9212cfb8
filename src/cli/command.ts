import type { ParseArgsConfig } from "node:util";
import { parseArgs } from "node:util";
import { join } from "node:path";
import type { Ledger } from "../ledger/ledger.js";
import { openPostgres, type OpenPostgres } from "../ledger/postgres/open-postgres.js";
import { postgresLedger } from "../ledger/postgres/postgres-ledger.js";
import { AssentError } from "../model/error.js";

/** What a command is given: its words, its options and where to print. */
export interface CommandRun {
  positionals: string[];
  options: { json: boolean; schema: string; data: string };
  environment: NodeJS.ProcessEnv;
  print: (text: string) => void;
  /** For progress: standard error. */
  note: (text: string) => void;
}

/** One command of the CLI. */
export interface Command {
  /** Its words, such as `audit show`. */
  name: string;
  /** What stands behind the name, such as `ID`. */
  takes: string;
  summary: string;
  /** Lines of help of its own. */
  details: string;
  /** It runs code that is not ours and may keep the process open: the process ends when the command does. */
  endsProcess?: true;
  /** Exit codes besides 0 and 2. */
  run: (run: CommandRun) => Promise<number>;
}

const OPTIONS = {
  json: { type: "boolean" },
  schema: { type: "string" },
  data: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const satisfies ParseArgsConfig["options"];

/** The options that every command takes, for its help. */
export const OPTIONS_HELP = `Options:
  --json          print JSON instead of text
  --schema NAME   the ledger's Postgres schema (default: assent)
  --data DIR      folder of the embedded Postgres (default: .assent/postgres)
  -h, --help      this help

DATABASE_URL, if set, is the Postgres to use; otherwise the embedded one under
--data.`;

/**
 * Reads a command's words and options.
 *
 * @throws AssentError `usage`.
 */
export function readWords(args: string[]): { words: string[]; help: boolean; options: CommandRun["options"] } {
  try {
    const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
    const { json = false, schema = "assent", data = join(".assent", "postgres"), help = false } = values;
    return { words: positionals, help, options: { json, schema, data } };
  } catch (error) {
    throw new AssentError("usage", { what: error instanceof Error ? error.message : String(error) });
  }
}

/** Opens the Postgres that the options and the environment name, for as long as `work` runs. */
export async function withPostgres<Result>(
  { options, environment, note }: CommandRun,
  work: (postgres: OpenPostgres) => Promise<Result>,
): Promise<Result> {
  const postgres = await openPostgres({
    url: environment["DATABASE_URL"],
    directory: options.data,
    connectionsMax: 4,
    log: note,
  });
  try {
    return await work(postgres);
  } finally {
    await postgres.close();
  }
}

/** The same, with the ledger in it. */
export function withLedger<Result>(run: CommandRun, work: (ledger: Ledger) => Promise<Result>): Promise<Result> {
  return withPostgres(run, ({ pool }) => work(postgresLedger({ pool, schema: run.options.schema })));
}
