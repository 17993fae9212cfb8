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
}

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

async function idsOf(name: string): Promise<Required<ServerUser>> {
  const [uid, gid] = await Promise.all([run("id", ["-u", name]), run("id", ["-g", name])]);
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

/**
 * Checks that the server's user may enter a folder, so that a private folder above it is named in the error instead
 * of "permission denied" in a log. Permissions of folders that are not ours are never changed.
 *
 * @throws AssentError `postgres_unavailable` naming the outermost folder that is closed.
 */
export async function requireEntry(user: ServerUser, directory: string): Promise<void> {
  if (user.uid === undefined || (await mayEnter(user, directory))) return;
  const path = [directory];
  for (let at = directory; dirname(at) !== at; at = dirname(at)) path.unshift(dirname(at));
  for (const closed of path) {
    if (await mayEnter(user, closed)) continue;
    throw new AssentError("postgres_unavailable", {
      what: `Postgres runs as user ${user.uid} because this process runs as root, and that user may not enter a folder`,
      where: closed,
      fix: `Allow it with chmod o+x ${closed}, use another folder, run as an ordinary user, or set DATABASE_URL.`,
    });
  }
}

async function mayEnter({ uid, gid }: ServerUser, directory: string): Promise<boolean> {
  try {
    await run("test", ["-x", directory], { uid, gid, cwd: "/" });
    return true;
  } catch {
    return false;
  }
}
