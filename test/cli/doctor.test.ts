import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { visibleText } from "assent";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { runCli, type Ran, type RunOptions } from "./run-cli.js";

/** What the graphs of every project here are made of. */
const PARTS = `
import { MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, approvalGate, createAssent, defineAction, memoryLedger, policy } from "assent";
import { z } from "zod";

console.log("a graph's own words");
setInterval(() => {}, 60_000);
export const pay = defineAction({
  name: "pay", args: z.object({}), summary: () => "Pay", idempotent: true, run: () => null,
});
export const assent = createAssent({ actions: [pay], ledger: memoryLedger(), policy: policy({ default: { route: "review" } }) });
const agent = () => assent.propose(pay, {}, { key: "one" });
export const builder = () =>
  addGate(new StateGraph(AssentState).addNode("agent", agent), "gate", approvalGate(assent))
    .addEdge(START, "agent").addEdge("agent", "gate");
export const checkpointer = new MemorySaver();
export const around = (options = {}) =>
  new StateGraph(AssentState).addNode("team", builder().compile(), options).addEdge(START, "team").compile({ checkpointer });
`;

/** Files by name; each may use what PARTS exports. */
const FILES: Record<string, string> = {
  "fine.mjs": `import { builder, checkpointer } from "./parts.mjs";
    export const graph = builder().compile({ checkpointer });
    export const unbuilt = builder();
    export const factory = async () => graph;
    export default graph;`,
  "typed.ts": `import { builder, checkpointer } from "./parts.mjs";
    enum Shape { Round } // what only a compiler can take away
    export const graph: unknown = Shape.Round === 0 ? builder().compile({ checkpointer }) : null;`,
  "cached.mjs": `import { around } from "./parts.mjs"; export const graph = around({ cachePolicy: true });`,
  "default-cache.mjs": `import { builder } from "./parts.mjs";
    export const graph = builder().setNodeDefaults({ cachePolicy: true }).compile();`,
  "handled.mjs": `import { around } from "./parts.mjs"; export const graph = around({ errorHandler: () => ({}) });`,
  "unsaid.mjs": `import { defineAction } from "assent"; import { z } from "zod";
    export const graph = defineAction({ name: "pay", args: z.object({}), summary: () => "Pay", run: () => null });`,
  "broken.mjs": `throw new Error("no database \\u001b[31mtoday");`,
  "late.mjs": `import { builder, checkpointer } from "./parts.mjs";
    Promise.reject(new Error("later")); export const graph = builder().compile({ checkpointer });`,
  "number.mjs": `export const graph = 5;`,
};

let home: string;
/** A folder outside of any project with tsx. */
let bare: string;
beforeAll(async () => {
  [home, bare] = await Promise.all([
    mkdtemp(join(tmpdir(), "assent-doctor-")),
    mkdtemp(join(tmpdir(), "assent-bare-")),
  ]);
  await symlink(inject("installedModules"), join(home, "node_modules"));
  await writeFile(join(home, "package.json"), JSON.stringify({ type: "module" }));
  await writeFile(join(home, "parts.mjs"), PARTS);
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(home, name), text);
  await writeFile(join(bare, "typed.ts"), "export const graph: number = 5;");
});
afterAll(() => Promise.all([home, bare].map((folder) => rm(folder, { recursive: true, force: true }))));

const doctor = (words: string[], options: RunOptions = {}): Promise<Ran> =>
  runCli(["doctor", ...words], { cwd: home, ...options });

interface Told {
  ok: boolean;
  graphs: {
    graph: string;
    loaded: boolean;
    gates: number;
    findings: { name: string; severity: string; where: string }[];
  }[];
}

/** Writes a langgraph.json into a folder of its own beside the graphs, and runs doctor there. */
async function project(name: string, langgraphJson: unknown, environment?: Record<string, string>) {
  const cwd = join(home, name);
  await mkdir(cwd, { recursive: true });
  await writeFile(join(cwd, ".env"), "ASSENT_TRUST=open\n");
  const text = typeof langgraphJson === "string" ? langgraphJson : JSON.stringify(langgraphJson);
  await writeFile(join(cwd, "langgraph.json"), text);
  const ran = await doctor(["--json"], { cwd, ...(environment !== undefined && { environment }) });
  const told = JSON.parse(ran.stdout) as Told;
  const [first] = told.graphs;
  return { code: ran.code, told, names: first?.findings.map((found) => `${found.severity} ${found.name}`) };
}

