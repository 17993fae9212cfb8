import type { PolicyInput } from "../model/facts.js";
import type { Route, Routing } from "../model/routing.js";
import type { Policy, PolicyOptions } from "./policy.js";
import { readCases } from "./read-cases.js";
import { undeclaredFacts } from "./undeclared.js";

/** What a case expects of a routing; what is left out may be anything. */
export interface PolicyExpectation {
  readonly route: Route;
  /** The ids of all the rules that match, in any order; none if the default or a failure decides. */
  readonly rules?: readonly string[];
  /**
   * Parts of what the routing requires: every key that is given has to be there with that value, of a list every entry
   * that is given.
   */
  readonly requires?: Readonly<Record<string, unknown>>;
}

/** One row of a table of cases: a proposal, and where it should go. */
export interface PolicyCase extends Omit<PolicyInput, "agent"> {
  /** What the case shows; unique in its table. */
  readonly name: string;
  /** Left out: an agent that no rule names. */
  readonly agent?: string;
  readonly expect: PolicyExpectation;
}

/** How one case went. */
export interface PolicyCaseResult {
  readonly name: string;
  readonly passed: boolean;
  /** What is not as expected, one phrase each; empty if it passed. */
  readonly failures: readonly string[];
  readonly routing: Routing;
}

/** How a table of cases went. */
export interface PolicyTestReport {
  /** Whether all of them passed. */
  readonly ok: boolean;
  readonly passed: number;
  readonly failed: number;
  readonly results: readonly PolicyCaseResult[];
}

/**
 * Tests a policy with a table of cases: for each a proposal, and where it should go. The table is a list, or YAML or
 * JSON text of one as `assent policy test` takes it; there an amount may be written as in a policy, such as `50 USD`.
 *
 * @throws AssentError `policy_cases_invalid`; the message lists everything that is wrong with the table, with line and column if
 * it is a text.
 *
 * @example
 * ```ts
 * import { loadPolicy, testPolicy } from "assent";
 *
 * const { results } = testPolicy(await loadPolicy("./policy.yaml"), [
 *   { name: "sure", action: "refund", facts: { confidence: 0.95 }, expect: { route: "execute" } },
 *   { name: "confidence is missing", action: "refund", facts: {}, expect: { route: "review", rules: [] } },
 * ]);
 * for (const { name, failures, routing } of results) {
 *   if (failures.length > 0) throw new Error(`${name}: ${failures.join(", ")}. ${routing.explanation}`);
 * }
 * ```
 */
export function testPolicy(
  policy: Policy,
  cases: string | readonly PolicyCase[],
  options: PolicyOptions = {},
): PolicyTestReport {
  const results = readCases(cases, options.file ?? "cases").map(({ name, input, expect }): PolicyCaseResult => {
    const routing = policy.evaluate(input);
    const missed = failuresOf(expect, routing);
    const failures = missed.length === 0 ? [] : [...missed, ...undeclaredFacts(policy, input.facts)];
    return { name, passed: failures.length === 0, failures, routing };
  });
  const passed = results.filter((result) => result.passed).length;
  return { ok: passed === results.length, passed, failed: results.length - passed, results };
}

function failuresOf({ route, rules, requires }: PolicyExpectation, routing: Routing): string[] {
  const failures: string[] = [];
  if (routing.route !== route) failures.push(`expected route ${route}; got ${routing.route}`);
  if (rules !== undefined && rules.toSorted().join("\n") !== routing.rules.toSorted().join("\n")) {
    failures.push(`expected ${idsOf(rules)} to match; got ${idsOf(routing.rules)}`);
  }
  if (requires !== undefined) failures.push(...missing(requires, routing.requires, "requires"));
  return failures;
}

function idsOf(rules: readonly string[]): string {
  return rules.length === 0 ? "no rule" : rules.map((id) => JSON.stringify(id)).join(", ");
}

/** Where a value lacks what was expected of it. */
function missing(expected: unknown, actual: unknown, path: string): string[] {
  if (Array.isArray(expected)) {
    const entries: readonly unknown[] = Array.isArray(actual) ? actual : [];
    const absent = (expected as readonly unknown[]).filter((each) =>
      entries.every((entry) => missing(each, entry, path).length > 0),
    );
    return absent.map((each) => `expected ${JSON.stringify(each)} among ${path}; got ${said(actual)}`);
  }
  if (typeof expected !== "object" || expected === null) {
    return Object.is(expected, actual) ? [] : [`expected ${path} ${said(expected)}; got ${said(actual)}`];
  }
  if (typeof actual !== "object" || actual === null) return [`expected ${path} ${said(expected)}; got ${said(actual)}`];
  return Object.entries(expected).flatMap(([key, value]) => {
    const part: unknown = Object.hasOwn(actual, key) ? (actual as Record<string, unknown>)[key] : undefined;
    return missing(value, part, `${path}.${key}`);
  });
}

function said(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
