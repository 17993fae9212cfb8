import { parseArgs } from "node:util";

/** What the command line asks for. */
export interface Settings {
  /** Answer from the corpus labels and stop after this many messages; null for a person at the terminal. */
  unattended: number | null;
  json: boolean;
  fresh: boolean;
  studio: boolean;
  studioPort: number;
  /** Folder of the embedded Postgres and the mailbox. */
  data: string;
  /** How many threads are worked on at once. */
  concurrency: number;
  help: boolean;
}

export const HELP = `Usage: npm start -- [options]

Runs the mail-moderation agent on real mail and lets you review what it is not
sure about, here in the terminal. Ctrl-C at any moment loses nothing: the next
start goes on where this one stopped.

Options:
  --unattended N    answer from the corpus labels instead, stop after N messages
                    and print a summary
  --json            with --unattended: the last line of standard output is the
                    summary as one JSON object
  --fresh           begin again; what was there is set aside, not deleted
  --data DIR        where everything is kept (default: .assent)
  --no-studio       do not start the LangGraph dev server
  --studio          start it with --unattended too
  --studio-port N   its port (default: 2024)
  --concurrency N   threads worked on at once (default: 4)
  -h, --help        this help

DATABASE_URL, if set, is the Postgres to use; otherwise an embedded one runs
under the data folder. NO_COLOR is respected.`;

/**
 * Reads the command line.
 *
 * @throws Error with a sentence for people if it cannot be read.
 */
export function readSettings(args: string[]): Settings {
  const { values } = parseArgs({
    args,
    options: {
      unattended: { type: "string" },
      json: { type: "boolean", default: false },
      fresh: { type: "boolean", default: false },
      data: { type: "string", default: ".assent" },
      studio: { type: "boolean" },
      "no-studio": { type: "boolean", default: false },
      "studio-port": { type: "string", default: "2024" },
      concurrency: { type: "string", default: "4" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const unattended = values.unattended === undefined ? null : whole("--unattended", values.unattended, 1, 1_000_000);
  return {
    unattended,
    json: values.json,
    fresh: values.fresh,
    studio: !values["no-studio"] && (values.studio ?? unattended === null),
    studioPort: whole("--studio-port", values["studio-port"], 1, 65_535),
    data: values.data,
    concurrency: whole("--concurrency", values.concurrency, 1, 64),
    help: values.help,
  };
}

function whole(option: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new TypeError(`${option} takes a whole number from ${min} to ${max}, not "${text}"`);
}
