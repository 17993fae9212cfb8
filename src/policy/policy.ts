import { deepFreeze } from "../model/deep-freeze.js";
import { digest } from "../model/digest.js";
import { AssentError } from "../model/error.js";
import type { HistoryQuery, PolicyInput } from "../model/facts.js";
import type { Routing } from "../model/routing.js";
import { counterexampleOf } from "./counterexample.js";
import type { PolicyDocument } from "./document.js";
import { compilePolicy } from "./evaluate.js";
import { queriesOf } from "./history.js";
import { analyse, laxUnknowns, withoutCel } from "./monotonicity.js";
import { Problems } from "./problems.js";
import { type ReadPolicy, readPolicy } from "./read-policy.js";
import { type FactDeclarations, type NoFacts, POLICY_LIMITS, type PolicySource } from "./source.js";
import { type Place, type Tree, treeOf } from "./tree.js";

const BRAND = Symbol.for("assent.policy");

/**
 * A loaded policy: immutable, and named by its digest.
 *
 * A rule that reads a fact which is missing, not finite, out of range or of the wrong type, or an amount in another
 * currency, cannot be evaluated; the routing is then `review` or, if a matching rule is stricter, that rule's. A part
 * that cannot be evaluated does not matter where the rest of the condition settles it. So a rule for two currencies
 * names both under one `any`. A fact of the proposal that the policy does not declare is never read and changes nothing.
 */
export interface Policy {
  /** `sha256:` and 64 hex digits of {@link Policy.source}: the same for YAML, JSON and TypeScript that say the same. */
  readonly digest: string;
  /** The author's number for this version. */
  readonly version: number;
  /** The normal form, plain frozen JSON; store it to load this very policy again. */
  readonly source: PolicyDocument;
  /**
   * What it wants to know of earlier cases: ask the ledger, and pass the answers as `history` by name, with the moment
   * as `at`. What is not passed is unknown, so that a person is asked wherever it matters. Empty if no rule asks.
   */
  readonly history: readonly HistoryQuery[];
  /** Where a proposal goes. Never throws: what cannot be evaluated goes to a person, with `failedClosed` set. */
  readonly evaluate: (input: PolicyInput) => Routing;
}

/** How a policy is loaded. */
export interface PolicyOptions {
  /** The file that problems are reported in. */
  readonly file?: string;
}

/**
 * Loads a policy from a TypeScript object. Facts that it does not declare are compile errors already.
 *
 * @throws AssentError `policy_invalid`; the message lists every problem with its JSON path.
 *
 * @example
 * ```ts
 * import { policy } from "assent";
 *
 * export const refunds = policy({
 *   facts: { fraudScore: { type: "number", min: 0, max: 1, risk: "up" } },
 *   rules: [
 *     { id: "small", action: "refund", when: { amount: { lte: "50 USD" }, fraudScore: { lt: 0.2 } }, route: "execute" },
 *     { id: "large", when: { amount: { gt: "10000 USD" } }, route: "block", explain: "Finance pays these by hand." },
 *   ],
 *   default: { route: "review" },
 * });
 * ```
 */
export function policy<F extends FactDeclarations = NoFacts>(
  source: PolicySource<F>,
  options: PolicyOptions = {},
): Policy {
  const problems = new Problems(options.file);
  return policyOfTree(readObject(source, problems), problems);
}

// A getter or proxy of the object may throw; its author then still gets one of our errors.
function readObject(source: unknown, problems: Problems): Tree {
  try {
    return treeOf(source, problems);
  } catch (cause) {
    throw new AssentError("policy_invalid", {
      what: "The policy cannot be loaded: reading the object threw",
      fix: "Pass plain data.",
      cause,
    });
  }
}

/**
 * Loads a policy from its tree. For the loaders of this folder.
 *
 * @throws AssentError as {@link policy} does.
 */
export function policyOfTree(tree: Tree, problems: Problems): Policy {
  const read = readPolicy(tree, problems);
  if (read.routesAreKnown) reportDescents(read, problems);
  problems.throwIfAny();
  const source = deepFreeze(read.document);
  const policyDigest = digestOf(source, problems);
  const loaded: Policy = {
    digest: policyDigest,
    version: source.version,
    source,
    history: queriesOf(source),
    evaluate: compilePolicy(source, policyDigest),
  };
  Object.defineProperty(loaded, BRAND, { value: true });
  return Object.freeze(loaded);
}

/** Whether a value is a loaded policy, also one of another copy of the package. */
export function isPolicy(value: unknown): value is Policy {
  return typeof value === "object" && value !== null && Object.hasOwn(value, BRAND);
}

// More risk never yields a laxer routing: where it would, the rule whose reach ends is told, or the one that is laxer
// than the default.
function reportDescents({ document, rulePlaces }: ReadPolicy, problems: Problems): void {
  const placeOf = (id: string | undefined): Place =>
    rulePlaces[document.rules.findIndex((rule) => rule.id === id)] ?? { path: "$" };
  for (const { id, route } of laxUnknowns(document)) {
    problems.add(
      placeOf(id),
      `expected a rule with \`cel\` to be no laxer than the default (${document.default.route}), since what it means for more risk ` +
        `cannot be told; seen ${route}: write its condition with operators, or give it a stricter route`,
    );
  }
  const evaluate = compilePolicy(withoutCel(document), "");
  const { descents, unfinished } = analyse(document);
  for (const descent of descents) {
    const { safer, riskier, text } = counterexampleOf(descent, document, evaluate);
    problems.add(placeOf((safer.rule ?? riskier.rule)?.id), text);
  }
  if (unfinished === undefined) return;
  problems.add(
    placeOf(unfinished),
    `expected rules simple enough to tell that more risk is never routed laxer; up to rule ${JSON.stringify(unfinished)} ` +
      "their tests have too many combinations: name the `action` in more of them, and put fewer `any` under one `all`",
  );
}

function digestOf(source: PolicyDocument, problems: Problems): string {
  try {
    return digest(source, { maxBytes: POLICY_LIMITS.bytes });
  } catch (cause) {
    problems.add({ path: "$" }, cause instanceof Error ? cause.message : String(cause));
    problems.throwIfAny();
    throw cause;
  }
}
