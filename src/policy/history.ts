import type { HistoryQuery } from "../model/facts.js";
import { durationMs, durationText } from "./duration.js";
import { type CumulativeDocument, LIMITS, type RateDocument } from "./triggers.js";
import type { ConditionDocument, PolicyDocument } from "./document.js";

/** What a test of sums or counts asks the ledger for. Two tests that ask for the same thing ask once. */
export function queryOf(test: CumulativeDocument | RateDocument): HistoryQuery {
  const { per = [], action, over } = test;
  const overMs = durationMs(over) ?? 0;
  const currency = "of" in test && test.of === "amount" ? currencyOf(test) : undefined;
  const of = currency === undefined ? "count" : "amount";
  const scope = { of, ...(currency === undefined ? {} : { currency }), per: [...per].toSorted() } as const;
  const actions = action === undefined ? {} : { actions: [...action].toSorted() };
  return Object.freeze({ name: nameOf({ ...scope, ...actions, overMs }), ...scope, ...actions, overMs });
}

/** Everything that the conditions of a policy ask of earlier cases, by name. */
export function queriesOf({ rules }: PolicyDocument): readonly HistoryQuery[] {
  const queries = new Map<string, HistoryQuery>();
  const visit = (condition: ConditionDocument): void => {
    for (const test of [condition.cumulative, condition.rate]) {
      if (test === undefined) continue;
      const query = queryOf(test);
      queries.set(query.name, query);
    }
    for (const part of [...(condition.all ?? []), ...(condition.any ?? [])]) visit(part);
    if (condition.not !== undefined) visit(condition.not);
  };
  for (const { when } of rules) if (when !== undefined) visit(when);
  return Object.freeze([...queries.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)));
}

/** A sum as people mean it: without the dust that adding binary fractions leaves behind. */
export function sumOf(a: number, b: number): number {
  const sum = a + b;
  if (Number.isInteger(sum)) return sum;
  // Exact to a millionth, where that is exact at all.
  return Math.abs(sum) < 1e9 ? Math.round(sum * 1e6) / 1e6 : Number(sum.toPrecision(15));
}

/** What of these the ledger knew; nothing if it knew none. Never throws. */
export function pastOf(names: readonly string[], input: unknown): Record<string, number> | undefined {
  let known: Record<string, number> | undefined;
  try {
    const { history } = input as { history?: unknown };
    for (const name of names) {
      const past = readPast(name, history);
      if (past !== undefined) (known ??= {})[name] = past;
    }
  } catch {
    return known;
  }
  return known;
}

/** What the ledger knew under a name; nothing if it is no number from 0 to 2^53 - 1, up to where whole ones are exact. */
export function readPast(name: string, history: unknown): number | undefined {
  try {
    if (typeof history !== "object" || history === null || !Object.hasOwn(history, name)) return undefined;
    const past = (history as Record<string, unknown>)[name];
    return typeof past === "number" && past >= 0 && past <= Number.MAX_SAFE_INTEGER ? past : undefined;
  } catch {
    return undefined;
  }
}

function currencyOf(test: Extract<CumulativeDocument, { of: "amount" }>): string | undefined {
  for (const limit of LIMITS) {
    const amount = test[limit];
    if (amount !== undefined) return amount.currency;
  }
  return undefined;
}

// A JSON text where names are quoted: no two queries share a name, whatever their facts and actions are called.
function nameOf({ of, currency, per, actions, overMs }: Omit<HistoryQuery, "name">): string {
  const what = of === "amount" ? `sum of ${currency ?? ""}` : "cases";
  const scope = actions === undefined ? "" : ` of ${actions.map((name) => JSON.stringify(name)).join(", ")}`;
  const who = per.length === 0 ? "" : ` per ${per.join(", ")}`;
  return `${what}${scope}${who} within ${durationText(overMs)}`;
}
