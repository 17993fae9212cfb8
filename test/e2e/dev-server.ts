import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { Client } from "@langchain/langgraph-sdk";

const ROOT = resolve(import.meta.dirname, "../..");
const READY_WITHIN_MS = 50_000;
const POLL_MS = 100;

/**
 * Headers of whoever asks a server: each request has a connection of its own. Node lets a server close one that was
 * quiet for five seconds, and a process that was busy meanwhile sends its next request into it, which fails.
 */
export const UNKEPT = { connection: "close" };

/** The real `langgraphjs dev`, serving the graphs of langgraph.json, in a folder of its own. */
export interface DevServer {
  url: string;
  client: Client;
  /** Where it runs: its state and the effects of the graphs are in there. */
  folder: string;
  /** Ends the server with everything that it started, and removes its folder. */
  stop(): Promise<void>;
}

/** How a server is started. */
export interface DevServerOptions {
  databaseUrl: string;
  /** Path of the configuration that names the graphs; the project's own langgraph.json unless said. */
  config?: string;
  /** Only these graphs; all unless said. */
  graphs?: readonly string[];
  /** Set for the server, over what langgraph.json says. */
  environment?: Record<string, string>;
  /** How many look for work at the same time; as many as the server thinks right unless said. */
  workers?: number;
}

/** Starts the server and waits until it answers. */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const { databaseUrl, config = join(ROOT, "langgraph.json"), graphs, environment = {}, workers } = options;
  const folder = mkdtempSync(join(tmpdir(), "assent-studio-"));
  writeConfig(folder, config, graphs);
  const cli = join(
    dirname(createRequire(import.meta.url).resolve("@langchain/langgraph-cli/package.json")),
    "dist/cli/cli.mjs",
  );
  const port = await freePort();
  const { ASSENT_TRUST: _, ...inherited } = process.env;
  const child = spawn(
    process.execPath,
    [
      cli,
      "dev",
      "--no-browser",
      "--no-reload",
      "--host",
      "127.0.0.1",
      "--port",
      String(port),
      ...(workers === undefined ? [] : ["--n-jobs-per-worker", String(workers)]),
    ],
    {
      cwd: folder,
      // A group of its own: the command starts the server as a child, and both have to end.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...inherited,
        DATABASE_URL: databaseUrl,
        LANGGRAPH_CLI_NO_ANALYTICS: "1",
        TSX_TSCONFIG_PATH: join(ROOT, "tsconfig.json"),
        ...environment,
      },
    },
  );
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    await endGroup(child, url);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await answers(child, url);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, client: new Client({ apiUrl: url, defaultHeaders: UNKEPT }), folder, stop };
}

/** A configuration, with the paths as they are seen from the folder. */
function writeConfig(folder: string, path: string, wanted: readonly string[] | undefined): void {
  const config = JSON.parse(readFileSync(path, "utf8")) as { graphs: Record<string, string> };
  const served = Object.entries(config.graphs).filter(([id]) => wanted === undefined || wanted.includes(id));
  const graphs = Object.fromEntries(served.map(([id, graph]) => [id, relative(folder, resolve(dirname(path), graph))]));
  writeFileSync(join(folder, "langgraph.json"), JSON.stringify({ ...config, graphs }));
}

async function answers(child: ChildProcess, url: string): Promise<void> {
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk) => (said = (said + String(chunk)).slice(-4_000)));
  }
  const giveUpAt = Date.now() + READY_WITHIN_MS;
  while (child.exitCode === null && child.signalCode === null && Date.now() < giveUpAt) {
    if (await isUp(url)) return;
    await new Promise((next) => void setTimeout(next, POLL_MS));
  }
  throw new Error(`the dev server does not answer; it said:\n${said}`);
}

/** Kills the whole group and waits until nobody answers any more. */
async function endGroup({ pid }: ChildProcess, url: string): Promise<void> {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It had ended by itself.
  }
  while (await isUp(url)) await new Promise((next) => void setTimeout(next, POLL_MS));
}

/** Whether a server answers there. */
function isUp(url: string): Promise<boolean> {
  return fetch(`${url}/ok`).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
