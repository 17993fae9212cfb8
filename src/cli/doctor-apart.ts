import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { NotLoaded } from "./load-module.js";

/** Tells a doctor that it is to look over the graphs of langgraph.json and no configuration. */
const MARK = "ASSENT_DOCTOR_APART";

/** Whether this process is one that {@link doctorApart} started. The modules that it loads do not see it. */
export function isApart(environment: NodeJS.ProcessEnv): boolean {
  const marked = environment[MARK] !== undefined;
  delete environment[MARK];
  return marked;
}

/**
 * What doctor says, as JSON, of the graphs of langgraph.json in a process of its own with this environment. A module is
 * run once a process: what a server and a worker both load would be judged for one of them in the other's environment.
 */
export async function doctorApart(directory: string, environment: NodeJS.ProcessEnv): Promise<unknown> {
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? "", "doctor", "--json"], {
    cwd: directory,
    env: { ...environment, [MARK]: "1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [[code, signal], said] = await Promise.all([
    once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>,
    text(child.stdout),
  ]);
  try {
    return JSON.parse(said);
  } catch {
    return new NotLoaded(`Its graphs end the process that loads them, with ${code ?? signal}.`, "Make them load.");
  }
}