describe("assent doctor", () => {
  test("finds nothing in a sound graph, however it is exported, and ends though its code does not", async () => {
    const [ran, more] = await Promise.all([
      doctor(["./fine.mjs:graph"]),
      doctor(["fine.mjs", "fine.mjs:factory", "typed.ts:graph"]),
    ]);
    expect(ran).toMatchObject({ code: 0, stdout: "./fine.mjs:graph: 1 gate\n  fine\n\n1 graph: fine\n" });
    expect(ran.stderr).toContain("a graph's own words");
    expect(more).toMatchObject({ code: 0 });
    expect(more.stdout).toMatch(/\n3 graphs: fine\n$/);
  });

  test.each([
    ["cached.mjs:graph", /error cache-over-gate, at team\n {4}.*second thread/],
    ["handled.mjs:graph", /error error-handler-over-gate, at team/],
    ["default-cache.mjs:graph", /error gate-invalid, at gate gate\n(.|\n)*default cache policy/],
    ["fine.mjs:unbuilt", /error checkpointer-missing, at graph/],
    ["unsaid.mjs:graph", /error action-invalid, at idempotent\n.*"pay" does not say(.|\n)*Do: Say idempotent/],
  ])("%s: one error, what it is and what to do, in 80 columns; ends with 1", async (graph, said) => {
    const { code, stdout } = await doctor([graph]);
    expect(code).toBe(1);
    expect(stdout).toMatch(said);
    expect(stdout).toMatch(/\n {4}Do: \S/);
    expect(stdout).toMatch(/\n1 graph: 1 error(, \d notes?)?\n$/);
    expect(stdout.split("\n").filter((line) => line.length > 80 || visibleText(line) !== line)).toEqual([]);
  });

  test.each([
    ["broken.mjs:graph", /throws while it is loaded: no database ⟦U\+001B⟧\[31mtoday/],
    ["none.mjs:graph", /There is no file none\.mjs/],
    ["number.mjs:graph", /The export is no graph/],
    ["fine.mjs:grpah", /exports no grpah\.(.|\n)*default, factory, graph/],
  ])("%s: cannot be loaded, and it says why; ends with 3", async (graph, said) => {
    const { code, stdout } = await doctor([graph, "fine.mjs:graph"]);
    expect(code).toBe(3);
    expect(stdout).toMatch(said);
    expect(stdout).toContain("fine.mjs:graph: 1 gate\n  fine");
  });

  test("what fails in the background of a graph's code is told and ends nothing", async () => {
    const { code, stderr } = await doctor(["late.mjs:graph"]);
    expect(code).toBe(0);
    expect(stderr).toContain("failed meanwhile: later");
  });

  test("leaves no Postgres behind that a graph opened, whoever started it and wherever it is", async () => {
    const cwd = join(home, "opened");
    await mkdir(cwd);
    // The server's user has to get in.
    await Promise.all([home, cwd].map((folder) => chmod(folder, 0o755)));
    await writeFile(join(cwd, "opens.mjs"), `import { openPostgres } from "assent/postgres"; await openPostgres();`);
    await writeFile(
      join(cwd, "graph.mjs"),
      `import { openPostgres } from "assent/postgres"; await openPostgres({ directory: "an other/one" });
       await import("./opens.mjs"); export { graph } from "../fine.mjs";`,
    );
    // It ends without closing: the server goes on.
    await promisify(execFile)(process.execPath, ["opens.mjs"], { cwd });
    expect(existsSync(join(cwd, ".assent/postgres/data/postmaster.pid"))).toBe(true);
    const { code, stdout } = await doctor(["graph.mjs:graph"], { cwd });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "graph.mjs:graph: 1 gate\n  fine\n\n1 graph: fine\n" });
    for (const folder of [".assent/postgres", "an other/one"]) {
      expect(await readdir(join(cwd, folder, "users"))).toEqual([]);
      expect(existsSync(join(cwd, folder, "data/PG_VERSION"))).toBe(true);
      expect(existsSync(join(cwd, folder, "data/postmaster.pid"))).toBe(false);
    }
  });

  test("without tsx in the project, TypeScript is refused with the way out", async () => {
    const { code, stdout } = await doctor(["typed.ts:graph"], { cwd: bare });
    if ("typescript" in process.features && process.features.typescript)
      return expect(stdout).toContain("The export is no graph");
    expect(code).toBe(3);
    expect(stdout).toContain("typed.ts is TypeScript, and tsx is not installed here.");
    expect(stdout).toContain("npm install --save-dev tsx");
  });

  test("production counts what is fine elsewhere", async () => {
    const environment = { NODE_ENV: "production", ASSENT_TRUST: "open" };
    const { code, stdout } = await doctor(["fine.mjs:graph"], { environment });
    expect(code).toBe(1);
    expect(stdout).toContain("error trust-open, at graph");
    expect(stdout).toContain("error ledger-volatile, at graph");
  });
});

