import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { inject } from "vitest";

/** The command, as it is installed. */
export const MAIN = join(inject("installedModules"), "assent/dist/cli/main.js");

/** How a command ended and what it said. */
export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** The Postgres it is told to use; none unless said. */
  url?: string;
  /** Whoever reads its standard output goes away before it writes any. */
  unread?: boolean;
  /** The folder that it runs in; the package's unless said. */
  cwd?: string;
  /** More of an environment. */
  environment?: Record<string, string>;
}

/** Runs `assent` with these words, as a process of its own. */
export async function runCli(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { url, unread = false, cwd, environment: more } = options;
  const { DATABASE_URL: _, ASSENT_KEYS: __, ...environment } = process.env;
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    ...(cwd !== undefined && { cwd }),
    env: { ...environment, ...more, NO_COLOR: "1", ...(url !== undefined && { DATABASE_URL: url }) },
  });
  const ended = once(child, "exit") as Promise<[number | null]>;
  if (unread) child.stdout.destroy();
  const [[code], stdout, stderr] = await Promise.all([ended, unread ? "" : text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}
