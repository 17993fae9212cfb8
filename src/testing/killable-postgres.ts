import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { openEmbeddedPostgres, type EmbeddedPostgres } from "../ledger/postgres/embedded/index.js";
import { childrenOf, commandOf, lifeOf } from "../ledger/postgres/embedded/process-life.js";
import { systemClock } from "../model/clock.js";
import { AssentError } from "../model/error.js";
import type { Killable } from "./killable.js";

/**
 * How a Postgres is killed:
 *
 * - `immediate`: what Postgres calls that; its processes are told to be gone at once
 * - `crash`: SIGKILL to every one of its processes, as if the machine had lost its power
 */
export type PostgresDeath = "immediate" | "crash";

/** An embedded Postgres that can be killed and started again, on the same data. */
export interface KillablePostgres extends Killable {
  /** Connection URL, from the first `start` on. */
  readonly url: string;
  /** As for any {@link Killable}; `immediate` unless said. Nothing is written out, and the next start recovers. */
  kill(how?: PostgresDeath): Promise<void>;
}

const POLL_MS = 10;

/**
 * The embedded Postgres of a folder, as `openPostgres` starts it. It comes back on the same port, unless somebody took
 * that meanwhile.
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
    async kill(how = "immediate") {
      const server = taken();
      await killServer(join(directory, "data"), how);
      // Nothing is left to stop; this only takes us off the list of its users.
      await server.close();
    },
    async stop() {
      await taken().close();
    },
  };
}

async function killServer(data: string, how: PostgresDeath): Promise<void> {
  const text = await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "");
  const pid = Number.parseInt(text, 10);
  const life = lifeOf(pid);
  if (life === undefined || commandOf(pid)?.includes(`-D ${text.split("\n")[1] ?? ""} `) !== true) {
    throw new AssentError("program_failed", { what: "This Postgres ended by itself", where: data });
  }
  const lives = new Map([[pid, life]]);
  if (how === "immediate") {
    process.kill(pid, "SIGQUIT");
  } else {
    // Held first, so that it starts no more processes; the others would survive it, and finish what they are doing.
    process.kill(pid, "SIGSTOP");
    for (const child of childrenOf(pid)) {
      const childLife = lifeOf(child);
      if (childLife !== undefined) lives.set(child, childLife);
    }
    for (const each of lives.keys()) killIfThere(each);
  }
  for (const [each, itsLife] of lives) while (lifeOf(each) === itsLife) await systemClock.sleep(POLL_MS);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
