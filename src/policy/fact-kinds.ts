import type { PolicyDocument } from "./document.js";

/** What kind of value a fact has, and for a number the range it must lie in. */
export type FactKind =
  | { readonly type: "amount" | "boolean" | "tags" }
  /** `words` are the only ones it can be, `what` says what they are, with an article. */
  | { readonly type: "string"; readonly words?: readonly string[]; readonly what?: string }
  | { readonly type: "number"; readonly min?: number; readonly max?: number };

const SHARE: FactKind = { type: "number", min: 0, max: 1 };

/** The facts that every policy knows. `action` and `agent` are the proposal's own, never one of its facts. */
export const BUILT_IN_FACTS: ReadonlyMap<string, FactKind> = new Map<string, FactKind>([
  ["action", { type: "string" }],
  ["agent", { type: "string" }],
  ["amount", { type: "amount" }],
  ["confidence", SHARE],
  ["novelty", SHARE],
  ["risk", SHARE],
  ["tags", { type: "tags" }],
]);

/** Every fact that a loaded policy knows, by name. */
export function factKindsOf(facts: PolicyDocument["facts"]): ReadonlyMap<string, FactKind> {
  return new Map<string, FactKind>([...BUILT_IN_FACTS, ...Object.entries(facts)]);
}

/** A number with its range in words. */
export function numberInWords({ min, max }: { min?: number; max?: number }): string {
  if (min !== undefined && max !== undefined) return `a number from ${min} to ${max}`;
  if (min !== undefined) return `a number of at least ${min}`;
  return max === undefined ? "a number" : `a number of at most ${max}`;
}
