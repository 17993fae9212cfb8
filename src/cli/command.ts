import { parseArgs } from "node:util";
import { join } from "node:path";
import type { Ledger } from "../ledger/ledger.js";
import { openPostgres, type OpenPostgres } from "../ledger/postgres/open-postgres.js";
import { postgresLedger } from "../ledger/postgres/postgres-ledger.js";
import { AssentError } from "../model/error.js";
import { nearestWord } from "../policy/problems.js";

/** What a command is given: its words, its options and where to print. */
export interface CommandRun {
  positionals: string[];
  options: CommandOptions;
  environment: NodeJS.ProcessEnv;
  print: (text: string) => void;
  /** For progress: standard error. */
  note: (text: string) => void;
}

/** The options of all commands; each is left at its default where a command does not take it. */
export interface CommandOptions {
  json: boolean;
  schema: string;
  data: string;
  strict: boolean;
  proposal: string | undefined;
  proposals: string | undefined;
  "fail-on-laxer": boolean;
  config: string | undefined;
  concurrency: string | undefined;
  once: boolean;
  mine: boolean;
  snoozed: boolean;
  action: string | undefined;
  agent: string | undefined;
  kind: string | undefined;
  assignee: string | undefined;
  "risk-at-least": string | undefined;
  order: string | undefined;
  limit: string | undefined;
  cursor: string | undefined;
  digest: string | undefined;
  args: string | undefined;
  answer: string | undefined;
  note: string | undefined;
  "reason-code": string | undefined;
  minutes: string | undefined;
  until: string | undefined;
}

/** One command of the CLI. */
export interface Command {
  /** Its words, such as `audit show`. */
  name: string;
  /** What stands behind the name, such as `ID`. */
  takes: string;
  /** The options that it cannot do without, such as `--proposal FILE`. */
  needs?: string;
  summary: string;
  /** Lines of help of its own. */
  details: string;
  /** The options that it takes; unless said `json` and those that name a Postgres. */
  options?: readonly OptionName[];
  /** It runs code that is not ours and may keep the process open: the process ends when the command does. */
  endsProcess?: true;
  /** Exit codes besides 0 and 2. */
  run: (run: CommandRun) => Promise<number>;
}

/** One option of the table: how it is read, and what help says of it. */
interface Option {
  type: "boolean" | "string";
  short?: string;
  /** What stands behind its name. */
  takes?: string;
  /** Lines of help. */
  help: readonly string[];
}

// In the order in which help lists them.
const OPTIONS = {
  json: { type: "boolean", help: ["print JSON instead of text"] },
  schema: { type: "string", takes: "NAME", help: ["the ledger's Postgres schema (default: assent)"] },
  data: { type: "string", takes: "DIR", help: ["folder of the embedded Postgres (default: .assent/postgres)"] },
  strict: { type: "boolean", help: ["warnings count too"] },
  proposal: { type: "string", takes: "FILE", help: ["the proposal, JSON or YAML; - for standard input"] },
  proposals: {
    type: "string",
    takes: "FILE",
    help: ["the proposals, one JSON object a line; - for standard", "input"],
  },
  "fail-on-laxer": { type: "boolean", help: ["end with 1 if anything became laxer"] },
  config: { type: "string", takes: "PATH", help: ["the configuration (default: ./assent.config.ts, .js, .mjs)"] },
  concurrency: { type: "string", takes: "N", help: ["how many jobs at a time (default: 4)"] },
  once: { type: "boolean", help: ["do what is due, then end"] },
  mine: { type: "boolean", help: ["what is yours, or asks for you"] },
  snoozed: { type: "boolean", help: ["what is put aside, instead of what is not"] },
  action: { type: "string", takes: "NAME", help: ["of this action"] },
  agent: { type: "string", takes: "NAME", help: ["of this agent"] },
  kind: { type: "string", takes: "KIND", help: ["of this kind, such as approval"] },
  assignee: { type: "string", takes: "ID", help: ["of this person; - for what is nobody's"] },
  "risk-at-least": { type: "string", takes: "N", help: ["from 0 to 1; also what has no known risk"] },
  order: { type: "string", takes: "BY", help: ["urgency (default), oldest, deadline or risk"] },
  limit: { type: "string", takes: "N", help: ["how many on a page, up to 500 (default: 50)"] },
  cursor: { type: "string", takes: "CURSOR", help: ["the next page, as the one before it names it"] },
  digest: { type: "string", takes: "D", help: ["what was seen: `assent review show ID` prints it"] },
  args: { type: "string", takes: "JSON", help: ["the whole new arguments; @FILE for a file"] },
  answer: { type: "string", takes: "JSON", help: ["what is answered; @FILE for a file"] },
  note: { type: "string", takes: "TEXT", help: ["for whoever reads the case"] },
  "reason-code": { type: "string", takes: "C", help: ["for reports; some policies ask for one"] },
  minutes: { type: "string", takes: "N", help: ["for how long, up to 1440 (default: 15)"] },
  until: {
    type: "string",
    takes: "WHEN",
    help: ["a moment such as 2027-01-31T09:00:00Z, a while", "such as PT4H, or now"],
  },
  help: { type: "boolean", short: "h", help: ["this help"] },
} as const satisfies Record<string, Option>;

