import { type FactKind, numberInWords } from "./fact-kinds.js";
import { quoted } from "./quoted.js";

/** A fact as one evaluation sees it; `unknown` says in words why it cannot be used. */
export type ReadFact =
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "tags"; readonly value: ReadonlySet<string> }
  | { readonly kind: "amount"; readonly value: number; readonly currency: string }
  | { readonly kind: "unknown"; readonly doubt: string };

/** The facts that a policy reads, in the order of its {@link FactTable}. */
export type FactRow = readonly ReadFact[];

/** What a policy is asked about, once it has been looked at; nothing here can throw any more. */
export interface Subject {
  readonly action: string | undefined;
  readonly agent: string | undefined;
  readonly row: FactRow;
  /** Why the proposal as a whole cannot be read, if it cannot. */
  readonly doubt: string | undefined;
}

const MAX_TAGS = 10_000;
const CURRENCY = /^[A-Z]{3}$/;

/**
 * The facts that the rules of one policy read, each with its place in a row. Each fact is read from a proposal once
 * and checked once, however many rules test it.
 */
export class FactTable {
  readonly #kinds: ReadonlyMap<string, FactKind>;
  readonly #slots = new Map<string, number>();

  constructor(kinds: ReadonlyMap<string, FactKind>) {
    this.#kinds = kinds;
  }

  /** The place of a fact in every row; a fact is read only if somebody asked for its place. */
  slotOf(fact: string): number {
    const slot = this.#slots.get(fact) ?? this.#slots.size;
    this.#slots.set(fact, slot);
    return slot;
  }

  /** Looks at whatever a policy was asked about. Never throws, also for getters and proxies that do. */
  read(input: unknown): Subject {
    const action = property(input, "action");
    const agent = property(input, "agent");
    const facts = property(input, "facts");
    const row: ReadFact[] = [];
    for (const fact of this.#slots.keys()) {
      if (fact === "action") row.push(readName(fact, action));
      else if (fact === "agent") row.push(readName(fact, agent));
      else row.push(readFact(fact, this.#kinds.get(fact), facts));
    }
    return {
      action: typeof action === "string" ? action : undefined,
      agent: typeof agent === "string" ? agent : undefined,
      row,
      doubt: doubtOf(action, agent, facts),
    };
  }
}

function doubtOf(action: unknown, agent: unknown, facts: unknown): string | undefined {
  if (typeof action !== "string") return "its action is not a string";
  if (typeof agent !== "string") return "its agent is not a string";
  return typeof facts === "object" && facts !== null ? undefined : "it has no facts";
}

function property(holder: unknown, key: string): unknown {
  try {
    return typeof holder === "object" && holder !== null ? (holder as Record<string, unknown>)[key] : undefined;
  } catch {
    return undefined;
  }
}

function readName(fact: string, value: unknown): ReadFact {
  return typeof value === "string" ? { kind: "string", value } : { kind: "unknown", doubt: `${fact} is not a string` };
}

function readFact(fact: string, kind: FactKind | undefined, facts: unknown): ReadFact {
  try {
    // Own properties only: `constructor` and the like must not be found on a prototype.
    const present = typeof facts === "object" && facts !== null && Object.hasOwn(facts, fact);
    const value: unknown = present ? (facts as Record<string, unknown>)[fact] : undefined;
    if (kind === undefined || value === undefined) return { kind: "unknown", doubt: `${fact} is missing` };
    return (
      typed(kind, value) ?? { kind: "unknown", doubt: `${fact} is ${inWords(value)} instead of ${kindInWords(kind)}` }
    );
  } catch {
    return { kind: "unknown", doubt: `${fact} cannot be read` };
  }
}

function typed(kind: FactKind, value: unknown): ReadFact | undefined {
  if (kind.type === "number") {
    const { min = -Infinity, max = Infinity } = kind;
    if (typeof value !== "number" || !Number.isFinite(value)) return undefined;
    return value >= min && value <= max ? { kind: "number", value } : undefined;
  }
  if (kind.type === "amount") return readAmount(value);
  if (kind.type === "tags") return readTags(value);
  if (kind.type === "string") return typeof value === "string" ? { kind: "string", value } : undefined;
  return typeof value === "boolean" ? { kind: "boolean", value } : undefined;
}

function readTags(value: unknown): ReadFact | undefined {
  if (!Array.isArray(value) || value.length > MAX_TAGS) return undefined;
  const tags = new Set<string>();
  for (const tag of value as unknown[]) {
    if (typeof tag !== "string") return undefined;
    tags.add(tag);
  }
  return { kind: "tags", value: tags };
}

function readAmount(value: unknown): ReadFact | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (!Object.hasOwn(value, "value") || !Object.hasOwn(value, "currency")) return undefined;
  const { value: number, currency } = value as { value: unknown; currency: unknown };
  if (typeof number !== "number" || !Number.isFinite(number) || number < 0) return undefined;
  return typeof currency === "string" && CURRENCY.test(currency)
    ? { kind: "amount", value: number, currency }
    : undefined;
}

function kindInWords(kind: FactKind): string {
  if (kind.type === "number") return numberInWords(kind);
  if (kind.type === "amount") return "a sum of at least 0 in a currency";
  return kind.type === "tags" ? `a list of at most ${MAX_TAGS} strings` : `a ${kind.type}`;
}

// Runs nothing of the value and never shows more than a little of it.
function inWords(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number" || typeof value === "boolean" || value === null) return String(value);
  if (typeof value !== "object") return `a ${typeof value}`;
  return Array.isArray(value) ? "a list" : "an object";
}
