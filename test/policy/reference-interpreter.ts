import { ROUTES, type Route } from "../../src/model/routing.js";
import type { PolicyDocument } from "../../src/policy/document.js";
import { CEL_TEXTS } from "./arbitrary-trigger.js";
import { expectedRequirement, type ExpectedRequirement } from "./reference-requirement.js";

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
  at?: unknown;
  history?: unknown;
}

/**
 * What a policy should answer: the route, the matching rules (none if an error or the default decided), whether it failed
 * closed, and what it asks of people.
 */
export function expectedRouting(
  policy: PolicyDocument,
  input: Input,
): { route: Route; rules: string[]; failedClosed: boolean; requires: ExpectedRequirement | undefined } {
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
    const deciding = matched.filter((rule) => rule.route === route);
    const requires = expectedRequirement(policy, deciding, { isDefault: deciding.length === 0, failedClosed });
    return { route, rules: wanted.includes(route) ? ids : [], failedClosed, requires };
  }
  const route = strictestFirst.find((candidate) => wanted.includes(candidate)) ?? policy.default.route;
  const deciding = matched.filter((rule) => rule.route === route);
  const requires = expectedRequirement(policy, deciding, { isDefault: matched.length === 0, failedClosed });
  return { route, rules: ids, failedClosed, requires };
}

function condition(when: Json, policy: PolicyDocument, input: Input): Possible {
  return both(
    Object.entries(when).map(([key, value]) => {
      if (key === "all") return both((value as Json[]).map((part) => condition(part, policy, input)));
      // One of them holds unless each of them fails.
      if (key === "any")
        return opposite(both((value as Json[]).map((part) => opposite(condition(part, policy, input)))));
      if (key === "not") return opposite(condition(value as Json, policy, input));
      if (key === "time") return time(value as Json, input.at);
      if (key === "cumulative" || key === "rate") return history(value as Json, input);
      if (key === "cel") return cel(value as string, input.facts as Json);
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
  if (fact === "tags") return list(value, operator, operand as string[]);
  if (fact === "confidence" || fact === "risk" || fact === "novelty") return number(value, operator, operand, 0, 1);
  const declared = policy.facts[fact];
  if (declared?.type === "number") return number(value, operator, operand, declared.min, declared.max);
  if (declared?.type === "tags") return list(value, operator, operand as string[]);
  if (declared?.type === "boolean") return typeof value !== "boolean" ? EITHER : value === operand ? YES : NO;
  return text(value, operator, operand);
}

function text(value: unknown, operator: string, operand: unknown): Possible {
  if (typeof value !== "string") return EITHER;
  return (operator === "eq" ? [operand] : (operand as unknown[])).includes(value) ? YES : NO;
}

function list(value: unknown, operator: string, operand: string[]): Possible {
  // A copy without holes: `every` would pass over them, and a hole is no string.
  if (!Array.isArray(value) || !Array.from(value).every((entry) => typeof entry === "string")) return EITHER;
  const found = operand.filter((entry) => value.includes(entry)).length;
  return found >= (operator === "has" ? operand.length : 1) ? YES : NO;
}

const MINUTES_OF_SUMMER = 120;
const MINUTES_OF_WINTER = 60;

function time({ timeZone, hour, weekday }: Json, at: unknown): Possible {
  if (typeof at !== "string" || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(at)) return EITHER;
  const summer = at.slice(5, 7) === "07" ? MINUTES_OF_SUMMER : MINUTES_OF_WINTER;
  const local = new Date(Date.parse(at) + (timeZone === "Europe/Berlin" ? summer * 60_000 : 0));
  const day = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"][local.getUTCDay()];
  const tests = [
    ...Object.entries((hour ?? {}) as Json).map(([operator, limit]) =>
      operator === "in"
        ? (limit as number[]).includes(local.getUTCHours())
        : ordered(local.getUTCHours(), operator, limit as number),
    ),
    ...Object.values((weekday ?? {}) as Json).map((wanted) => [wanted].flat().includes(day)),
  ];
  return tests.every(Boolean) ? YES : NO;
}

const WINDOWS: Record<string, string> = { P1D: "P1D", P7D: "P7D", PT1H: "PT1H" };

function history(
  { of = "count", per = [], action, over, ...limits }: Json,
  { facts, agent, history: known }: Input,
): Possible {
  const [first] = Object.values(limits);
  const currency = typeof first === "object" ? (first as { currency: string }).currency : undefined;
  const { customer, amount: sum } = facts as Json;
  for (const fact of per as string[])
    if (fact === "customer" && (!Object.hasOwn(facts, fact) || typeof customer !== "string")) return EITHER;
  if (typeof agent !== "string") return EITHER;
  const scope =
    action === undefined
      ? ""
      : ` of ${(action as string[])
          .toSorted()
          .map((name) => `"${name}"`)
          .join(", ")}`;
  const whose = (per as string[]).length === 0 ? "" : ` per ${(per as string[]).join(", ")}`;
  const name = `${of === "amount" ? `sum of ${currency ?? ""}` : "cases"}${scope}${whose} within ${WINDOWS[over as string] ?? ""}`;
  const own = of === "amount" ? ownSum(Object.hasOwn(facts, "amount") ? sum : undefined, currency) : 1;
  const past = typeof known === "object" && known !== null ? (known as Json)[name] : undefined;
  if (own === undefined || typeof past !== "number" || !(past >= 0 && past < 2 ** 53)) return EITHER;
  // In thousandths, so that 0.1 and 0.2 are 0.3.
  const total = Math.round((past + own) * 1000) / 1000;
  const kept = Object.entries(limits).every(([operator, limit]) =>
    ordered(total, operator, typeof limit === "object" ? (limit as { value: number }).value : (limit as number)),
  );
  return kept ? YES : NO;
}

function ownSum(value: unknown, wanted: string | undefined): number | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { value: sum, currency } = value as Json;
  return typeof sum === "number" && Number.isFinite(sum) && sum >= 0 && currency === wanted ? sum : undefined;
}

// What CEL says of a missing fact: `||` and `&&` do without it where the other side settles them.
function cel(expression: string, facts: Json): Possible {
  const own = (fact: string): unknown => (Object.hasOwn(facts, fact) ? facts[fact] : undefined);
  const share = (fact: string, test: (value: number) => boolean): Possible => {
    const value = own(fact);
    if (typeof value !== "number" || !Number.isFinite(value) || value < 0 || value > 1) return EITHER;
    return test(value) ? YES : NO;
  };
  const [first, second, third] = CEL_TEXTS;
  if (expression === first) {
    const parts = [share("risk", (it) => it > 0.5), share("confidence", (it) => it < 0.5)];
    return opposite(both(parts.map(opposite)));
  }
  if (expression === second) {
    const [vip, customer] = [own("vip"), own("customer")];
    return both([
      typeof vip !== "boolean" ? EITHER : vip ? YES : NO,
      typeof customer !== "string" ? EITHER : customer.startsWith("a") ? YES : NO,
    ]);
  }
  if (expression === third) {
    const sum = own("amount");
    if (ownSum(sum, "USD") === undefined) return ownSum(sum, "EUR") === undefined ? EITHER : NO;
    return (sum as { value: number }).value >= 50 ? YES : NO;
  }
  return list(own("tags"), "hasAny", ["al"]);
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
