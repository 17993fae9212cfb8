import type { Amount } from "../model/facts.js";
import type { DurationText } from "./duration.js";
import type { AmountText, NumberTest } from "./source.js";

/** The days of the week, as `time` and CEL name them. */
export const WEEKDAYS: readonly Weekday[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/** A day of the week. */
export type Weekday = "mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun";

/** Tests of the moment at which the policy is asked; several must all hold. */
export interface TimeTest {
  /** By its IANA name such as `Europe/Berlin`; that of the policy if left out. */
  readonly timeZone?: string;
  /** The hour of the day, 0 to 23. */
  readonly hour?: NumberTest;
  readonly weekday?: { readonly eq?: Weekday; readonly in?: readonly Weekday[] };
}

/** What earlier cases are like this one, and how far back they reach. */
export interface CumulativeScope {
  /** Facts of type string, or `action` or `agent`, that are the same as this proposal's; all cases if left out. */
  readonly per?: string | readonly string[];
  /** Only cases of these actions; of every action if left out, also where the rule is about some only. */
  readonly action?: string | readonly string[];
  /** How far back, such as `P1D`: a window that ends now, not a calendar day. */
  readonly over: DurationText;
}

/**
 * Tests of what this proposal and earlier cases that were let through add up to. `amount` sums amounts of the currency
 * that the limits are in; a proposal in another currency cannot be evaluated. `count` counts the proposal as 1.
 */
export type CumulativeTest = CumulativeScope &
  (({ readonly of: "amount" } & LimitsIn<AmountText | Amount>) | ({ readonly of: "count" } & LimitsIn<number>));

/** Tests of how many cases there are, this one included. */
export type RateTest = CumulativeScope & LimitsIn<number>;

/** The limits of a sum or a count; several must all hold. */
export interface LimitsIn<T> {
  readonly gt?: T;
  readonly gte?: T;
  readonly lt?: T;
  readonly lte?: T;
}

/** The operators of {@link LimitsIn}. */
export const LIMITS = ["gt", "gte", "lt", "lte"] as const;

/** The normal form of {@link TimeTest}. */
export interface TimeDocument {
  readonly hour?: NumberTest;
  readonly timeZone: string;
  readonly weekday?: { readonly eq?: Weekday; readonly in?: readonly Weekday[] };
}

/** What the normal forms of sums and counts have in common. */
export interface ScopeDocument {
  readonly action?: readonly string[];
  readonly over: DurationText;
  readonly per?: readonly string[];
}

/** The normal form of {@link CumulativeTest}. */
export type CumulativeDocument = ScopeDocument &
  (({ readonly of: "amount" } & LimitsIn<Amount>) | ({ readonly of: "count" } & LimitsIn<number>));

/** The normal form of {@link RateTest}. */
export type RateDocument = ScopeDocument & LimitsIn<number>;
