#!/usr/bin/env node
import { AssentError } from "../model/error.js";
import { oneLine } from "../model/visible-text.js";
import { checkOptions, readWords, type Command } from "./command.js";
import { COMMANDS } from "./every-command.js";
import { endProcess } from "./end-process.js";
import { commandHelp, groupHelp, noSuchCommand, wholeHelp } from "./help.js";
import { VERSION } from "./version.js";

/** Runs the command line and gives its exit code. */
async function main(args: string[]): Promise<number> {
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  const note = (text: string): void => void process.stderr.write(`${text}\n`);
  if (args[0] === "--version") {
    print(VERSION);
    return 0;
  }
  let command: Command | undefined;
  try {
    const { words, help, options, given } = readWords(args, COMMANDS);
    command = COMMANDS.find(({ name }) => name.split(" ").every((word, index) => words[index] === word));
    if (command === undefined) {
      const text = words.length === 0 ? wholeHelp(COMMANDS) : groupHelp(COMMANDS, words[0]);
      const isHelp = text !== undefined && words.length <= 1;
      if (isHelp) (help ? print : note)(text);
      else note(`assent: ${noSuchCommand(COMMANDS, words)} [usage]`);
      return isHelp && help ? 0 : 2;
    }
    if (help) {
      print(commandHelp(command));
      return 0;
    }
    checkOptions(command, given);
    const positionals = words.slice(command.name.split(" ").length);
    const run = { positionals, options, environment: process.env, print, note };
    if (command.endsProcess !== true) return await command.run(run);
    const code = await command.run(run).catch((error: unknown) => told(error, note, command));
    return await endProcess(code, note);
  } catch (error) {
    return told(error, note, command);
  }
}

/** Says what went wrong, and gives the exit code for it. */
function told(error: unknown, note: (text: string) => void, command?: Command): number {
  if (!AssentError.isInstance(error)) {
    note(`assent: this is a mistake in assent itself: ${error instanceof Error ? error.stack : String(error)}`);
    return 3;
  }
  note(`assent: ${oneLine(error.message, Infinity)} [${error.code}]`);
  if (error.code === "ledger_unavailable" && command?.options?.includes("config") === true) {
    note("It is the database that the configuration gives its ledger; `npx assent doctor` says more.");
  }
  if (error.code === "usage" || error.code === "config_invalid") return 2;
  return error.httpStatus === 404 ? 1 : 3;
}

// Whoever reads may stop reading, as `head` does; the command still ends as it would have.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") return;
  process.stderr.write(`assent: standard output cannot be written: ${error.message}\n`);
  process.exit(3);
});
process.exitCode = await main(process.argv.slice(2));
