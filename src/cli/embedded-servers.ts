import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { underLock } from "../ledger/postgres/embedded/lock.js";
import { childrenOf, commandOf, lifeOf } from "../ledger/postgres/embedded/process-life.js";
import { Roster } from "../ledger/postgres/embedded/roster.js";
import { stopServer } from "../ledger/postgres/embedded/server.js";

/** Where the embedded Postgres is that a module opens without saying where. */
const USUAL_FOLDER = join(".assent", "postgres");

/**
 * Leaves the embedded servers that a user's modules opened in this process and nobody closed, and stops those that
 * nobody else uses: of those that this process started, wherever they are, and of the one in the usual folder.
 *
 * If we die in here: our names count for nothing from then on, and the next process that opens a folder attaches.
 *
 * @throws AssentError `postgres_unavailable` if one does not stop.
 */
export async function leaveServers(): Promise<void> {
  const life = lifeOf(process.pid);
  // Where processes cannot be told apart, none was opened.
  if (process.platform === "win32" || life === undefined) return;
  const started = childrenOf(process.pid).flatMap(
    (pid) => / -D (.+)\/data -p \d+ /.exec(commandOf(pid) ?? "")?.[1] ?? [],
  );
  for (const directory of new Set([resolve(USUAL_FOLDER), ...started])) {
    const users = join(directory, "users");
    const mine = existsSync(users)
      ? readdirSync(users).filter((name) => name.startsWith(`${process.pid}.${life}.`))
      : [];
    if (mine.length > 0) await leave(directory, mine);
  }
}

async function leave(directory: string, members: readonly string[]): Promise<void> {
  const users = new Roster(join(directory, "users"));
  await underLock(join(directory, "lock"), async () => {
    for (const member of members) users.remove(member);
    if (users.others("").length === 0) await stopServer(join(directory, "data"));
  });
}
