import { z } from "zod";

/** A sum of money: `value` in the currency's main unit, `currency` an ISO 4217 code such as `USD`. */
export const Amount = z
  .strictObject({ value: z.number().min(0), currency: z.string().regex(/^[A-Z]{3}$/) })
  .describe("A sum of money, value in the currency's main unit");
/** A sum of money. */
export type Amount = z.infer<typeof Amount>;

const Share = z.number().min(0).max(1);

/** A fact beyond the built-in ones; a policy declares its name and type before it may read it. */
export const ExtraFact = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);
/** A fact beyond the built-in ones. */
export type ExtraFact = z.infer<typeof ExtraFact>;

/**
 * What a policy reads about a proposal. `confidence`, `risk` and `novelty` lie between 0 and 1; every number is
 * finite. Names beyond the five built-in ones are declared in the policy under `facts`.
 */
export interface Facts {
  amount?: Amount;
  /** How sure the agent is, 0 to 1. */
  confidence?: number;
  /** How much harm a mistake does, 0 to 1. */
  risk?: number;
  /** How unlike earlier cases this is, 0 to 1. */
  novelty?: number;
  tags?: string[];
  [extra: string]: ExtraFact | Amount | undefined;
}

/** Schema of {@link Facts}. */
export const Facts: z.ZodType<Facts> = z
  .object({
    amount: Amount.optional(),
    confidence: Share.optional(),
    risk: Share.optional(),
    novelty: Share.optional(),
    tags: z.array(z.string()).optional(),
  })
  .catchall(ExtraFact);

/** What a policy is asked about: the recorded facts and the two names that every proposal has. */
export interface PolicyInput {
  action: string;
  agent: string;
  facts: Facts;
  /** The moment that it is asked at, as `Date.toISOString` writes it; without it, what depends on the time is unknown. */
  at?: string;
  /** What the ledger knows of earlier cases, by the name that the policy gives it; what is missing is unknown. */
  history?: Readonly<Record<string, number>>;
}

/**
 * What a policy wants to know of earlier cases: a sum or a number of those that were let through (permitted or
 * executed) and are like this one, within a window that ends now. The proposal itself is not among them; the policy adds it.
 */
export interface HistoryQuery {
  /** What the policy calls the answer; unique within the policy. */
  readonly name: string;
  /** `amount` sums amounts of one currency, `count` counts cases. */
  readonly of: "amount" | "count";
  /** For `amount`: the currency that is summed; other currencies are left out. */
  readonly currency?: string;
  /** Names of facts (or `action`, `agent`) that must be equal to this proposal's. */
  readonly per: readonly string[];
  /** Only cases of these actions; every action if left out. */
  readonly actions?: readonly string[];
  readonly overMs: number;
}
