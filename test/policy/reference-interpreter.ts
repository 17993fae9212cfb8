import { ROUTES, type Route } from "../../src/model/routing.js";
import type { PolicyDocument } from "../../src/policy/document.js";

/**
 * A second, deliberately plain reading of what a policy means, sharing no code with the one under test. Where the
 * compiled policy computes with "unknown", this one computes with the set of answers that are still possible.
 */
type Possible = readonly boolean[];

const YES: Possible = [true];
const NO: Possible = [false];
const EITHER: Possible = [true, false];

type Json = Record<string, unknown>;

interface Input {
  action: string;
  agent: string;
  facts: object;
}

/** What a policy should answer: the route, the matching rules (none if an error or the default decided), and whether it failed closed. */
export function expectedRouting(
  policy: PolicyDocument,
  input: Input,
): { route: Route; rules: string[]; failedClosed: boolean } {
  const answers = policy.rules
    .filter((rule) => rule.action === undefined || rule.action.includes(input.action))
    .filter((rule) => rule.agent === undefined || rule.agent.includes(input.agent))
    .map((rule) => ({ rule, possible: rule.when === undefined ? YES : condition(rule.when, policy, input) }));
  const matched = answers.filter(({ possible }) => possible.every(Boolean)).map(({ rule }) => rule);
  const failedClosed = answers.some(({ possible }) => possible.includes(true) && possible.includes(false));
  const strictestFirst = ROUTES.toReversed();
  const wanted = matched.map((rule): Route => rule.route);
  const ids = matched.map((rule) => rule.id);
  if (failedClosed) {
    const route = strictestFirst.find((candidate) => candidate === "review" || wanted.includes(candidate)) ?? "review";
    return { route, rules: wanted.includes(route) ? ids : [], failedClosed };
  }
  const route = strictestFirst.find((candidate) => wanted.includes(candidate)) ?? policy.default.route;
  return { route, rules: ids, failedClosed };
}

function condition(when: Json, policy: PolicyDocument, input: Input): Possible {
  return both(
    Object.entries(when).map(([key, value]) => {
      if (key === "all") return both((value as Json[]).map((part) => condition(part, policy, input)));
      // One of them holds unless each of them fails.
      if (key === "any")
        return opposite(both((value as Json[]).map((part) => opposite(condition(part, policy, input)))));
      if (key === "not") return opposite(condition(value as Json, policy, input));
      return both(
        Object.entries(value as Json).map(([operator, operand]) => leaf(key, operator, operand, policy, input)),
      );
    }),
  );
}

function both(parts: readonly Possible[]): Possible {
  let possible: Possible = YES;
  for (const part of parts) possible = [...new Set(possible.flatMap((a) => part.map((b) => a && b)))];
  return possible;
}

function opposite(possible: Possible): Possible {
  return possible.map((answer) => !answer);
}

function leaf(fact: string, operator: string, operand: unknown, policy: PolicyDocument, input: Input): Possible {
  if (fact === "action") return text(input.action, operator, operand);
  if (fact === "agent") return text(input.agent, operator, operand);
  if (!Object.hasOwn(input.facts, fact)) return EITHER;
  const value: unknown = (input.facts as Json)[fact];
  if (fact === "amount") return amount(value, operator, operand as { value: number; currency: string });
  if (fact === "tags") return list(value, operand as string[]);
  if (fact === "confidence" || fact === "risk" || fact === "novelty") return number(value, operator, operand, 0, 1);
  const declared = policy.facts[fact];
  if (declared?.type === "number") return number(value, operator, operand, declared.min, declared.max);
  if (declared?.type === "tags") return list(value, operand as string[]);
  if (declared?.type === "boolean") return typeof value !== "boolean" ? EITHER : value === operand ? YES : NO;
  return text(value, operator, operand);
}

function text(value: unknown, operator: string, operand: unknown): Possible {
  if (typeof value !== "string") return EITHER;
  return (operator === "eq" ? [operand] : (operand as unknown[])).includes(value) ? YES : NO;
}

function list(value: unknown, operand: string[]): Possible {
  // A copy without holes: `every` would pass over them, and a hole is no string.
  if (!Array.isArray(value) || !Array.from(value).every((entry) => typeof entry === "string")) return EITHER;
  return operand.every((entry) => value.includes(entry)) ? YES : NO;
}

function number(value: unknown, operator: string, operand: unknown, min = -Infinity, max = Infinity): Possible {
  if (typeof value !== "number" || !Number.isFinite(value) || value < min || value > max) return EITHER;
  if (operator === "in") return (operand as number[]).includes(value) ? YES : NO;
  return ordered(value, operator, operand as number) ? YES : NO;
}

function amount(value: unknown, operator: string, limit: { value: number; currency: string }): Possible {
  if (typeof value !== "object" || value === null) return EITHER;
  const { value: sum, currency } = value as Json;
  if (typeof sum !== "number" || !Number.isFinite(sum) || sum < 0 || currency !== limit.currency) return EITHER;
  return ordered(sum, operator, limit.value) ? YES : NO;
}

function ordered(a: number, operator: string, b: number): boolean {
  if (operator === "gt") return a > b;
  if (operator === "gte") return !(a < b);
  if (operator === "lt") return a < b;
  if (operator === "lte") return !(a > b);
  return a === b;
}
