import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { openEmbeddedPostgres, type EmbeddedPostgres } from "../ledger/postgres/embedded/index.js";
import { commandOf, lifeOf } from "../ledger/postgres/embedded/process-life.js";
import { systemClock } from "../model/clock.js";
import { AssentError } from "../model/error.js";
import type { Killable } from "./killable.js";

/** An embedded Postgres that can be killed and started again, on the same data. */
export interface KillablePostgres extends Killable {
  /** Connection URL, from the first `start` on. */
  readonly url: string;
}

const POLL_MS = 10;

/**
 * The embedded Postgres of a folder, as `openPostgres` starts it. `kill` is what Postgres calls an immediate shutdown:
 * its processes are gone at once, nothing is written out, and the next start recovers from the log, as after a loss of
 * power. It comes back on the same port, unless somebody took that meanwhile.
 *
 * @throws AssentError `postgres_unavailable` from `start` if it cannot be started.
 * @example
 * ```ts
 * import { killablePostgres } from "assent/testing";
 *
 * const postgres = killablePostgres({ directory: "temp/postgres" });
 * await postgres.start();
 * await postgres.kill();
 * await postgres.start();
 * await postgres.stop();
 * ```
 */
export function killablePostgres({ directory }: { directory: string }): KillablePostgres {
  let opened: EmbeddedPostgres | undefined;
  let url = "";
  const taken = (): EmbeddedPostgres => {
    const server = opened;
    opened = undefined;
    if (server !== undefined) return server;
    throw new AssentError("program_failed", { what: "This Postgres was not running", where: directory });
  };
  return {
    get url() {
      return url;
    },
    async start() {
      opened ??= await openEmbeddedPostgres({ directory });
      ({ url } = opened);
    },
    async kill() {
      const server = taken();
      await killServer(join(directory, "data"));
      // Nothing is left to stop; this only takes us off the list of its users.
      await server.close();
    },
    async stop() {
      await taken().close();
    },
  };
}

async function killServer(data: string): Promise<void> {
  const text = await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "");
  const pid = Number.parseInt(text, 10);
  const life = lifeOf(pid);
  if (life === undefined || commandOf(pid)?.includes(`-D ${text.split("\n")[1] ?? ""} `) !== true) {
    throw new AssentError("program_failed", { what: "This Postgres ended by itself", where: data });
  }
  // To Postgres this is an immediate shutdown.
  process.kill(pid, "SIGQUIT");
  while (lifeOf(pid) === life) await systemClock.sleep(POLL_MS);
}
