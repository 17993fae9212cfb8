import type { Amount } from "../model/facts.js";
import type { Route } from "../model/routing.js";
import type { ReviewTerms } from "./review-terms.js";
import type { FactDeclaration } from "./source.js";
import type { CumulativeDocument, RateDocument, TimeDocument } from "./triggers.js";

/**
 * A policy in its normal form: plain JSON with every default filled in, single names turned into lists, amounts into
 * `{ value, currency }`, durations into their shortest form and keys in a fixed order. It is what the policy's digest is taken of, and loading it again gives the
 * same policy. The order of lists is kept and counts for the digest: rules in another order route alike but list and
 * explain their matches in another order.
 */
export interface PolicyDocument {
  readonly version: number;
  readonly facts: Readonly<Record<string, FactDeclaration>>;
  readonly rules: readonly RuleDocument[];
  readonly default: { readonly route: Route; readonly review?: ReviewTerms };
  readonly sample?: { readonly executed: number; readonly for: "second-look" };
  /** Left out where it is UTC. */
  readonly timeZone?: string;
}

/** One rule in its normal form. */
export interface RuleDocument {
  readonly id: string;
  readonly action?: readonly string[];
  readonly agent?: readonly string[];
  readonly when?: ConditionDocument;
  readonly route: Route;
  readonly review?: ReviewTerms;
  readonly explain?: string;
}

/**
 * A condition in its normal form: `all`, `any`, `not`, the triggers `time`, `cumulative`, `rate` and `cel`, and under every
 * other key the test of the fact of that name.
 */
export interface ConditionDocument {
  readonly all?: readonly ConditionDocument[];
  readonly any?: readonly ConditionDocument[];
  readonly not?: ConditionDocument;
  readonly time?: TimeDocument;
  readonly cumulative?: CumulativeDocument;
  readonly rate?: RateDocument;
  readonly cel?: string;
  readonly [fact: string]: PartDocument | undefined;
}

/** Whatever stands under one key of a condition. */
export type PartDocument =
  | TestDocument
  | ConditionDocument
  | readonly ConditionDocument[]
  | TimeDocument
  | CumulativeDocument
  | RateDocument
  | string;

/** The tests of one fact in their normal form. */
export interface TestDocument {
  readonly gt?: number | Amount;
  readonly gte?: number | Amount;
  readonly lt?: number | Amount;
  readonly lte?: number | Amount;
  readonly eq?: string | number | boolean | Amount;
  readonly in?: readonly (string | number)[];
  readonly has?: readonly string[];
  readonly hasAny?: readonly string[];
}
