import type { Fallback, Quorum, Selector, TieBreak } from "../model/requirement.js";
import { isAutomatic, type Route, ROUTES } from "../model/routing.js";
import type { DurationText } from "./duration.js";

/** By what people prove themselves anew, from weakest to strongest; of several that rules ask for the strongest counts. */
export const STEP_UPS: readonly StepUp[] = ["password", "otp", "passkey"];
/** By what people prove themselves anew. */
export type StepUp = "password" | "otp" | "passkey";

/** One step of an escalation as it is written in a policy. */
export interface EscalationTerms {
  /** Who decides now. */
  readonly by: readonly Selector[];
  /** How long they have; as long as it takes if left out. */
  readonly within?: DurationText;
  /**
   * What happens then: `escalate` goes on to the next step and is what every step but the last one does, `hold` is what the last
   * one does unless it says `reject`. What nobody decided, not even those it was escalated to, never executes.
   */
  readonly otherwise?: Exclude<Fallback, "execute">;
}

/**
 * What a rule asks of people, under `review`. Which terms a route takes:
 *
 * - `veto`: `window` (required), `by`, `reasonCodes`, `show`
 * - `clarify`: `by`, `within`, `otherwise`, `escalateTo`, `answer`, `show`
 * - `review`: `by`, `quorum`, `tieBreak`, `within`, `otherwise`, `escalateTo`, `stepUp`, `reasonCodes`, `show`
 * - `suggest`: `by`, `show`
 *
 * A rule of route `clarify`, `review` or `suggest` without `review` takes that of the default if the default has the same
 * route; otherwise one person decides, whoever may, without a deadline.
 */
export interface ReviewTerms {
  /** Whoever matches one of these; whoever may decide at all if left out. */
  readonly by?: readonly Selector[];
  /** How many of them have to agree; `any` if left out. */
  readonly quorum?: Quorum;
  /** What settles a vote that has gone both ways; `reject` if left out. */
  readonly tieBreak?: TieBreak;
  /** How long there is to decide; as long as it takes if left out. */
  readonly within?: DurationText;
  /** What happens when nobody has decided in time; `hold` if left out. `execute` is for route `review` only. */
  readonly otherwise?: Fallback;
  /** Who is asked next, one step after the other; with `otherwise: escalate`. */
  readonly escalateTo?: readonly EscalationTerms[];
  /** For route `veto`: how long an objection may come before it executes. */
  readonly window?: DurationText;
  /** By what a person proves themselves anew before they decide. */
  readonly stepUp?: StepUp;
  /** The codes of which a decision gives one. */
  readonly reasonCodes?: readonly string[];
  /** For route `clarify`: JSON Schema of the answer. */
  readonly answer?: Readonly<Record<string, unknown>>;
  /** Members of the proposal's context without which nobody may be asked. */
  readonly show?: readonly string[];
}

/** The name of one term. */
export type TermName = keyof ReviewTerms;

/** Every term, in the order in which they are told. */
export const TERM_NAMES: readonly TermName[] = [
  "by",
  "quorum",
  "tieBreak",
  "within",
  "otherwise",
  "escalateTo",
  "window",
  "stepUp",
  "reasonCodes",
  "answer",
  "show",
];

const WHO = ["by", "show"] as const;
const WHEN = ["within", "otherwise", "escalateTo"] as const;

/** The terms that each route takes. An objection is made as easy as can be, so `veto` takes no quorum and no step-up. */
export const TERMS_OF: Readonly<Record<Route, readonly TermName[]>> = {
  execute: [],
  flag: [],
  veto: [...WHO, "window", "reasonCodes"],
  clarify: [...WHO, ...WHEN, "answer"],
  review: [...WHO, "quorum", "tieBreak", ...WHEN, "stepUp", "reasonCodes"],
  suggest: WHO,
  block: [],
};

/**
 * How strict a route is, as far as what runs is concerned: its place among the routes, but a review that executes when
 * nobody decides in time is laxer than every other review, though still stricter than `clarify`. More risk never makes
 * this less.
 */
export function strictnessOf(route: Route, otherwise: Fallback | undefined): number {
  return ROUTES.indexOf(route) - (route === "review" && otherwise === "execute" ? 0.5 : 0);
}

/** Whether a route asks nobody, so that it can have no terms. */
export function asksNobody(route: Route): boolean {
  return isAutomatic(route) || route === "block";
}
