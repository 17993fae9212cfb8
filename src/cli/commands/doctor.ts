import { wrapText } from "../../audit/wrap-text.js";
import { AssentError } from "../../model/error.js";
import { oneLine } from "../../model/visible-text.js";
import type { GraphFinding, CheckGraphOptions } from "../../patterns/check-graph.js";
import type { AssentConfig } from "../../service/config.js";
import { columnsFor } from "../columns.js";
import type { Command, CommandRun } from "../command.js";
import { configFileIn, loadConfig } from "../config-file.js";
import { doctorApart, isApart } from "../doctor-apart.js";
import { loadGraph, readGraphProject, type GraphFile, type GraphProject } from "../graph-files.js";
import { NotLoaded, wordsOf } from "../load-module.js";
import { counted } from "../page.js";
import { paintFor, type Paint } from "../paint.js";

/** A finding on the command line: of a check, or of loading, and then it has the name of the error. */
interface Told extends Omit<GraphFinding, "name"> {
  name: string;
}

/** What is said about one graph. */
interface GraphReport {
  /** The graph's name, or the word for what surrounds them all. */
  graph: string;
  from: string;
  /** False if there was no graph to look at. */
  loaded: boolean;
  gates: number;
  findings: Told[];
}

const CANNOT_LOAD = "cannot-load";
/** What stands for the graphs of langgraph.json where none of them can be looked at. */
const SERVED: GraphFile = { name: "langgraph.json", from: "./langgraph.json" };

/** What is said about a configuration and what it relies on. */
interface ConfigReport {
  config: string;
  loaded: boolean;
  findings: Told[];
}

interface Reports {
  graphs: GraphReport[];
  config: ConfigReport | null;
}

/** `assent doctor [FILE:EXPORT ...]`. */
export const doctorCommand: Command = {
  name: "doctor",
  takes: "[GRAPH...]",
  summary: "look for ways around the gates of your graphs",
  details: `GRAPH is FILE:EXPORT, such as ./src/agent.ts:graph, or FILE for its default
export; without any, the graphs of ./langgraph.json with its environment.
Their files are run. TypeScript is read by the project's own tsx.

It finds caches and error handlers over a gate, also on outer graphs; gates
that addGate did not add; missing checkpointers; actions that do not say
whether they are idempotent; and, where NODE_ENV is production, open trust and
ledgers in memory. Errors and warnings count, notes do not.

Where there is an ./assent.config.ts (.js, .mjs), or --config names one, it
looks at its graphs too, and at what a worker relies on: database, migrations,
this machine's clock, keys, failing deliveries, the threads' server, and
whether the threads that wait have checkpoints, of a version that the LangGraph
here knows. That is loaded without langgraph.json's environment, as a worker
loads it.

Ends with 0 if all is fine, 1 if anything was found, 3 if a graph cannot be
loaded.`,
  options: ["config", "json", "schema"],
  endsProcess: true,
  async run(run) {
    const directory = process.cwd();
    const reports = await printingAside(run, () => reportsOn(run, directory));
    if (run.options.json) {
      run.print(JSON.stringify({ ok: exitCode(reports) === 0, ...reports }));
    } else {
      run.print(rendered(reports, columnsFor(process.stdout), paintFor(process.stdout, run.environment)));
    }
    return exitCode(reports);
  },
};

async function reportsOn(run: CommandRun, directory: string): Promise<Reports> {
  const { positionals, environment } = run;
  const file = isApart(environment) ? undefined : await configFileIn(directory, run.options.config);
  const production = (): boolean => environment["NODE_ENV"] === "production";
  if (positionals.length > 0) {
    const named = positionals.map((from) => ({ name: from, from }));
    const graphs = await inTurn(named, (graph) => reportOn(directory, graph, { production: production() }));
    return { graphs, config: file === undefined ? null : (await configReport(run, directory, file)).config };
  }
  const project = await readGraphProject(directory);
  if (project === undefined && file === undefined) {
    throw new AssentError("usage", {
      what: "There is no langgraph.json here",
      where: directory,
      fix: "Name the graphs: assent doctor ./src/agent.ts:graph",
    });
  }
  if (file === undefined) {
    return { graphs: await servedReports(directory, project, environment, production), config: null };
  }
  const served = await servedBesideConfig(directory, project, environment, production);
  const { graphs, config } = await configReport(run, directory, file);
  return { graphs: [...served, ...graphs], config };
}

