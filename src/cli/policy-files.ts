import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { AssentError } from "../model/error.js";
import type { CommandRun } from "./command.js";
import { linesOf, pageFor } from "./page.js";

/** What stands for standard input. */
const STANDARD_INPUT = "-";

/** What a file is called in messages. */
export function nameOf(path: string): string {
  return path === STANDARD_INPUT ? "standard input" : path;
}

/**
 * The text of a file, or of standard input.
 *
 * @throws AssentError `policy_unreadable`.
 */
export async function textFrom(path: string, what: string): Promise<string> {
  try {
    const bytes = path === STANDARD_INPUT ? await buffer(process.stdin) : await readFile(path);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new AssentError("policy_unreadable", {
      what: `The ${what} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      where: nameOf(path),
      fix: "Check that the path is right and that it is UTF-8 text.",
      cause,
    });
  }
}

/** The words of a command that takes exactly so many files. */
export function filesOf({ positionals }: CommandRun, command: string, names: readonly string[]): readonly string[] {
  if (positionals.length === names.length) return positionals;
  throw new AssentError("usage", { what: `\`${command}\` takes ${names.join(" and ")}`, seen: positionals });
}

const WRONG_INSIDE = ["policy_invalid", "policy_unsupported", "policy_cases_invalid"] as const;

/** Does some work; where a file can be read but not understood, everything that is wrong with it is the answer, which is no. */
export async function withProblemsTold(run: CommandRun, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (!AssentError.isInstance(error) || !WRONG_INSIDE.some((code) => error.code === code)) throw error;
    const [title = "", ...problems] = error.message.split("\n").map((line) => line.trim());
    if (run.options.json) {
      run.print(JSON.stringify({ ok: false, error: error.code, problems: problems.length === 0 ? [title] : problems }));
      return 1;
    }
    const { columns, paint } = pageFor(run);
    run.print(linesOf(title, columns, "", paint.bad));
    for (const problem of problems) run.print(linesOf(problem, columns, "  "));
    return 1;
  }
}