describe("assent doctor with a langgraph.json", () => {
  const graphs = { office: "../cached.mjs:graph", other: { path: "../fine.mjs:graph", description: "x" } };

  test("looks over each of its graphs, as a server would run it", async () => {
    const { code, told } = await project("plain", { graphs });
    expect(code).toBe(1);
    expect(told).toMatchObject({
      ok: false,
      graphs: [
        {
          graph: "office",
          loaded: true,
          gates: 1,
          findings: [{ name: "cache-over-gate" }, { name: "ledger-volatile" }],
        },
        { graph: "other", loaded: true, gates: 1, findings: [{ name: "ledger-volatile", severity: "error" }] },
      ],
    });
  });

  test("with its environment, from a map or a file, under what is set already", async () => {
    const one = { graphs: { one: "../fine.mjs:graph" } };
    const fromMap = await project("map", { ...one, env: { ASSENT_TRUST: "open" } });
    expect(fromMap.names).toEqual(["error ledger-volatile", "note trust-open"]);
    const fromFile = await project("file", { ...one, env: ".env", auth: { path: "./auth.ts:auth" } });
    expect(fromFile.names).toEqual(["error ledger-volatile", "warning trust-open"]);
    const over = await project("over", { ...one, env: { ASSENT_TRUST: "open" } }, { ASSENT_TRUST: "verified" });
    expect(over.names).toEqual(["error ledger-volatile"]);
  });

  test("whose environment a configuration beside it does not see, though both have the same modules", async () => {
    await mkdir(join(home, "beside"));
    await writeFile(
      join(home, "beside/assent.config.mjs"),
      `import { defineConfig } from "assent/service"; import { assent } from "../parts.mjs"; import { graph } from "../fine.mjs";
       if (process.env.ASSENT_TRUST || process.env.ASSENT_DOCTOR_APART) throw new Error("another program");
       export default defineConfig({ assent, graphs: { graph } });`,
    );
    const { code, told } = await project("beside", {
      graphs: { one: "../fine.mjs:graph" },
      env: { ASSENT_TRUST: "open" },
    });
    expect(code).toBe(1);
    const names = told.graphs.map(({ graph, findings }) => [graph, ...findings.map(({ name }) => name)]);
    expect(names).toEqual([["one", "ledger-volatile", "trust-open"], ["graph"]]);
    expect(told).toMatchObject({ config: { loaded: true } });
  });

  test("whose graphs end the process that loads them: the configuration beside it is looked at", async () => {
    await mkdir(join(home, "ending"));
    await writeFile(join(home, "ending/ends.mjs"), "process.exit(5);");
    await writeFile(join(home, "ending/assent.config.mjs"), "export default 5;");
    const { code, told } = await project("ending", { graphs: { one: "./ends.mjs:graph" }, env: { NOT_SET: "1" } });
    expect(code).toBe(3);
    expect(told).toMatchObject({
      graphs: [
        { graph: "langgraph.json", findings: [{ name: "cannot-load", what: expect.stringContaining("with 5") }] },
      ],
      config: { loaded: false },
    });
  });

  test.each([
    ["broken", "{"],
    ["shapeless", { graphs: { one: 5 } }],
  ])("that is %s: ends with 3 and says so", async (name, text) => {
    const { code, told } = await project(name, text);
    expect(code).toBe(3);
    expect(told).toMatchObject({ ok: false, graphs: [{ graph: "langgraph.json", loaded: false }] });
  });

  test("that is not there: ends with 2 and says how to name a graph", async () => {
    const { code, stdout, stderr } = await doctor([], { cwd: bare });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/no langgraph\.json here.*assent doctor \.\/src\/agent\.ts:graph/);
  });
});
