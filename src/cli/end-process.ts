import { oneLine } from "../model/visible-text.js";
import { leaveServers } from "./embedded-servers.js";
import { wordsOf } from "./load-module.js";

/** Ends the process once everything is written, whatever a user's modules keep open: their embedded Postgres is left, too. */
export async function endProcess(code: number, note: (text: string) => void): Promise<never> {
  // What stands in the way of a module whose database stops is no failure of the command, which is done.
  process.removeAllListeners("uncaughtException").on("uncaughtException", () => undefined);
  process.removeAllListeners("unhandledRejection").on("unhandledRejection", () => undefined);
  try {
    await leaveServers();
  } catch (error) {
    note(`assent: an embedded Postgres stays: ${oneLine(wordsOf(error), Infinity)}`);
  }
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise<void>((resolve) => void stream.write("", () => resolve()));
  }
  process.exit(code);
}
