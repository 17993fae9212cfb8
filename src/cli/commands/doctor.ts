import { wrapText } from "../../audit/wrap-text.js";
import { AssentError } from "../../model/error.js";
import { oneLine } from "../../model/visible-text.js";
import { checkGraph, type GraphFinding, type CheckGraphOptions } from "../../patterns/check-graph.js";
import { gatePaths, isCompiledGraph } from "../../patterns/gate-paths.js";
import { columnsFor } from "../columns.js";
import type { Command, CommandRun } from "../command.js";
import { loadGraph, NotLoaded, readGraphProject, wordsOf, type GraphFile } from "../graph-files.js";
import { paintFor, type Paint } from "../paint.js";

/** A finding on the command line: of a check, or of loading, and then it has the name of the error. */
interface Told extends Omit<GraphFinding, "name"> {
  name: string;
}

/** What is said about one graph. */
interface GraphReport {
  graph: string;
  from: string;
  /** False if there was no graph to look at. */
  loaded: boolean;
  gates: number;
  findings: Told[];
}

const CANNOT_LOAD = "cannot-load";

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

Ends with 0 if all is fine, 1 if anything was found, 3 if a graph cannot be
loaded.`,
  endsProcess: true,
  async run(run) {
    const directory = process.cwd();
    const reports = await printingAside(run, () => reportsOn(run, directory));
    if (run.options.json) {
      run.print(JSON.stringify({ ok: exitCode(reports) === 0, graphs: reports }));
    } else {
      run.print(rendered(reports, columnsFor(process.stdout), paintFor(process.stdout, run.environment)));
    }
    return exitCode(reports);
  },
};

async function reportsOn({ positionals, environment }: CommandRun, directory: string): Promise<GraphReport[]> {
  const production = (more?: string): boolean => (environment["NODE_ENV"] ?? more) === "production";
  if (positionals.length > 0) {
    const named = positionals.map((from) => ({ name: from, from }));
    return inTurn(named, (graph) => reportOn(directory, graph, { production: production() }));
  }
  const project = await readGraphProject(directory);
  if (project === undefined) {
    throw new AssentError("usage", {
      what: "There is no langgraph.json here",
      where: directory,
      fix: "Name the graphs: assent doctor ./src/agent.ts:graph",
    });
  }
  if (project instanceof NotLoaded) return [unloaded({ name: "langgraph.json", from: "./langgraph.json" }, project)];
  // As the server does it: what is set already wins.
  for (const [name, value] of Object.entries(project.environment)) environment[name] ??= value;
  const { authenticated } = project;
  return inTurn(project.graphs, (graph) =>
    reportOn(directory, graph, { served: true, authenticated, production: production() }),
  );
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

function exitCode(reports: readonly GraphReport[]): number {
  const findings = reports.flatMap((report) => report.findings);
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

function rendered(reports: readonly GraphReport[], columns: number, paint: Paint): string {
  const all = reports.flatMap(({ findings }) => findings);
  const graphs = counted(reports.length, "graph");
  const total = all.length === 0 ? `${graphs}: fine` : `${graphs}: ${tally(all)}`;
  return [...reports.map((report) => renderedReport(report, columns, paint)), total].join("\n\n");
}

function renderedReport({ graph, from, loaded, gates, findings }: GraphReport, columns: number, paint: Paint): string {
  const title = graph === from ? oneLine(graph, Infinity) : `${oneLine(graph, Infinity)} (${oneLine(from, Infinity)})`;
  const seen = loaded ? `: ${counted(gates, "gate")}` : "";
  const head = wrapText(`${title}${seen}`, columns).map((line) => paint.bold(line));
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

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
