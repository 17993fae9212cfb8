import { isSafeSerializer } from "../checkpoint/serializer.js";
import { AssentError } from "../model/error.js";
import { oneLine } from "../model/visible-text.js";
import type { AnyAction, Assent } from "../nodes/assent.js";
import { isGuarded } from "./gate-mark.js";
import { gatePaths, isCompiledGraph, type CompiledGraph, type GatePath, type Step } from "./gate-paths.js";

/** What a finding is called; the names are stable. */
export type GraphFindingName =
  | "action-idempotence-unsaid"
  | "action-undeclared"
  | "cache-beside-gate"
  | "cache-over-gate"
  | "checkpointer-missing"
  | "error-handler-over-gate"
  | "gate-missing"
  | "gate-unguarded"
  | "ledger-volatile"
  | "serializer-stock"
  | "trust-open";

/** Something that is wrong with a graph, or could be. */
export interface GraphFinding {
  readonly name: GraphFindingName;
  /** An `error` breaks what a gate promises, a `warning` may, a `note` is something to know. */
  readonly severity: "error" | "warning" | "note";
  /** The node, with those around it (`team > gate`), the action, or `graph`. */
  readonly where: string;
  readonly what: string;
  /** What to do about it. */
  readonly fix: string;
}

/** Where a graph is going to run. */
export interface CheckGraphOptions {
  /** Real work is done there. */
  production?: boolean;
  /** A LangGraph server runs the graph, with a checkpointer of its own. */
  served?: boolean;
  /** That server authenticates whoever resumes. */
  authenticated?: boolean;
}

interface Sight extends Required<CheckGraphOptions> {
  root: CompiledGraph;
  paths: readonly GatePath[];
  /** Every Assent behind these gates, once. */
  assents: readonly Assent[];
}

/** Every check, in the order in which findings are told. */
const CHECKS: readonly ((sight: Sight) => GraphFinding[])[] = [
  gateMissing,
  gateUnguarded,
  cacheOverGate,
  errorHandlerOverGate,
  checkpointerMissing,
  cacheBesideGate,
  actionsUnsound,
  trustOpen,
  ledgerVolatile,
  serializerStock,
];

/**
 * Looks over a graph before it runs: what would let a gate be passed unasked, or keep it from asking at all. Pure, so
 * it fits into a test of your own; `assent doctor` tells the same on the command line.
 *
 * It sees what a gate cannot refuse by itself: a cache or an error handler on a node *around* the gated graph, at any
 * depth. While it runs, a gate learns nothing of the tasks that it is part of, and one answered from a cache does not
 * run at all. A graph that a node's function calls is out of sight too, unless the node names it:
 * `addNode(name, fn, { subgraphs: [graph] })`.
 *
 * @param graph - a compiled graph; for one with gates in subgraphs, the outermost.
 * @throws AssentError `config_invalid` if it is no compiled graph.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { checkGraph } from "assent";
 *
 * declare const graph: object;
 *
 * assert.deepEqual(checkGraph(graph, { production: true }), []);
 * ```
 */
export function checkGraph(graph: unknown, surroundings: CheckGraphOptions = {}): GraphFinding[] {
  if (!isCompiledGraph(graph)) {
    throw new AssentError("config_invalid", {
      what: "This is no compiled graph",
      where: "graph",
      seen: typeof graph,
      fix: "Pass what compile() returns",
    });
  }
  const { production = false, served = false, authenticated = false } = surroundings;
  const paths = gatePaths(graph);
  const assents = [...new Set(paths.map(({ mark }) => mark.assent))];
  const sight: Sight = { root: graph, paths, assents, production, served, authenticated };
  const findings = CHECKS.flatMap((check) => check(sight));
  return SEVERITIES.flatMap((severity) => findings.filter((finding) => finding.severity === severity));
}

const SEVERITIES = ["error", "warning", "note"] as const;

