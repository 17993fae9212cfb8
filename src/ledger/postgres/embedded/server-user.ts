import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { AssentError } from "../../../model/error.js";

const run = promisify(execFile);

/** The operating system's user that Postgres runs as; without ids, the user who runs this process. */
export interface ServerUser {
  uid?: number;
  gid?: number;
  /** Set where a folder above is closed to that user, and root lets the server through with one capability. */
  letThrough?: boolean;
}

/** A program, its arguments and the ids to start it with. */
export interface Launch {
  command: string;
  args: string[];
  ids: { uid?: number; gid?: number };
}

/** How to start a program as the server's user. */
export function launch({ uid, gid, letThrough }: ServerUser, command: string, args: string[]): Launch {
  if (letThrough !== true || uid === undefined || gid === undefined) {
    return { command, args, ids: { ...(uid !== undefined && { uid }), ...(gid !== undefined && { gid }) } };
  }
  const ids = [`--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"];
  return { command: "setpriv", args: [...ids, ...LET_THROUGH, command, ...args], ids: {} };
}

// Permission to pass where the mode says no; `setpriv` belongs to util-linux, which every Debian has.
// The secure bit keeps it in access(2), by which Postgres looks for its own programs.
const LET_THROUGH = ["--securebits=+no_setuid_fixup", "--inh-caps=+dac_override", "--ambient-caps=+dac_override"];

/**
 * Who is to run Postgres on the data in `data`. Postgres refuses to run as root: started as root, it runs as the owner
 * of existing data, otherwise as the user `postgres`, who is created if there is none.
 *
 * @throws AssentError `postgres_unavailable` if there is no such user and none can be created.
 */
export async function serverUser(data: string): Promise<ServerUser> {
  if (process.getuid?.() !== 0) return {};
  const existing = await stat(data).catch(() => undefined);
  if (existing !== undefined && existing.uid !== 0) return { uid: existing.uid, gid: existing.gid };
  try {
    return await idsOf("postgres");
  } catch {
    try {
      await run("groupadd", ["--system", "postgres"]).catch(() => undefined);
      await run("useradd", ["--system", "--gid", "postgres", "--no-create-home", "postgres"]);
      return await idsOf("postgres");
    } catch (cause) {
      throw new AssentError("postgres_unavailable", {
        what: "Postgres does not run as root, and no user named postgres could be found or created",
        fix: "Create that user, run as an ordinary user, or set DATABASE_URL.",
        cause,
      });
    }
  }
}

async function idsOf(name: string): Promise<Required<Pick<ServerUser, "uid" | "gid">>> {
  const [uid, gid] = await Promise.all([run("id", ["-u", name]), run("id", ["-g", name])]);
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

/**
 * The server's user with a way into `directories`. Where a private folder stands above them, as with a checkout under
 * root's home, root lets the server through; permissions of folders that are not ours are never changed.
 *
 * @throws AssentError `postgres_unavailable` naming the outermost folder that is closed, if there is no way.
 */
export async function withEntry(user: ServerUser, directories: readonly string[]): Promise<ServerUser> {
  const closed = await closedTo(user, directories);
  if (closed === undefined) return user;
  const letThrough = { ...user, letThrough: true };
  if ((await closedTo(letThrough, directories)) === undefined) return letThrough;
  throw new AssentError("postgres_unavailable", {
    what: `Postgres runs as user ${user.uid} because this process runs as root, and that user may not enter a folder`,
    where: closed,
    fix: `Allow it with chmod o+x ${closed}, use another folder, run as an ordinary user, or set DATABASE_URL.`,
  });
}

/** The outermost folder that the user may not enter, on the way to any of the directories. */
async function closedTo(user: ServerUser, directories: readonly string[]): Promise<string | undefined> {
  if (user.uid === undefined) return undefined;
  for (const directory of directories) {
    if (await mayEnter(user, directory)) continue;
    const path = [directory];
    for (let at = directory; dirname(at) !== at; at = dirname(at)) path.unshift(dirname(at));
    for (const folder of path) if (!(await mayEnter(user, folder))) return folder;
  }
  return undefined;
}

async function mayEnter(user: ServerUser, directory: string): Promise<boolean> {
  const { command, args, ids } = launch(user, "ls", ["-d", `${directory}/.`]);
  try {
    await run(command, args, { ...ids, cwd: "/" });
    return true;
  } catch {
    return false;
  }
}
