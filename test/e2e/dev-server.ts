import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join, relative, resolve } from "node:path";

/** A LangGraph dev server with the project's graphs, in a working folder of its own. */
export interface DevServer {
  url: string;
  /** The server's working folder: what graphs write to `.assent/` is there. */
  folder: string;
  stop: () => Promise<void>;
}

/** Starts `langgraphjs dev` as a person would, offline and on loopback, and waits until it serves. */
export async function startDevServer(databaseUrl: string): Promise<DevServer> {
  await mkdir("temp", { recursive: true });
  const folder = await mkdtemp(join("temp", "studio-"));
  const config = JSON.parse(await readFile("langgraph.json", "utf8")) as { graphs: Record<string, string> };
  const back = relative(folder, ".");
  const graphs = Object.entries(config.graphs).map(([name, path]) => [name, join(back, path)]);
  await writeFile(join(folder, "langgraph.json"), JSON.stringify({ ...config, graphs: Object.fromEntries(graphs) }));

  const port = await freePort();
  const cli = resolve("node_modules/@langchain/langgraph-cli/dist/cli/cli.mjs");
  const words = ["dev", "--no-browser", "--no-reload", "--host", "127.0.0.1", "--port", String(port)];
  const child = spawn(process.execPath, [cli, ...words], {
    cwd: folder,
    // A group of its own, because the command line starts the server as a child.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, DATABASE_URL: databaseUrl, LANGGRAPH_CLI_NO_ANALYTICS: "1" },
  });
  const stop = async (): Promise<void> => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      process.kill(-child.pid, "SIGKILL");
      await once(child, "close");
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await serving(child);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `http://127.0.0.1:${port}`, folder, stop };
}

/** Settles when the server says that it runs. */
function serving(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    const listen = (chunk: unknown): void => {
      said += String(chunk);
      if (/Server running|Server (is )?ready|running at/i.test(said)) resolve();
    };
    child.stdout?.on("data", listen);
    child.stderr?.on("data", listen);
    child.once("close", (code) => reject(new Error(`the dev server ended with code ${code}:\n${said.slice(-4_000)}`)));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
