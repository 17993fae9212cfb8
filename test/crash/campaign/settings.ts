import { parseArgs } from "node:util";

/** What can be made to fail while the mail agent works. */
export const CRASH_SCENES = ["hosts", "postgres", "network", "fleet"] as const;
/** One of those. */
export type CrashScene = (typeof CRASH_SCENES)[number];
/** Every scene: those, and one promise each. */
export const SCENES = [...CRASH_SCENES, "race", "deadlines", "server"] as const;
/** What is run. */
export type SceneName = (typeof SCENES)[number];

export interface Settings {
  scenes: readonly SceneName[];
  /** Seconds of faults, shared evenly by the scenes of crash. */
  seconds: number;
  /** How many approvals end the faults of the fleet, in place of its seconds. */
  approvals: number | null;
  /** How many resumes meet in the race. */
  resumes: number;
  /** How many reviews have their deadlines at once. */
  reviews: number;
  /** How many threads the LangGraph server runs. */
  threads: number;
  seed: number;
  json: boolean;
  help: boolean;
}

export const HELP = `Usage: npm run campaign -- [options]

Has everything fail, or come at once, and then checks every promise: what was
decided, what really happened, what the audit log says.

crash: the mail-moderation agent works on real mail, and is brought to its end
  hosts      two graph hosts side by side, each killed with -9 every 1 to 3 s
  postgres   Postgres shut down "immediate" every 1 to 3 s, and started again
  network    connections cut before and after COMMIT at random, and all of
             them at once every 1 to 3 s
  fleet      4 deciders, 4 workers and 2 graph hosts, each a process of its
             own, and Postgres: one of them is killed every 1 to 3 s, chosen
             at random, on connections that are cut before and after COMMIT;
             of each part, one's clock is an hour ahead, one's behind

race         64 people in 4 processes decide one review at once, then 4
             processes resume its thread at once
deadlines    4 workers, one killed with -9, one with its clock an hour ahead,
             and reviews whose deadlines all lie in the same second
server       a LangGraph server runs the threads; 2 workers, one killed

Options:
  --only NAME     crash for all four, or one scene (default: crash)
  --seconds N     seconds of faults, shared by the scenes (default: 40)
  --approvals N   the fleet's faults go on until so many were acknowledged
  --resumes N     resumes in the race (default: 1000)
  --reviews N     reviews with a deadline (default: 10000)
  --threads N     threads on the LangGraph server (default: 30)
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
      approvals: { type: "string" },
      resumes: { type: "string", default: "1000" },
      reviews: { type: "string", default: "10000" },
      threads: { type: "string", default: "30" },
      seed: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const { only, json, help, approvals, seed } = values;
  const scenes = only === "crash" ? CRASH_SCENES : SCENES.filter((name) => name === only);
  if (scenes.length === 0) throw new TypeError(`--only takes crash, ${SCENES.join(", ")}, not "${only}"`);
  const chosen = Math.floor(Math.random() * 1_000_000);
  return {
    scenes,
    seconds: whole("--seconds", values.seconds, 1, 86_400),
    // Each approval takes about one message, and the corpus has five thousand of them.
    approvals: approvals === undefined ? null : whole("--approvals", approvals, 1, 3_000),
    resumes: whole("--resumes", values.resumes, 1, 100_000),
    reviews: whole("--reviews", values.reviews, 1, 1_000_000),
    threads: whole("--threads", values.threads, 1, 10_000),
    seed: seed === undefined ? chosen : whole("--seed", seed, 0, 2 ** 31 - 1),
    json,
    help,
  };
}

function whole(option: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new TypeError(`${option} takes a whole number from ${min} to ${max}, not "${text}"`);
}
