import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { AssentError } from "../model/error.js";
import type { Killable } from "./killable.js";

/** Which program to run, and how it says that it works. */
export interface KillableProgramOptions {
  command: string;
  args?: readonly string[];
  cwd?: string;
  /** Its environment; this process's unless said. */
  env?: NodeJS.ProcessEnv;
  /** The line of its standard output by which it says that it works. */
  ready: string;
  /** Told every other line of its standard output. */
  onLine?: (line: string) => void;
}

/** How much of what it said on standard error an error shows. */
const COMPLAINT_CHARACTERS_MAX = 4_000;

interface Running {
  child: ChildProcess;
  complaint: () => string;
  /** Settles when it has ended and everything it wrote has been read. */
  ended: Promise<unknown>;
}

/**
 * A program that can be killed and started again, each time as a new process. `kill` is SIGKILL and reaches nobody but
 * that process; `stop` is SIGTERM, on which the program must end with code 0.
 *
 * @throws AssentError `program_failed` from `start` if it ends before it says that it works.
 * @example
 * ```ts
 * import { killableProgram } from "assent/testing";
 *
 * const worker = killableProgram({ command: process.execPath, args: ["worker.js"], ready: "ready" });
 * await worker.start();
 * await worker.kill();
 * ```
 */
export function killableProgram(options: KillableProgramOptions): Killable {
  let running: Running | undefined;

  /** The process, which nobody but the caller ends from here on. */
  function take(): Running {
    const taken = running;
    running = undefined;
    if (taken !== undefined && !hasEnded(taken.child)) return taken;
    throw failed(options, taken, taken === undefined ? "It was not running" : "It ended by itself");
  }

  return {
    async start() {
      if (running !== undefined) throw failed(options, running, "It was started before");
      const starting = launched(options);
      running = starting.running;
      await starting.ready;
    },
    async kill() {
      const { child, ended } = take();
      child.kill("SIGKILL");
      await ended;
    },
    async stop() {
      const stopping = take();
      stopping.child.kill("SIGTERM");
      await stopping.ended;
      if (stopping.child.exitCode !== 0) throw failed(options, stopping, "It did not end in good order");
    },
  };
}

function launched(options: KillableProgramOptions): { running: Running; ready: Promise<void> } {
  const { command, args = [], cwd, env, ready: readyLine, onLine } = options;
  const child = spawn(command, [...args], {
    stdio: ["ignore", "pipe", "pipe"],
    ...(cwd !== undefined && { cwd }),
    ...(env !== undefined && { env }),
  });
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaint = (complaint + chunk.toString("utf8")).slice(-COMPLAINT_CHARACTERS_MAX);
  });
  // A command that cannot be run emits "error" and perhaps no "close".
  const ended = Promise.race([once(child, "close"), new Promise((resolve) => child.once("error", resolve))]);
  const running = { child, complaint: () => complaint, ended };
  const ready = new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line === readyLine) resolve();
      else onLine?.(line);
    });
    void ended.then(() => reject(failed(options, running, "It ended before it worked")));
  });
  return { running, ready };
}

function hasEnded({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null;
}

function failed({ command, args = [] }: KillableProgramOptions, running: Running | undefined, what: string) {
  const { child } = running ?? {};
  const end = child?.signalCode ?? (child?.exitCode === null ? undefined : child?.exitCode);
  return new AssentError("program_failed", {
    what: end === undefined ? what : `${what} (${end})`,
    where: [command, ...args].join(" ").slice(0, 200),
    fix: `It said: ${running?.complaint() ?? "nothing"}`,
  });
}
