import { deepFreeze } from "../model/deep-freeze.js";
import { digest } from "../model/digest.js";
import { AssentError } from "../model/error.js";
import type { Amount } from "../model/facts.js";
import type { DurationText } from "../policy/duration.js";
import type { AmountText } from "../policy/source.js";
import { readAuthority } from "./read-authority.js";

const BRAND = Symbol.for("assent.authority");

/** Whom a limit is for: everybody with a role, or one person by id. */
export type LimitHolder =
  | { readonly role: string; readonly person?: never }
  | { readonly person: string; readonly role?: never };

/** Up to which amount somebody may let an action run. */
export type LimitSource = LimitHolder & {
  /** The actions it is about; left out: every action that has an amount. */
  readonly action?: string | readonly string[];
  /** The highest amount, in each currency that it is for; what is in another currency is beyond it. */
  readonly upTo: AmountText | Amount | readonly (AmountText | Amount)[];
  /** Within which time this is the most in all, this case included; left out: the most for one case. */
  readonly over?: DurationText;
};

/** What somebody must hold to let an action run: a licence, a training, or both. */
export interface NeedSource {
  readonly action: string | readonly string[];
  readonly licence?: string;
  readonly training?: string;
}

/** Who may not let a case run because of their part in it. Everybody is named by id. */
export interface SegregationSource {
  /** Whether that is whoever asked for it; true if left out. */
  readonly requester?: boolean;
  /** Who answers for an agent, by the agent's name. */
  readonly agentOwners?: Readonly<Record<string, readonly string[]>>;
  /** Who wrote the policy. */
  readonly policyAuthors?: readonly string[];
}

/** What a company says about who may let what run, as its author writes it; see {@link authority}. */
export interface AuthoritySource {
  /** Up to which amounts; none if left out, and then amounts do not matter. */
  readonly limits?: readonly LimitSource[];
  /** What must be held; nothing if left out. */
  readonly needs?: readonly NeedSource[];
  /** Whose part in a case keeps them from letting it run. */
  readonly segregation?: SegregationSource;
  /** Roles from junior to senior, for ties; a role that is not named is junior to all that are. */
  readonly seniority?: readonly string[];
}

/** One limit in its normal form. */
export type LimitRule = LimitHolder & {
  /** Sorted; absent for every action that has an amount. */
  readonly action?: readonly string[];
  /** One amount per currency, sorted by currency. */
  readonly upTo: readonly Amount[];
  readonly over?: DurationText;
};

/** What must be held, in its normal form. */
export interface NeedRule {
  /** Sorted. */
  readonly action: readonly string[];
  readonly licence?: string;
  readonly training?: string;
}

/** The normal form of an {@link AuthoritySource}: everything that was left out is there, and names are sorted. */
export interface AuthorityDocument {
  readonly limits: readonly LimitRule[];
  readonly needs: readonly NeedRule[];
  readonly segregation: Required<SegregationSource>;
  readonly seniority: readonly string[];
}

/** Who may let what run: a validated document, immutable and named by its digest. */
export interface Authority {
  /** `sha256:` and 64 hex digits of {@link Authority.source}. */
  readonly digest: string;
  /** The normal form, plain frozen JSON; store it to load this very authority again. */
  readonly source: AuthorityDocument;
}

/**
 * Loads what a company says about who may let what run. Two documents that say the same have the same digest, as long
 * as their rules stand in the same order.
 *
 * @throws AssentError `authority_invalid`; the message lists every problem with its JSON path.
 *
 * @example
 * ```ts
 * import { authority } from "assent";
 *
 * export const bank = authority({
 *   limits: [
 *     { role: "clerk", upTo: "500 USD" },
 *     { role: "manager", upTo: ["10000 USD", "9000 EUR"] },
 *     { role: "manager", upTo: ["40000 USD", "36000 EUR"], over: "P1D" },
 *     { person: "ana", action: "refund", upTo: "25000 USD" },
 *   ],
 *   needs: [{ action: "close-account", licence: "series-7", training: "vulnerable-customers" }],
 *   segregation: { agentOwners: { support: ["bo"] }, policyAuthors: ["cleo"] },
 *   seniority: ["clerk", "manager", "director"],
 * });
 * ```
 */
export function authority(source: AuthoritySource): Authority {
  const document = deepFreeze(readAuthority(source));
  const loaded: Authority = { digest: digestOf(document), source: document };
  Object.defineProperty(loaded, BRAND, { value: true });
  return Object.freeze(loaded);
}

/** Whether a value is a loaded authority, also one of another copy of the package. */
export function isAuthority(value: unknown): value is Authority {
  return typeof value === "object" && value !== null && Object.hasOwn(value, BRAND);
}

const BYTES_MAX = 1024 * 1024;

function digestOf(document: AuthorityDocument): string {
  try {
    return digest(document, { maxBytes: BYTES_MAX });
  } catch (cause) {
    throw new AssentError("authority_invalid", {
      what: "The authority document cannot be loaded: it has no digest",
      where: "$",
      fix: `It may have ${BYTES_MAX} bytes as JSON`,
      cause,
    });
  }
}

/** Nothing but what goes without saying: no limits, nothing to hold, and whoever asked for it does not let it run. */
export const NO_AUTHORITY: Authority = authority({});
