import type { HostName } from "./hosts/host.js";
import type { ShapeName } from "./shapes.js";
import type { Verdict, Victim } from "./victim.js";
import type { GatedVictim } from "./victims/gated.js";
import type { Need } from "./victims/patterns/pattern.js";

/** Why something cannot be tried on a host, for each host where it cannot. */
export type NotOn = Partial<Record<HostName, string>>;

/** One way of carrying an attack out, on threads of its own. */
export type Way = AnyWay | GateWay;

/** A way that any graph can be attacked in. */
export interface AnyWay extends Attempted {
  notPlain?: undefined;
  carryOut: (victim: Victim, verdict: Verdict) => Promise<void>;
}

/** A way that aims at something that only Assent has. */
export interface GateWay extends Attempted {
  /** Why a graph that trusts its `interrupt()` cannot be attacked so. */
  notPlain: string;
  carryOut: (victim: GatedVictim, verdict: Verdict) => Promise<void>;
}

interface Attempted {
  /** What is tried, as the end of a sentence. */
  name: string;
  /** The graph that is attacked; one gate with one payment unless said. */
  shape?: ShapeName;
  /** Whether it makes LangGraph leave the gate unfinished, so that the thread has to be sent back into it. */
  leadsPast?: boolean;
  /** Whether it closes the case with a lie, so that nothing is left to decide, and nothing may happen. */
  closes?: boolean;
  /** What it needs of the pattern at the gate, beside what its shape does. */
  needs?: Need;
  /** Where it cannot be tried. */
  notOn?: NotOn;
}

/** Something that happens to interrupted threads, by malice or by accident. */
export interface Attack {
  /** As it stands in the table. */
  title: string;
  ways: readonly Way[];
  /** Whether at least one of its ways makes a graph that trusts its `interrupt()` pay what it should not. */
  harmsPlain: boolean;
  /** Hosts on which such a graph is spared all the same. */
  sparesPlainOn?: readonly HostName[];
  /** Whether what comes of it depends on how threads and ledger are stored, and not on what the gate's nodes do alone. */
  isAboutStorage?: true;
  /** Whether it is a race: which decision wins, and how many effects it causes where it succeeds, depends on timing. */
  racing?: boolean;
}

/** Whether an attack, or one way of it, can be tried on a host. */
export function isExpressible({ notOn = {} }: { notOn?: NotOn }, host: HostName): boolean {
  return notOn[host] === undefined;
}

/** Whether a way can be tried on a graph without Assent. */
export function isForPlain(way: Way): way is AnyWay {
  return way.notPlain === undefined;
}

/** The ways in which LangGraph refuses a command or an edit that makes no sense to it. */
const REFUSALS = ["EmptyInputError", "InvalidUpdateError", "UnknownInterruptError", "$ZodError"];

/** Does what may be refused. Any other failure is a mistake of the attack's own, and would hide that it did nothing. */
export async function attempt(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Error && REFUSALS.includes(error.name))) throw error;
  }
}
