import type { BaseCheckpointSaver } from "@langchain/langgraph";
import type { Ledger } from "assent";
import type { EffectFile } from "../../support/effects.js";
import type { Faults, Point } from "../faults.js";
import type { Kind, ShapeName } from "../shapes.js";
import type { AttackedGraph, Payment } from "../victim.js";
import type { PatternName } from "../victims/patterns/pattern.js";
import type { DatabaseUser, Intruder } from "./intruders.js";
import type { HostKeys } from "./keys.js";

/** What runs threads during an attack. */
export type HostName = "MemorySaver" | "PostgresSaver" | "langgraphjs dev";

/** A graph under construction, as far as a host has to know it. */
export interface Compilable {
  compile(options?: { checkpointer: BaseCheckpointSaver }): unknown;
}

/** How a process dies. */
export interface Death {
  kind: Kind;
  shape: ShapeName;
  /** What stands at the gate, if there is one. */
  pattern?: PatternName;
  threadId: string;
  point: Point;
  durability: "sync" | "exit";
}

/** Where threads and ledger are kept during an attack, and what the graphs there have really done. */
export interface Host {
  readonly ledger: Ledger;
  readonly effects: EffectFile<Payment>;
  readonly faults: Faults;
  readonly keys: HostKeys;
  /** How many threads it can race at once without taking all day. */
  readonly crowd: number;
  /** The graph of a kind and shape as it runs here; `build` makes it, unless it is there already. */
  graph(kind: Kind, shape: ShapeName, build: () => Compilable): AttackedGraph;
  /** The same graph as another worker runs it, with connections of its own; null where one process runs everything. */
  elsewhere(build: () => Compilable): AttackedGraph | null;
  /** Starts a new thread in a process that is killed at a point; null where that cannot be. */
  readonly dieAt: ((death: Death) => Promise<void>) | null;
  /** Comes back once everything is stored that threads have given it to store, a cancelled run's answer among it. */
  stored(): Promise<void>;
  /** Lets somebody in as a database user; null where there is no database to log in to. */
  readonly intrude: ((as: DatabaseUser) => Promise<Intruder>) | null;
  close(): Promise<void>;
}
