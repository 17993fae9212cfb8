import { spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { Client } from "pg";
import { systemClock } from "../../../model/clock.js";
import { AssentError } from "../../../model/error.js";
import { bareEnvironment, SUPERUSER, complaintIn, type Cluster } from "./cluster.js";
import { commandOf, lifeOf } from "./process-life.js";
import { launch } from "./server-user.js";

/** The database that is handed out. */
const DATABASE = "assent";

const POLL_MS = 20;
// How long a server may take to accept connections; recovery after a crash is the long case.
const READY_WITHIN_MS = 60_000;
// How long a start that fails is tried again: after a crash the old server's processes may need a moment to go, and
// a port can be taken between choosing and using it.
const RETRY_FOR_MS = 3_000;
const STOP_WITHIN_MS = 30_000;

// Given at every start rather than written into the data directory, so they hold for data made by an older version.
const SETTINGS = {
  listen_addresses: "127.0.0.1",
  // No socket file: its path may not be longer than about 100 characters.
  unix_socket_directories: "",
  max_connections: "100",
  shared_buffers: "64MB",
  max_wal_size: "256MB",
  fsync: "on",
  synchronous_commit: "on",
  timezone: "UTC",
  log_timezone: "UTC",
  lc_messages: "C",
};

interface Postmaster {
  pid: number;
  /** Not a number while the server is only starting. */
  port: number;
}

async function readPidFile(data: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(data, "postmaster.pid"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const lines = text.split("\n");
  return { pid: Number.parseInt(lines[0] ?? "", 10), port: Number.parseInt(lines[3] ?? "", 10) };
}

// A pid file outlives a server that was killed, and its pid may since belong to a zombie or to anybody else.
function serves({ pid }: Postmaster, data: string): boolean {
  return lifeOf(pid) !== undefined && commandOf(pid)?.includes(`postgres -D ${data} `) === true;
}

/**
 * The port of the running server, after starting it if none runs. Only under the lock.
 *
 * If we die in here: the server goes on starting in its own session and the next process attaches to it, or starts
 * one if we had not got so far; a missing database is made by whoever connects first.
 *
 * @throws AssentError `postgres_unavailable` if the server does not start or does not let us in.
 */
export async function ensureServer(cluster: Cluster): Promise<{ port: number; started: boolean }> {
  const begunAt = systemClock.now().getTime();
  let started: Started | undefined;
  for (;;) {
    const found = await readPidFile(cluster.data);
    const alive = found !== undefined && serves(found, cluster.data);
    if (alive && (await accepts(cluster, found.port))) {
      await writeFile(join(cluster.directory, "port"), `${found.port}\n`);
      return { port: found.port, started: found.pid === started?.pid };
    }
    const waitedMs = systemClock.now().getTime() - begunAt;
    const failed = started?.hasEnded() === true;
    if (waitedMs > READY_WITHIN_MS || (failed && waitedMs > RETRY_FOR_MS)) throw await notReady(cluster);
    if (failed) await systemClock.sleep(10 * POLL_MS);
    if (!alive && (started === undefined || failed)) started = await start(cluster, found?.pid);
    await systemClock.sleep(POLL_MS);
  }
}

async function notReady({ logFile }: Cluster): Promise<AssentError> {
  return new AssentError("postgres_unavailable", {
    what: "Embedded Postgres did not start",
    where: logFile,
    seen: await complaintIn(logFile),
    fix: "The log says why. Processes left over from an earlier crash must end first. Or set DATABASE_URL.",
  });
}

interface Started {
  pid: number | undefined;
  hasEnded(): boolean;
}

async function start(cluster: Cluster, stalePid: number | undefined): Promise<Started> {
  const { binaries, data, directory, logFile, user } = cluster;
  const env = bareEnvironment();
  // The pid file left by a killed server blocks the start while its pid belongs to a zombie or to another program of
  // the same user. Removing the file would also remove the server's own guard against surviving processes of the old
  // one, which could destroy the data. Instead we say, as pg_ctl does for itself, that this pid is no server: then
  // Postgres still checks the guard and replaces the file itself.
  if (stalePid !== undefined && Number.isSafeInteger(stalePid)) env["PG_GRANDPARENT_PID"] = String(stalePid);
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const port = await freePort(directory);
  const log = await open(logFile, "a", 0o600);
  try {
    const { command, args, ids } = launch(user, binaries.postgres, ["-D", data, "-p", String(port), ...settings]);
    const child = spawn(command, args, {
      ...ids,
      env,
      cwd: directory,
      // A session of its own: Ctrl-C in our terminal, or our end, must not take the server from the others.
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
    });
    await once(child, "spawn");
    child.unref();
    return { pid: child.pid, hasEnded: () => child.exitCode !== null || child.signalCode !== null };
  } finally {
    await log.close();
  }
}

// The port of last time if it is free, so that those who were connected before a crash find the new server.
async function freePort(directory: string): Promise<number> {
  const last = Number.parseInt(await readFile(join(directory, "port"), "utf8").catch(() => ""), 10);
  if (last > 0 && last < 65_536) {
    try {
      return await probe(last);
    } catch {
      // Taken by somebody else.
    }
  }
  return probe(0);
}

async function probe(port: number): Promise<number> {
  const server = createServer();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const { port: free } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return free;
}

/** How to reach a database of the cluster. */
export function urlOf({ password }: Cluster, port: number, database = DATABASE): string {
  return `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}`;
}

// Whether the server lets us into the database, which is made if it is missing.
async function accepts(cluster: Cluster, port: number): Promise<boolean> {
  if (Number.isNaN(port)) return false;
  try {
    await query(urlOf(cluster, port), "SELECT 1");
    return true;
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (code === "3D000") {
      await query(urlOf(cluster, port, "postgres"), `CREATE DATABASE ${DATABASE}`);
      return true;
    }
    // Starting, recovering, stopping or just gone.
    if (typeof code !== "string" || /^(57P0.|08...|E[A-Z]+)$/.test(code)) return false;
    throw new AssentError("postgres_unavailable", {
      what: "Embedded Postgres runs but does not let us in",
      where: cluster.directory,
      fix: "The cause says why. If its password file was replaced, stop that server or use another folder.",
      cause: error,
    });
  }
}

async function query(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // A server that stops cuts its connections; what matters of it is told by the promises.
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/**
 * Stops the server cleanly if one runs. Only under the lock. If we die in here: the server finishes stopping by
 * itself, and a process that opens meanwhile waits for its end and starts a new one.
 *
 * @throws AssentError `postgres_unavailable` if it does not stop.
 */
export async function stopServer(data: string): Promise<void> {
  const found = await readPidFile(data);
  if (found === undefined || !serves(found, data)) return;
  // To Postgres this is a fast shutdown: it ends its clients and writes everything out.
  process.kill(found.pid, "SIGINT");
  const begunAt = systemClock.now().getTime();
  while (serves(found, data)) {
    if (systemClock.now().getTime() - begunAt > STOP_WITHIN_MS) {
      throw new AssentError("postgres_unavailable", {
        what: "Embedded Postgres does not stop",
        where: data,
        seen: `pid ${found.pid}`,
        fix: "Look at postgres.log. It can be killed; nothing committed is lost.",
      });
    }
    await systemClock.sleep(POLL_MS);
  }
}
