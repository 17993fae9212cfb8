/** What stands in a graph around the nodes that ask, and how its agents work. */
export interface Shape {
  /** How many payments each gate is asked for, one number for each gate. */
  gates: readonly number[];
  /** Whether the gates stand side by side; one after the other unless said. */
  sideBySide?: true;
  /** Whether it is Assent in open trust; verified unless said. */
  trust?: "open";
  /**
   * What the nodes of the graph get by default, with the gate in a graph of its own inside this one: `addGate` refuses
   * such defaults on its own graph.
   */
  around?: NodeDefaults;
  /** Whether the agent, when it runs again, drafts something else; then workers may die, and leases are short. */
  redrafts?: true;
  /** Whether it gives each proposal a key. */
  keyed?: true;
  /** Whether the payments are so small that they need nobody. */
  small?: true;
}

/** A default that LangGraph gives to every node: answers from a cache, or a handler that takes errors for its own. */
export type NodeDefaults = "cache" | "error handler";

/** Every shape of graph that attacks need. A server names its graphs after them, in langgraph.json. */
export const shapes = {
  one: { gates: [1] },
  open: { gates: [1], trust: "open" },
  twoPayments: { gates: [2] },
  twoGates: { gates: [1, 1] },
  sideBySide: { gates: [1, 1], sideBySide: true },
  openSideBySide: { gates: [1, 1], sideBySide: true, trust: "open" },
  cacheAround: { gates: [1], around: "cache" },
  handlerAround: { gates: [1], around: "error handler" },
  redrafting: { gates: [1], redrafts: true },
  redraftingKeyed: { gates: [1], redrafts: true, keyed: true },
  small: { gates: [1], redrafts: true, small: true },
  smallKeyed: { gates: [1], redrafts: true, keyed: true, small: true },
} as const satisfies Record<string, Shape>;

/** The name of a shape. */
export type ShapeName = keyof typeof shapes;

/** Whether a graph trusts its `interrupt()`, or has Assent's gate. */
export type Kind = "plain" | "gated";
