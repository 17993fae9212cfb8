import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { z } from "zod";
import { loadModule, NotLoaded, wordsOf } from "./load-module.js";

/** A graph that a file exports. */
export interface GraphFile {
  /** What it is called: its name in langgraph.json, or how it was named on the command line. */
  name: string;
  /** Its file and export, as they were written. */
  from: string;
}

/** What langgraph.json says, as far as gates are concerned. */
export interface GraphProject {
  graphs: GraphFile[];
  /** What the server would put into the environment, under what is there already. */
  environment: Record<string, string>;
  /** Whether the server authenticates people. */
  authenticated: boolean;
}

const GraphSpec = z.union([z.string(), z.object({ path: z.string() }).transform(({ path }) => path)]);
const LanggraphJson = z.object({
  graphs: z.record(z.string(), GraphSpec),
  env: z.union([z.string(), z.record(z.string(), z.string()), z.array(z.string())]).optional(),
  auth: z.object({ path: z.string().optional() }).optional(),
});

/** Reads ./langgraph.json; undefined if there is none. */
export async function readGraphProject(directory: string): Promise<GraphProject | NotLoaded | undefined> {
  let text: string;
  try {
    text = await readFile(join(directory, "langgraph.json"), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    return new NotLoaded(wordsOf(error), "Make langgraph.json readable.");
  }
  try {
    const { graphs, env = {}, auth } = LanggraphJson.parse(JSON.parse(text));
    return {
      graphs: Object.entries(graphs).map(([name, from]) => ({ name, from })),
      environment: Array.isArray(env) ? {} : typeof env === "string" ? await envFile(join(directory, env)) : env,
      authenticated: auth?.path !== undefined,
    };
  } catch (error) {
    const what = error instanceof z.ZodError ? z.prettifyError(error) : wordsOf(error);
    return new NotLoaded(what, 'It needs "graphs": { "name": "./file.ts:export" }.');
  }
}

/** What the server reads from a file named under `env`; it goes on without one that is missing. */
async function envFile(path: string): Promise<Record<string, string>> {
  const text = await readFile(path, "utf8").catch(() => "");
  return Object.fromEntries(
    Object.entries(parseEnv(text)).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/**
 * Loads a graph as a LangGraph server does: its export is a compiled graph, one to be compiled, or a function that
 * gives either. This runs the file.
 *
 * @throws whatever the file throws.
 */
export async function loadGraph(directory: string, { from }: GraphFile): Promise<unknown> {
  const [, file = from, exported = "default"] = /^(.+):([\p{ID_Start}$_][\p{ID_Continue}$]*)$/u.exec(from) ?? [];
  const module = await loadModule(directory, file);
  if (module instanceof NotLoaded) return module;
  const found = module[exported];
  if (found === undefined || found === null) {
    const names = Object.keys(module).join(", ");
    return new NotLoaded(
      `${file} exports no ${exported}.`,
      names === "" ? "Export the graph from it." : `Name one of its exports: ${names}.`,
    );
  }
  return compiled(await (typeof found === "function" ? (found as GraphFactory)({ configurable: {} }, {}) : found));
}

type GraphFactory = (config: object, runtime: object) => unknown;

/** A graph under construction is compiled; what langchain's `createAgent` gives holds the graph that runs. */
function compiled(found: unknown): unknown {
  if (typeof found !== "object" || found === null) return found;
  const { compile, graph } = found as { compile?: unknown; graph?: unknown };
  if (typeof compile === "function") return compile.call(found) as unknown;
  return typeof graph === "object" && graph !== null && "builder" in graph ? graph : found;
}
