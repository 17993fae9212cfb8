import type { Outcome } from "../model/outcome.js";

/** Turns an outcome into an update of your own state keys. */
export type Into = (outcome: Outcome) => Record<string, unknown>;

/** Options of a gate. */
export interface GateOptions {
  /** Takes only proposals of this action. */
  action?: string;
  /** Maps each outcome to your own state keys. */
  into?: Into;
}

/** What a gate's nodes know about their gate. */
export interface GateSettings extends GateOptions {
  /** The gate's name in its graph; proposals are bound to it. */
  name: string;
}
