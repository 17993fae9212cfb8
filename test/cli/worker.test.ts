import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freshSchema, type FreshSchema } from "../support/postgres.js";
import { configText, DECIDING, openProject, type Project } from "./configured.js";
import { MAIN, runCli, type Ran, type RunOptions } from "./run-cli.js";

const TSX = import.meta.resolve("tsx");

let fresh: FreshSchema;
let project: Project;
beforeAll(async () => {
  fresh = await freshSchema({ connectionsMax: 8, isAlone: true });
  await new PostgresSaver(fresh.pool, undefined, { schema: fresh.schema }).setup();
  project = openProject();
  project.write("assent.config.ts", configText(fresh.url, fresh.schema));
  project.write("decide.ts", DECIDING);
});
afterAll(async () => {
  project.remove();
  await fresh.close();
});

const worker = (words: string[], options: RunOptions = {}): Promise<Ran> =>
  runCli(["worker", ...words], { cwd: project.folder, ...options });

async function decideOn(threadId: string, decision = "approve"): Promise<void> {
  await promisify(execFile)(process.execPath, ["--import", TSX, "decide.ts", threadId, decision], {
    cwd: project.folder,
  });
}

describe("assent worker", () => {
  test("has help, no wider than a terminal", async () => {
    const { code, stdout, stderr } = await worker(["--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const words of ["assent.config.ts", "--concurrency N", "--once", "SIGTERM", "defineConfig"]) {
      expect(stdout).toContain(words);
    }
    expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  test("--once does what is due, a line for each thing, and ends", async () => {
    await decideOn("one");
    const { code, stdout, stderr } = await worker(["--once", "--concurrency", "2"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  delivered  thread one: finished\n$/);
    await decideOn("two", "reject");
    const json = await worker(["--once", "--json"]);
    const lines = json.stdout.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { kind: "delivered", threadId: "two", result: "finished" },
    ]);
    expect((await worker(["--once"])).stdout).toBe("");
  });

  test.each(["SIGTERM", "SIGINT"] as const)("works until %s, and ends in good order", async (signal) => {
    await decideOn(signal);
    const child = spawn(process.execPath, [MAIN, "worker"], {
      cwd: project.folder,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NO_COLOR: "1" },
    });
    const ended = once(child, "exit");
    const complaint = text(child.stderr);
    const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
    expect(line).toContain(`thread ${signal}: finished`);
    child.kill(signal);
    expect(await ended).toEqual([0, null]);
    expect(await complaint).toContain(`working on schema ${fresh.schema}, 4 at a time`);
  });

  test("--once ends with 1 if something failed, which stays to be done", async () => {
    await decideOn("broken");
    project.write(
      "broken.config.ts",
      configText(
        fresh.url,
        fresh.schema,
        `threads: { state: async () => { throw new Error("away\\u001b[31m"); } } as never`,
      ),
    );
    const { code, stdout } = await worker(["--once", "--config", "broken.config.ts"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/failed {5}deliver \{"thread":"broken"\}, attempt 1: away.*; it is tried again\n/);
    expect(stdout).not.toContain("\u001b");
  });

  test.each([
    [["now"], 2, "takes no words"],
    [["--concurrency", "0"], 2, "from 1 to 1000"],
    [["--concurrency", "many"], 2, "from 1 to 1000"],
    [["--config", "nowhere.ts"], 2, "There is no file nowhere.ts"],
    [["--config", "throws.mjs"], 2, "throws while it is loaded: not today"],
    [["--config", "empty.mjs"], 2, "has no default export"],
    [["--config", "no-assent.mjs"], 2, "needs an Assent"],
    [["--config", "no-threads.ts"], 2, "does not say how threads are reached"],
    [["--strict"], 2, "takes no --strict"],
    [["--config", "refused.mjs"], 3, "[policy_unsupported]"],
  ])("does not guess at %j", async (words, expected, said) => {
    // What it opened before is nothing to wait for.
    project.write("throws.mjs", 'setInterval(() => {}, 600_000); throw new Error("not today");');
    project.write(
      "refused.mjs",
      'import { AssentError } from "assent"; setInterval(() => {}, 600_000);' +
        'throw new AssentError("policy_unsupported", { what: "Not today" });',
    );
    project.write("empty.mjs", "export const a = 1;");
    project.write("no-assent.mjs", "export default {};");
    project.write("no-threads.ts", configText(fresh.url, fresh.schema, "graphs: {}"));
    const { code, stdout, stderr } = await worker(words);
    expect({ code, stdout }).toEqual({ code: expected, stdout: "" });
    expect(stderr).toContain(said);
    expect(stderr).not.toContain("    at ");
  });

  test("says where a configuration goes if there is none, and that tsx is missing", async () => {
    const bare = openProject();
    try {
      const none = await worker([], { cwd: bare.folder });
      expect(none).toMatchObject({ code: 2, stdout: "" });
      expect(none.stderr).toContain("export default defineConfig({ assent, graphs })");
    } finally {
      bare.remove();
    }
  });

  test("needs the ledger's schema", async () => {
    project.write("elsewhere.config.ts", configText(fresh.url, `${fresh.schema}_none`));
    const { code, stderr } = await worker(["--once", "--config", "elsewhere.config.ts"]);
    expect(code).toBe(3);
    expect(stderr).toContain("assent migrate");
  });
});
