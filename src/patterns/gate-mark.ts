import type { Assent } from "../nodes/assent.js";

/** What a gate's subgraph says of itself to whoever looks over a graph. */
export interface GateMark {
  readonly assent: Assent;
  /** The gate's name. */
  readonly name: string;
}

// Registered symbols, on the builders: a builder outlives every way of compiling it, and two copies of the package,
// such as the command line's and the program's, read each other's marks.
const GATE = Symbol.for("assent.gate");
const GUARDED = Symbol.for("assent.guarded");

/** Marks the builder of a gate's subgraph. */
export function markGate(builder: object, mark: GateMark): void {
  Object.defineProperty(builder, GATE, { value: mark });
}

/** The mark of a gate, if this is the builder of one. */
export function gateMark(builder: object): GateMark | undefined {
  return (builder as { [GATE]?: GateMark })[GATE];
}

/** Notes on the builder of a graph that `addGate` guards one of its nodes, and tells how many these are now. */
export function markGuarded(builder: object, node: string): number {
  const known = guardedIn(builder);
  if (known.size === 0) Object.defineProperty(builder, GUARDED, { value: known });
  return known.add(node).size;
}

/** Whether `addGate` added this node to the graph. */
export function isGuarded(builder: object, node: string): boolean {
  return guardedIn(builder).has(node);
}

function guardedIn(builder: object): Set<string> {
  return (builder as { [GUARDED]?: Set<string> })[GUARDED] ?? new Set();
}