async function servedReports(
  directory: string,
  project: GraphProject | NotLoaded | undefined,
  environment: NodeJS.ProcessEnv,
  production: () => boolean,
): Promise<GraphReport[]> {
  if (project === undefined) return [];
  if (project instanceof NotLoaded) return [unloaded(SERVED, project)];
  // As the server does it: what is set already wins.
  for (const [name, value] of Object.entries(project.environment)) environment[name] ??= value;
  const { authenticated } = project;
  return inTurn(project.graphs, (graph) =>
    reportOn(directory, graph, { served: true, authenticated, production: production() }),
  );
}

/** The same where a configuration is looked at too: a worker runs it without what langgraph.json says for the server. */
async function servedBesideConfig(
  directory: string,
  project: GraphProject | NotLoaded | undefined,
  environment: NodeJS.ProcessEnv,
  production: () => boolean,
): Promise<GraphReport[]> {
  const said = project === undefined || project instanceof NotLoaded ? {} : project.environment;
  const isSet = Object.keys(said).every((name) => environment[name] !== undefined);
  if (isSet) return servedReports(directory, project, environment, production);
  const told = await doctorApart(directory, { ...said, ...environment });
  return told instanceof NotLoaded ? [unloaded(SERVED, told)] : (told as Reports).graphs;
}

/** A configuration's graphs, and what it relies on. */
async function configReport(
  run: CommandRun,
  directory: string,
  file: string,
): Promise<{ graphs: GraphReport[]; config: ConfigReport }> {
  let config: AssentConfig;
  try {
    ({ config } = await loadConfig(directory, file));
  } catch (error) {
    if (!AssentError.isInstance(error)) throw error;
    const finding: Told = { name: CANNOT_LOAD, severity: "error", where: file, what: error.message, fix: "" };
    return { graphs: [], config: { config: file, loaded: false, findings: [finding] } };
  }
  const production = run.environment["NODE_ENV"] === "production";
  const graphs = await Promise.all(
    Object.entries(config.graphs ?? {}).map(([name, graph]) =>
      reportOnGraph({ name, from: file }, graph, { production }),
    ),
  );
  const { checkConfig } = await import("../config-checks.js");
  return { graphs, config: { config: file, loaded: true, findings: await checkConfig(config, run) } };
}

/** One after the other: what one file does while it is loaded is not to meet another's. */
async function inTurn(
  graphs: readonly GraphFile[],
  look: (graph: GraphFile) => Promise<GraphReport>,
): Promise<GraphReport[]> {
  const reports: GraphReport[] = [];
  for (const graph of graphs) reports.push(await look(graph));
  return reports;
}

async function reportOn(directory: string, file: GraphFile, surroundings: CheckGraphOptions): Promise<GraphReport> {
  let graph: unknown;
  try {
    graph = await loadGraph(directory, file);
  } catch (error) {
    if (!AssentError.isInstance(error) || error.retryable) {
      return unloaded(
        file,
        new NotLoaded(`It throws while it is loaded: ${wordsOf(error)}`, "Make it load by itself."),
      );
    }
    const { code, message: what, where = "graph", fix = "" } = error;
    const name = code.replaceAll("_", "-");
    // The fix has a line of its own.
    const told = fix === "" ? what : what.replace(`. ${fix}`, ".");
    return {
      ...unloaded(file, new NotLoaded(told, fix)),
      findings: [{ name, severity: "error", where, what: told, fix }],
    };
  }
  if (graph instanceof NotLoaded) return unloaded(file, graph);
  return reportOnGraph(file, graph, surroundings);
}

