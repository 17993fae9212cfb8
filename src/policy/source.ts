import type { Amount } from "../model/facts.js";
import type { Route } from "../model/routing.js";
import type { ReviewTerms } from "./review-terms.js";
import type { CumulativeTest, RateTest, TimeTest } from "./triggers.js";

/** Every operator, in the order in which several on one fact are read. */
export const OPERATORS = ["gt", "gte", "lt", "lte", "eq", "in", "has", "hasAny"] as const;
/** The name of one operator. */
export type Operator = (typeof OPERATORS)[number];

/** The keys of a condition that are not facts. */
export const CONDITION_WORDS = ["all", "any", "not", "time", "cumulative", "rate", "cel"] as const;

/** How large a policy may be; more is refused at load. */
export const POLICY_LIMITS = {
  /** Rules in one policy. */
  rules: 1000,
  /** Levels of a condition: the `when` is the first, each `all`, `any` or `not` inside it opens one more. */
  depth: 16,
  /** Entries of one list: `all`, `any`, `in`, `has`, `action`, `agent`. */
  listItems: 1000,
  /** Facts declared under `facts`. */
  facts: 1000,
  /** Characters of a YAML or JSON text. */
  textCharacters: 1_000_000,
  /** Bytes of the normalised policy as canonical JSON. */
  bytes: 4 * 1024 * 1024,
} as const;

/** What a policy says about a fact of its own; `tags` is a list of strings. */
export type FactDeclaration =
  | {
      readonly type: "string" | "boolean" | "tags";
      readonly min?: never;
      readonly max?: never;
      readonly risk?: never;
    }
  | {
      readonly type: "number";
      /** A value below it cannot be evaluated. */
      readonly min?: number;
      /** A value above it cannot be evaluated. */
      readonly max?: number;
      /** Whether a higher (`up`) or a lower (`down`) value is the riskier one. Kept with the policy; no rule reads it. */
      readonly risk?: "up" | "down";
    };

/** The facts that a policy declares beside the built-in ones, by name. */
export type FactDeclarations = Readonly<Record<string, FactDeclaration>>;

/** The declarations of a policy without facts of its own. */
// oxlint-disable-next-line typescript/no-generated-empty-object-type -- empty is what it means
export type NoFacts = Readonly<Record<never, never>>;

/** An amount as it is written in a policy: `50 USD`, the number in the currency's main unit. */
export type AmountText = `${number} ${Uppercase<string>}`;

/** Tests of a number; several in one object must all hold. */
export interface NumberTest {
  readonly gt?: number;
  readonly gte?: number;
  readonly lt?: number;
  readonly lte?: number;
  readonly eq?: number;
  readonly in?: readonly number[];
}

/** Tests of the amount, all in one currency. */
export interface AmountTest {
  readonly gt?: AmountText | Amount;
  readonly gte?: AmountText | Amount;
  readonly lt?: AmountText | Amount;
  readonly lte?: AmountText | Amount;
  readonly eq?: AmountText | Amount;
}

/** Tests of a string. Strings are compared as they are: case, spaces and accents count. */
export interface StringTest {
  readonly eq?: string;
  readonly in?: readonly string[];
}

/** Tests of a boolean. */
export interface BooleanTest {
  readonly eq?: boolean;
}

/** Tests of a list of strings. */
export interface TagsTest {
  /** Each of them is there. */
  readonly has?: string | readonly string[];
  /** At least one of them is there. */
  readonly hasAny?: readonly string[];
}

/** Tests of the facts that every proposal may have, and of who proposes what. */
export interface BuiltInTests {
  readonly amount?: AmountTest;
  readonly confidence?: NumberTest;
  readonly risk?: NumberTest;
  readonly novelty?: NumberTest;
  readonly tags?: TagsTest;
  readonly action?: StringTest;
  readonly agent?: StringTest;
  /** Tests of the hour and the weekday at which the policy is asked. */
  readonly time?: TimeTest;
  /** Tests of what earlier cases that were let through and this proposal add up to. */
  readonly cumulative?: CumulativeTest;
  /** Tests of how many earlier cases and this proposal there are: `cumulative` of `count`. */
  readonly rate?: RateTest;
  /**
   * An expression in CEL over the declared facts and `amount` (`amount.value`, `amount.currency`), `confidence`, `risk`,
   * `novelty`, `tags`, `action`, `agent`, `hour` and `weekday`. What it means for more risk cannot be told, so its rule
   * must route no laxer than the default. `matches` and loops inside loops are refused.
   */
  readonly cel?: string;
}

