import { oneLine } from "../model/visible-text.js";
import { nearestWord } from "../policy/problems.js";
import { optionsHelp, type Command } from "./command.js";
import { VERSION } from "./version.js";

/** The help of the whole command line. */
export function wholeHelp(commands: readonly Command[]): string {
  return `assent ${VERSION}: people in charge of what LangGraph.js agents do

Usage: assent <command> [options]

${listOf(commands)}
  --version              print the version

${optionsHelp()}

Exit codes: 0 done, 1 the answer is no (a check failed, nothing found), 2 the
command cannot be read, 3 something is not available.`;
}

/** The help of one command. */
export function commandHelp({ name, takes, needs, details, options }: Command): string {
  const words = [name, takes, needs ?? ""].filter((word) => word !== "").join(" ");
  return `Usage: assent ${words} [options]\n\n${details}\n\n${optionsHelp(options)}`;
}

/** The help of the commands that begin with a word, such as those of `review`; undefined if none does. */
export function groupHelp(commands: readonly Command[], word: string | undefined): string | undefined {
  const group = commands.filter(({ name }) => name.startsWith(`${word} `));
  if (word === undefined || group.length === 0) return undefined;
  return `Usage: assent ${word} <command> [options]

${listOf(group)}

\`assent ${word} <command> --help\` tells more of one.`;
}

function listOf(commands: readonly Command[]): string {
  return commands.map(({ name, takes, summary }) => `  ${`${name} ${takes}`.padEnd(23)}${summary}`).join("\n");
}

/** What is said of words that are no command: the nearest one, and where all are listed. */
export function noSuchCommand(commands: readonly Command[], [first = "", second]: readonly string[]): string {
  const isGroup = second !== undefined && groupHelp(commands, first) !== undefined;
  // What follows a command's name is no part of it.
  const said = isGroup ? `${first} ${second}` : first;
  const firsts = [...new Set(commands.map(({ name }) => name.split(" ")[0] ?? ""))];
  const seconds = commands.flatMap(({ name }) => (name.startsWith(`${first} `) ? [name.slice(first.length + 1)] : []));
  const near = isGroup ? nearestWord(second, seconds) : nearestWord(first, firsts);
  const hint = near === undefined ? "" : `; did you mean "${isGroup ? `${first} ` : ""}${near}"?`;
  const stop = hint === "" ? "." : "";
  return `there is no command "${oneLine(said, 60)}"${hint}${stop} \`assent ${isGroup ? `${first} ` : ""}--help\` lists them.`;
}