/** The name of an option that a command may take; `help` every command takes. */
export type OptionName = Exclude<keyof typeof OPTIONS, "help">;

const USUAL_OPTIONS: readonly OptionName[] = ["json", "schema", "data"];

/** The options of a command in the words of its help. */
export function optionsHelp(names: readonly OptionName[] = USUAL_OPTIONS): string {
  const listed = Object.entries<Option>(OPTIONS).filter(
    ([name]) => name === "help" || names.includes(name as OptionName),
  );
  const heads = listed.map(([name, { short, takes }]) => {
    return `  ${short === undefined ? "" : `-${short}, `}--${name}${takes === undefined ? "" : ` ${takes}`}`;
  });
  const width = Math.max(COLUMN_OF_HELP, ...heads.map((head) => head.length + 2));
  const lines = listed.flatMap(([, { help }], place) =>
    help.map((text, line) => `${(line === 0 ? (heads[place] ?? "") : "").padEnd(width)}${text}`),
  );
  const postgres = names.includes("data") ? `\n\n${POSTGRES_HELP}` : "";
  return `Options:\n${lines.join("\n")}${postgres}`;
}

const COLUMN_OF_HELP = 18;
const POSTGRES_HELP = `DATABASE_URL, if set, is the Postgres to use; otherwise the embedded one under
--data.`;

const DEFAULTS: CommandOptions = {
  json: false,
  schema: "assent",
  data: join(".assent", "postgres"),
  strict: false,
  proposal: undefined,
  proposals: undefined,
  "fail-on-laxer": false,
  config: undefined,
  concurrency: undefined,
  once: false,
  mine: false,
  snoozed: false,
  action: undefined,
  agent: undefined,
  kind: undefined,
  assignee: undefined,
  "risk-at-least": undefined,
  order: undefined,
  limit: undefined,
  cursor: undefined,
  digest: undefined,
  args: undefined,
  answer: undefined,
  note: undefined,
  "reason-code": undefined,
  minutes: undefined,
  until: undefined,
};

/** A key's id that begins like an option, as one of 64 does: a SHA-256 thumbprint in base64url. No option is so long. */
const KEY_ID = /^-[\w-]{42}$/;
/** Put before what is a word whatever it looks like; no argument of a process can hold it. */
const WORD = "\0";

/** The words of a command line, and its options by name. */
export interface Words {
  words: string[];
  help: boolean;
  options: CommandOptions;
  /** The options that were given. */
  given: readonly OptionName[];
}

/**
 * Reads a command's words and options.
 *
 * @throws AssentError `usage`.
 */
export function readWords(args: string[], commands: readonly Command[] = []): Words {
  try {
    const marked = args.map((arg) => (KEY_ID.test(arg) ? WORD + arg : arg));
    const { values, positionals } = parseArgs({ args: marked, options: OPTIONS, allowPositionals: true });
    const { help = false, ...given } = values;
    const options: CommandOptions = { ...DEFAULTS, ...given };
    const words = positionals.map((word) => (word.startsWith(WORD) ? word.slice(WORD.length) : word));
    return { words, help, options, given: Object.keys(given) as OptionName[] };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const stray = /^Unknown option '(-[^']*)'/.exec(said)?.[1];
    const command = commands.find(({ name }) => ` ${words(args)} `.startsWith(` ${name} `));
    if (stray !== undefined) throw noSuchOption(command, stray);
    throw new AssentError("usage", { what: said, fix: helpFor(command) });
  }
}

/** What of a command line is no option, where it cannot be read. */
function words(args: readonly string[]): string {
  return args.filter((arg) => !arg.startsWith("-")).join(" ");
}

function helpFor(command: Command | undefined): string {
  return `\`assent ${command === undefined ? "" : `${command.name} `}--help\` lists the options`;
}

function noSuchOption(command: Command | undefined, stray: string): AssentError {
  const { name, options = USUAL_OPTIONS } = command ?? {};
  const near = nearestWord(stray.replace(/^-+/, ""), [...options, "help"]);
  const hint = near === undefined ? "" : `Did you mean --${near}? `;
  const who = name === undefined ? "`assent`" : `\`${name}\``;
  return new AssentError("usage", { what: `${who} takes no ${stray}`, fix: `${hint}${helpFor(command)}` });
}

/**
 * Sees to it that a command takes the options that it was given.
 *
 * @throws AssentError `usage`.
 */
export function checkOptions({ name, options = USUAL_OPTIONS }: Command, given: readonly OptionName[]): void {
  const stray = given.filter((option) => !options.includes(option));
  if (stray.length === 0) return;
  const what = `\`${name}\` takes no ${stray.map((option) => `--${option}`).join(", ")}`;
  throw new AssentError("usage", { what, fix: `\`assent ${name} --help\` lists the options` });
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