/** The tests that a declared fact takes, by its type. */
export interface TestsByType {
  string: StringTest;
  number: NumberTest;
  boolean: BooleanTest;
  tags: TagsTest;
}

/** A test of any fact. */
export type AnyTest = NumberTest | AmountTest | StringTest | BooleanTest | TagsTest;

/** Whatever stands under one key of a condition. */
export type AnyPart<F extends FactDeclarations> =
  | AnyTest
  | TimeTest
  | CumulativeTest
  | RateTest
  | Condition<F>
  | readonly Condition<F>[]
  | string
  | undefined;

/**
 * Tests of the facts that a policy declares. Where the names are not known to the compiler, any name passes and the
 * loader checks it.
 */
export type DeclaredTests<F extends FactDeclarations> = string extends keyof F
  ? { readonly [fact: string]: AnyPart<F> }
  : { readonly [Name in keyof F]?: TestsByType[F[Name]["type"]] };

/** What must hold for a rule to match. Several facts, several operators and `all`/`any`/`not` side by side must all hold. */
export type Condition<F extends FactDeclarations = FactDeclarations> = BuiltInTests &
  DeclaredTests<F> & {
    /** Every one of them holds. */
    readonly all?: readonly Condition<F>[];
    /** At least one of them holds. */
    readonly any?: readonly Condition<F>[];
    /** It does not hold. */
    readonly not?: Condition<F>;
  };

/** One rule of a policy. */
export interface PolicyRule<F extends FactDeclarations = FactDeclarations> {
  /** Names the rule in routings and explanations; unique within the policy. */
  readonly id: string;
  /** The actions it is about; left out: every action. */
  readonly action?: string | readonly string[];
  /** The agents it is about; left out: every agent. */
  readonly agent?: string | readonly string[];
  /** When it matches; left out: always. */
  readonly when?: Condition<F>;
  /** Where it sends the proposal. */
  readonly route: Route;
  /** What it asks of people; see {@link ReviewTerms} for what is meant if it is left out. */
  readonly review?: ReviewTerms;
  /** The author's reason, quoted in explanations. */
  readonly explain?: string;
}

/**
 * A policy as its author writes it in TypeScript; YAML and JSON texts have the same shape. Of all rules that match,
 * the strictest route wins, in any order; the default applies only if none matches.
 *
 * @example
 * ```ts
 * import { policy, type PolicySource } from "assent";
 *
 * export const mail = {
 *   facts: { firstContact: { type: "boolean" } },
 *   rules: [
 *     { id: "sure", when: { confidence: { gt: 0.9 }, firstContact: { eq: false } }, route: "execute" },
 *     { id: "unsure", when: { confidence: { lt: 0.7 } }, route: "review" },
 *   ],
 *   default: { route: "flag" },
 * } as const satisfies PolicySource;
 *
 * export const mailPolicy = policy(mail);
 * ```
 */
export interface PolicySource<F extends FactDeclarations = FactDeclarations> {
  /** The author's number for this version, from 1; 1 if left out. */
  readonly version?: number;
  /** Facts beyond the built-in ones; a rule that reads any other is an error. */
  readonly facts?: F;
  /** The rules; none if left out. */
  readonly rules?: readonly PolicyRule<NoInfer<F>>[];
  /** What happens if no rule matches; what it asks of people counts for what cannot be evaluated too. */
  readonly default: { readonly route: Route; readonly review?: ReviewTerms };
  /** The share of cases, 0 to 1, that somebody looks at although they executed without anybody being asked. */
  readonly sample?: { readonly executed: number; readonly for?: "second-look" };
  /** The time zone, by its IANA name such as `Europe/Berlin`, in which hours and weekdays are meant; UTC if left out. */
  readonly timeZone?: string;
}
