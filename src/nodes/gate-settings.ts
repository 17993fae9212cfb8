import type { Case } from "../model/case.js";
import type { Outcome } from "../model/outcome.js";
import type { Requirement } from "../model/requirement.js";
import type { Route, Routing } from "../model/routing.js";
import type { Json } from "../model/proposal.js";
import type { Stage } from "../model/stage.js";

/** Turns an outcome into an update of your own state keys. */
export type Into = (outcome: Outcome) => Record<string, unknown>;

/** Options of a gate. `Name` is what the actions of its Assent are called. */
export interface GateOptions<Name extends string = string> {
  /** Takes only proposals of this action. */
  action?: Name;
  /** Maps each outcome to your own state keys. */
  into?: Into;
}

/** What a gate says beyond the policy. */
export interface Tightening {
  route: Route;
  /** Why, as the beginning of an explanation: a sentence. */
  because: string;
  /** What it asks of people; one person, for as long as it takes, if left out. */
  requires?: Requirement;
  /** The stage that it goes by; the routing keeps it, and decisions on the case may move it. */
  stage?: Stage;
}

/**
 * What a pattern adds to the policy. It is asked when a round is routed and again when its permit is claimed, and may
 * only make things stricter: where it says less than the policy, the policy counts.
 */
export type Tighten = (held: Case, routing: Routing) => Tightening | null | Promise<Tightening | null>;

/** What a person wants changed in a draft. */
export interface Feedback {
  /** The draft that they saw. */
  args: Record<string, Json>;
  /** In their words. */
  note: string;
  held: Case;
  /** What the gate took from the state around it, if it proposes by itself. */
  seed: unknown;
}

/** What an agent makes of its draft after what a person said about it: the whole new arguments. */
export type Revise = (feedback: Feedback) => unknown;

/** What a gate's nodes know about their gate. */
export interface GateSettings extends GateOptions {
  /** The gate's name in its graph; proposals are bound to it. */
  name: string;
  /** What kind of review its route `review` opens; an approval unless said. */
  kind?: "approval" | "refinement" | "question" | "appeal";
  tighten?: Tighten;
  /** Whether a suggestion waits for a person who takes it, and says what they did. */
  isTaken?: boolean;
  /** Makes the next draft where a person asked for one. */
  revise?: Revise;
}
