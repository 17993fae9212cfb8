import type {
  Action,
  Assent,
  AssentOptions,
  Case,
  DecideOptions,
  Gate,
  GateOptions,
  Ledger,
  ProposeOptions,
} from "assent";
import { z } from "zod";
import type { EffectFile } from "../../../support/effects.js";
import type { Faults } from "../../faults.js";
import type { Stage } from "../../stage.js";
import type { Payment } from "../../victim.js";
import type { ThreadTimes } from "./thread-times.js";

/** Every pattern that can stand between an agent and what it wants to do. */
export type PatternName =
  | "approvalGate"
  | "exceptionEscalation"
  | "progressiveAutonomy"
  | "vetoWindow"
  | "interactiveRefinement"
  | "fanOut"
  | "askHuman"
  | "humanTurn"
  | "coAuthor"
  | "handOver"
  | "reviewed"
  | "suggestOnly"
  | "appeal";

/** What a way of attacking may need of the pattern at the gate, and not every pattern has. */
export type Need =
  /** That something needs nobody. */
  | "what needs nobody"
  /** That the agent names its proposals. */
  | "keys"
  /** That nothing which a cache over the gate can give away is believed. */
  | "a cache"
  /** That a yes gives the right to something. */
  | "a permit"
  /** That the gate itself pays. */
  | "a payment"
  /** That it pays whatever its clock says. */
  | "a yes at any time";

export const PayArgs = z.object({ order: z.string(), cents: z.int() });
/** The payment as an action. */
export type Pay = Action<typeof PayArgs, void>;

/** What the state of an attacked graph has that patterns use. */
export interface Wishes {
  /** The thread, as its agent noted it. */
  thread?: string | undefined;
  /** The cases of payments that were made before anything else happened to the thread, by order. */
  paid?: Record<string, string> | undefined;
}

/** What one gate is built from. */
export interface Building {
  assent: Assent;
  pay: Pay;
  stage: Stage;
  faults: Faults;
  effects: EffectFile<Payment>;
  /** Where gates side by side see the same proposals: which are this one's. */
  options: GateOptions;
}

/** One pattern as a victim: which gate stands there, how its pauses are read, and what a rightful yes is. */
export interface Pattern {
  name: PatternName;
  /** What it stands on; unless said, what is small needs nobody, and the rest a person. */
  setUp?: Partial<Pick<AssentOptions, "policy" | "stageRule" | "clock">>;
  /** What has to be there before the first thread. */
  prepare?: (assent: Assent) => Promise<void>;
  /** Who proposes: the node before the gate, or the gate itself. */
  proposes: "agent" | "gate";
  /** What the agent says of a payment beside its arguments. */
  facts?: (payment: Payment) => ProposeOptions;
  /** Makes the payments that this is about, before its gate is reached: what happens here is that they are taken back. */
  pays?: (building: Pick<Building, "assent" | "pay">, payments: readonly Payment[]) => Promise<Record<string, string>>;
  gate: (building: Building) => Gate;
  /** The nodes inside it. */
  inside: readonly string[];
  /**
   * What becomes of what people say yes to: the gate pays it; the gate hands it on to the state, and the node after it
   * pays; or nothing ever does, whoever says what. Whoever may write a thread's state may write there what a gate would
   * have handed on, which no gate can prevent; attacks forge what a gate might believe.
   */
  ends: "pays" | "hands on" | "never pays";
  /** Whether it asks about one payment in each pass, so that two payments are those of two gates side by side. */
  asksOne?: true;
  /** Whether its question about an order is one and the same for ever, whichever pass of the thread asks it. */
  asksOnce?: true;
  /** What the case is about. */
  orderIn: (args: Record<string, unknown>) => string;
  /** Under which key a case's effect happens, if that is not its permit's id. */
  keyOf?: (held: Case, ledger: Ledger) => Promise<string>;
  /** What a rightful yes says. */
  yes: (order: string) => Pick<DecideOptions, "decision" | "answer">;
  /** The time of each thread, where a rightful yes is that nobody objects until a window has ended. */
  times?: ThreadTimes;
  /** Whether its reviewers ask for a second draft before anything else happens to a thread. */
  redrafts?: true;
  /** What it cannot be attacked with, and why. */
  lacks: Partial<Record<Need, string>>;
}

/** How the order is named where the arguments are a payment. */
export function orderOfPayment({ order }: Record<string, unknown>): string {
  return String(order);
}

/** An approval. */
export function approve(): { decision: "approve" } {
  return { decision: "approve" };
}

/** Why nothing can be tried with payments that need nobody. */
export const ASKS_ALWAYS = { "what needs nobody": "there it lets nothing pass without anybody" } as const;
/** Why nothing can be tried with keys. */
export const NAMES_ITSELF = {
  keys: "a gate that proposes for itself names its proposals itself, for as long as its task is stored",
} as const;
/** Why nothing can be tried on the payment itself, where the gate makes none. */
export function paysNothing(because: string) {
  return { "a payment": because, "a yes at any time": because };
}
/** What a gate lacks that hands on what was said. */
export const HANDS_ON = {
  ...ASKS_ALWAYS,
  ...NAMES_ITSELF,
  ...paysNothing("what was said is handed on there, and no payment is the gate's"),
  "a cache": "LangGraph answers in the gate's place with what it once handed on; `checkGraph` finds that",
} as const;
