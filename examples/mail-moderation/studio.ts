import { execFile, spawn, type ChildProcess } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

/** The LangGraph dev server with every graph of `graphs/`, as a child of this process. */
export interface Studio {
  url: string;
  /** Settles once it answers; rejects if it ends before. */
  ready: Promise<void>;
  stop(): Promise<void>;
}

/** What {@link startStudio} needs. */
export interface StudioOptions {
  /** The port to use if it is free; otherwise any. */
  port: number;
  databaseUrl: string;
  /** Remembers the server, so that the next start ends one whose program was killed. */
  pidFile: string;
}

/** Starts it on loopback, offline, in open trust, on the given Postgres. */
export async function startStudio({ port, databaseUrl, pidFile }: StudioOptions): Promise<Studio> {
  await endLeftOver(pidFile);
  const free = (await isFree(port)) ? port : await anyFreePort();
  const cli = join(
    dirname(createRequire(import.meta.url).resolve("@langchain/langgraph-cli/package.json")),
    "dist/cli/cli.mjs",
  );
  const words = ["dev", "--no-browser", "--no-reload", "--host", "127.0.0.1", "--port", String(free)];
  const child = spawn(process.execPath, [cli, ...words], {
    // A session of its own: Ctrl-C in the terminal is ours to pass on, after our own work is safe.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      ASSENT_TRUST: "open",
      LANGGRAPH_CLI_NO_ANALYTICS: "1",
      LOG_LEVEL: "warn",
    },
  });
  if (child.pid !== undefined) await writeFile(pidFile, String(child.pid));
  const url = `http://localhost:${free}`;
  return {
    url,
    ready: answers(child, `${url}/ok`),
    stop: async () => {
      await stop(child);
      await rm(pidFile, { force: true });
    },
  };
}

/** Ends the server of an earlier start that was killed, if that process is still one of ours. */
async function endLeftOver(pidFile: string): Promise<void> {
  const pid = Number(await readFile(pidFile, "utf8").catch(() => ""));
  if (!Number.isInteger(pid) || pid <= 1) return;
  const words = await promisify(execFile)("ps", ["-o", "args=", "-p", String(pid)]).catch(() => ({ stdout: "" }));
  if (words.stdout.includes("langgraph-cli")) signalGroup(pid, "SIGKILL");
  await rm(pidFile, { force: true });
}

async function answers(child: ChildProcess, url: string): Promise<void> {
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk) => (said = (said + String(chunk)).slice(-2_000)));
  const ended = new Promise<never>((_, reject) => {
    child.once("exit", (code) => reject(new Error(`the LangGraph dev server ended with code ${code}: ${said.trim()}`)));
    child.once("error", reject);
  });
  const polled = (async () => {
    while (child.exitCode === null && child.signalCode === null) {
      const ok = await fetch(url).then(
        (response) => response.ok,
        () => false,
      );
      if (ok) return;
      await new Promise((resolve) => void setTimeout(resolve, 200));
    }
  })();
  await Promise.race([polled, ended]);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => void child.once("exit", resolve));
  // The whole group: the command line starts the server as a child of its own.
  signalGroup(child.pid, "SIGTERM");
  const late = setTimeout(() => signalGroup(child.pid ?? 0, "SIGKILL"), 3_000);
  await gone;
  clearTimeout(late);
  signalGroup(child.pid, "SIGKILL");
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It is gone already.
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}

function anyFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 2024));
    });
  });
}