async function reportOnGraph(file: GraphFile, graph: unknown, surroundings: CheckGraphOptions): Promise<GraphReport> {
  const { gatePaths, isCompiledGraph } = await import("../../patterns/gate-paths.js");
  const { checkGraph } = await import("../../patterns/check-graph.js");
  if (!isCompiledGraph(graph)) {
    return unloaded(file, new NotLoaded("The export is no graph.", "Export what compile() returns."));
  }
  const { name, from } = file;
  return { graph: name, from, loaded: true, gates: gatePaths(graph).length, findings: checkGraph(graph, surroundings) };
}

function unloaded({ name, from }: GraphFile, { what, fix }: NotLoaded): GraphReport {
  const finding: Told = { name: CANNOT_LOAD, severity: "error", where: from, what, fix };
  return { graph: name, from, loaded: false, gates: 0, findings: [finding] };
}

function findingsOf({ graphs, config }: Reports): Told[] {
  return [...graphs, ...(config === null ? [] : [config])].flatMap(({ findings }) => findings);
}

function exitCode(reports: Reports): number {
  const findings = findingsOf(reports);
  if (findings.some(({ name }) => name === CANNOT_LOAD)) return 3;
  return findings.some(({ severity }) => severity !== "note") ? 1 : 0;
}

/** What a graph's own code prints goes to standard error, and what it breaks in the background ends nothing here. */
async function printingAside<Result>({ note }: CommandRun, work: () => Promise<Result>): Promise<Result> {
  const write = process.stdout.write.bind(process.stdout);
  const broke = (error: unknown): void =>
    note(`assent: a graph's own code failed meanwhile: ${oneLine(wordsOf(error), Infinity)}`);
  process.on("uncaughtException", broke);
  process.on("unhandledRejection", broke);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  try {
    const result = await work();
    // A rejection that nobody handles shows only at the end of a turn.
    await new Promise((resolve) => setImmediate(resolve));
    return result;
  } finally {
    process.stdout.write = write;
  }
}

function rendered(reports: Reports, columns: number, paint: Paint): string {
  const { graphs, config } = reports;
  const all = findingsOf(reports);
  const counts = graphs.length === 0 ? "configuration" : counted(graphs.length, "graph");
  const total = all.length === 0 ? `${counts}: fine` : `${counts}: ${tally(all)}`;
  const parts = graphs.map((report) => renderedReport(titleOf(report), report.findings, columns, paint));
  if (config !== null) parts.push(renderedReport(oneLine(config.config, Infinity), config.findings, columns, paint));
  return [...parts, total].join("\n\n");
}

function titleOf({ graph, from, loaded, gates }: GraphReport): string {
  const title = graph === from ? oneLine(graph, Infinity) : `${oneLine(graph, Infinity)} (${oneLine(from, Infinity)})`;
  return `${title}${loaded ? `: ${counted(gates, "gate")}` : ""}`;
}

function renderedReport(title: string, findings: readonly Told[], columns: number, paint: Paint): string {
  const head = wrapText(title, columns).map((line) => paint.bold(line));
  const fine = findings.length === 0 ? [`  ${paint.good("fine")}`] : [];
  return [...head, ...fine, ...findings.map((finding) => renderedFinding(finding, columns, paint))].join("\n");
}

function renderedFinding({ name, severity, where, what, fix }: Told, columns: number, paint: Paint): string {
  const indented = (text: string): string[] =>
    wrapText(oneLine(text, Infinity), columns - 4).map((line) => `    ${line}`);
  const emphasis = { error: paint.bad, warning: paint.bold, note: paint.dim }[severity];
  const [first = "", ...rest] = wrapText(oneLine(`${severity} ${name}, at ${where}`, Infinity), columns - 4);
  const head = [`  ${emphasis(first)}`, ...rest.map((line) => `    ${emphasis(line)}`)];
  return [...head, ...indented(what), ...(fix === "" ? [] : indented(`Do: ${fix}`))].join("\n");
}

function tally(findings: readonly Told[]): string {
  const count = (severity: Told["severity"]): string[] => {
    const found = findings.filter((finding) => finding.severity === severity).length;
    return found === 0 ? [] : [counted(found, severity)];
  };
  return [...count("error"), ...count("warning"), ...count("note")].join(", ");
}