function gateMissing({ paths }: Sight): GraphFinding[] {
  if (paths.length > 0) return [];
  return [
    {
      name: "gate-missing",
      severity: "note",
      where: "graph",
      what: "There is no gate in this graph, so nothing in it waits for a person.",
      fix: "Add one with addGate. If a node's function calls a gated graph, say so: { subgraphs: [graph] }.",
    },
  ];
}

function gateUnguarded({ paths }: Sight): GraphFinding[] {
  return paths.flatMap(({ steps }) => {
    const last = steps.at(-1);
    if (last === undefined || (last.graph.builder !== undefined && isGuarded(last.graph.builder, last.name))) return [];
    return [
      {
        name: "gate-unguarded",
        severity: "error",
        where: pathOf(steps),
        what: "The gate was not added by addGate to this graph, so nothing keeps caches and error handlers off it.",
        fix: `Add it with addGate(builder, "${oneLine(last.name, 60)}", gate) instead of addNode.`,
      },
    ];
  });
}

function cacheOverGate({ paths }: Sight): GraphFinding[] {
  return stepsWith(paths, ({ node }) => Boolean(node.cachePolicy)).map((steps) => ({
    name: "cache-over-gate",
    severity: "error",
    where: pathOf(steps),
    what: "This node's results are cached and a gate is in it: a second thread gets the first one's outcome, and nobody is asked.",
    fix: "Say cachePolicy: false where the node is added; give cachePolicy to the nodes that need it, not to setNodeDefaults.",
  }));
}

function errorHandlerOverGate({ paths }: Sight): GraphFinding[] {
  return stepsWith(paths, ({ node }) => node.errorHandlerNode !== undefined).map((steps) => ({
    name: "error-handler-over-gate",
    severity: "error",
    where: pathOf(steps),
    what: "An error handler takes this node's errors, and a gate is in it: when the ledger is away the graph goes on as if the gate had been passed.",
    fix: "Give errorHandler to the nodes that need it, not to setNodeDefaults and not to a node that holds a gate.",
  }));
}

function checkpointerMissing({ root, paths, served }: Sight): GraphFinding[] {
  if (paths.length === 0) return [];
  const off = paths.flatMap(({ steps, gate }) =>
    [...steps.map(({ graph }) => graph), gate].flatMap((graph, depth) =>
      graph.checkpointer === false ? [pathOf(steps.slice(0, depth))] : [],
    ),
  );
  const turnedOff = [...new Set(off)].map((where): GraphFinding => ({
    name: "checkpointer-missing",
    severity: "error",
    where,
    what: "This graph is compiled with checkpointer: false, so a gate in it cannot pause.",
    fix: "Leave checkpointer out where a subgraph is compiled; it takes part in the outer graph's.",
  }));
  if (root.checkpointer !== undefined) return turnedOff;
  return [
    ...turnedOff,
    {
      name: "checkpointer-missing",
      severity: served ? "note" : "error",
      where: "graph",
      what: served
        ? "The graph has no checkpointer of its own; the LangGraph server that runs it brings one."
        : "The graph has no checkpointer, so a gate cannot pause.",
      fix: served
        ? "Nothing, as long as only the server runs it."
        : "compile({ checkpointer }): a MemorySaver for a trial, a PostgresSaver for real work.",
    },
  ];
}

function cacheBesideGate({ paths }: Sight): GraphFinding[] {
  const graphs = new Map(paths.flatMap(({ steps }) => steps.map(({ graph }, depth) => [graph, steps.slice(0, depth)])));
  const onTheWay = new Set(paths.flatMap(({ steps }) => steps.map(({ node }) => node)));
  return [...graphs].flatMap(([graph, above]) =>
    Object.entries(graph.nodes).flatMap(([name, node]): GraphFinding[] => {
      if (!node.cachePolicy || onTheWay.has(node)) return [];
      return [
        {
          name: "cache-beside-gate",
          severity: "note",
          where: pathOf([...above, { graph, name, node }]),
          what: "This node's results are cached. Should it propose, a second thread gets the first one's proposals, which its gate skips: nothing is asked and nothing done.",
          fix: "Cache only nodes that propose nothing.",
        },
      ];
    }),
  );
}

