import { parseArgs } from "node:util";

/** What can be made to fail. */
export const SCENES = ["hosts", "postgres", "network"] as const;
/** What is made to fail. */
export type SceneName = (typeof SCENES)[number];

export interface Settings {
  scenes: readonly SceneName[];
  /** Seconds of faults, shared evenly by the scenes. */
  seconds: number;
  seed: number;
  json: boolean;
  help: boolean;
}

export const HELP = `Usage: npm run campaign -- [options]

Runs the mail-moderation agent on real mail while everything around it fails,
then lets everything come to its end and checks every promise: what was
decided, what really happened, what the audit log says.

  hosts      two graph hosts side by side, each killed with -9 every 1 to 3 s
  postgres   Postgres shut down "immediate" every 1 to 3 s, and started again
  network    connections cut before and after COMMIT at random, and all of
             them at once every 1 to 3 s

Options:
  --only NAME     crash for all three, or one of them (default: crash)
  --seconds N     seconds of faults, shared by the scenes (default: 40)
  --seed N        where chance comes from (default: chosen, and printed)
  --json          the last line of standard output is the result as one JSON
                  object
  -h, --help      this help

Every kill waits until something was approved since the start before it. The
exit code is 1 if a promise was broken, or nothing went on between two kills.
DATABASE_URL is not used: Postgres is one of the victims.`;

/**
 * Reads the command line.
 *
 * @throws TypeError with a sentence for people if it cannot be read.
 */
export function readSettings(args: string[]): Settings {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: "string", default: "crash" },
      seconds: { type: "string", default: "40" },
      seed: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const { only, json, help } = values;
  const scenes = only === "crash" ? SCENES : SCENES.filter((name) => name === only);
  if (scenes.length === 0) throw new TypeError(`--only takes crash, ${SCENES.join(", ")}, not "${only}"`);
  const chosen = Math.floor(Math.random() * 1_000_000);
  return {
    scenes,
    seconds: whole("--seconds", values.seconds, 1, 86_400),
    seed: values.seed === undefined ? chosen : whole("--seed", values.seed, 0, 2 ** 31 - 1),
    json,
    help,
  };
}

function whole(option: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new TypeError(`${option} takes a whole number from ${min} to ${max}, not "${text}"`);
}