function actionsUnsound({ assents }: Sight): GraphFinding[] {
  return assents.flatMap(({ actions }) => actions.flatMap(actionUnsound));
}

function actionUnsound({ name, idempotent, argsJsonSchema, attemptsMax }: Partial<AnyAction>): GraphFinding[] {
  const where = `action ${oneLine(String(name), 60)}`;
  const findings: GraphFinding[] = [];
  if (typeof idempotent !== "boolean") {
    findings.push({
      name: "action-idempotence-unsaid",
      severity: "error",
      where,
      what: "The action does not say whether it is idempotent, so after a crash nobody knows whether it may run again.",
      fix: "Say idempotent: true if running it twice with one idempotency key has one effect, else false.",
    });
  }
  if (argsJsonSchema === undefined || attemptsMax === undefined) {
    findings.push({
      name: "action-undeclared",
      severity: "error",
      where,
      what: "The action was made by hand, so nothing has checked it and reviewers see no form for its arguments.",
      fix: "Make it with defineAction.",
    });
  }
  return findings;
}

function trustOpen({ assents, production, authenticated }: Sight): GraphFinding[] {
  if (!assents.some(({ trust }) => trust === "open")) return [];
  const rule = "In open trust whoever can resume a thread decides, unverified";
  const [severity, what] = production
    ? (["error", `${rule}; this is production.`] as const)
    : authenticated
      ? (["warning", `${rule}. The server authenticates people, and who they are counts for nothing.`] as const)
      : (["note", `${rule}. It is for Studio and trials.`] as const);
  const fix = 'Say trust: "verified" to createAssent, and take ASSENT_TRUST out of the environment.';
  return [{ name: "trust-open", severity, where: "graph", what, fix }];
}

function ledgerVolatile({ assents, production, served }: Sight): GraphFinding[] {
  if (!(production || served) || assents.every(({ ledger }) => ledger.durable)) return [];
  return [
    {
      name: "ledger-volatile",
      severity: "error",
      where: "graph",
      what: production
        ? "The ledger lives in memory: a restart loses every case, and no other process sees it."
        : "The ledger lives in memory: the LangGraph server reloads its graphs, and createAssent refuses this there.",
      fix: "Use postgresLedger from assent/postgres.",
    },
  ];
}

function serializerStock({ root, paths, production, served }: Sight): GraphFinding[] {
  // A graph with a gate of its own refuses such answers by itself, and a server brings a saver that is not known here.
  const { checkpointer } = root;
  if (served || paths.every(({ steps }) => steps.length < 2)) return [];
  if (typeof checkpointer !== "object" || checkpointer === null) return [];
  if ("serde" in checkpointer && isSafeSerializer(checkpointer.serde)) return [];
  return [
    {
      name: "serializer-stock",
      severity: production ? "warning" : "note",
      where: "graph",
      what: "The gate is in a subgraph, and the saver has the stock serializer: one junk answer can make a thread unreadable for good.",
      fix: "Make the saver with safeSerializer(): new PostgresSaver(pool, safeSerializer()).",
    },
  ];
}

/** The ways, each as far as the node that is meant, each once. */
function stepsWith(paths: readonly GatePath[], isMeant: (step: Step) => boolean): (readonly Step[])[] {
  const found = paths.flatMap(({ steps }) =>
    steps.flatMap((step, depth) => (isMeant(step) ? [steps.slice(0, depth + 1)] : [])),
  );
  return [...new Map(found.map((steps) => [pathOf(steps), steps])).values()];
}

function pathOf(steps: readonly Step[]): string {
  return steps.length === 0 ? "graph" : steps.map(({ name }) => oneLine(name, 60)).join(" > ");
}
