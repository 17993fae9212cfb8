import type { HistoryQuery } from "../model/facts.js";
import { type FactKind, numberInWords } from "./fact-kinds.js";
import { readPast, sumOf } from "./history.js";
import { type LocalTime, momentOf, ZoneClock } from "./local-time.js";
import { listed, quoted } from "./quoted.js";

/** A fact as one evaluation sees it; `unknown` says in words why it cannot be used. */
export type ReadFact =
  | { readonly kind: "string"; readonly value: string }
  /** `whole` is set where CEL takes it for an int. */
  | { readonly kind: "number"; readonly value: number; readonly whole?: boolean }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "tags"; readonly value: ReadonlySet<string> }
  | { readonly kind: "amount"; readonly value: number; readonly currency: string }
  /** A moment, and the local time by time zone. */
  | { readonly kind: "time"; readonly at: string; readonly local: ReadonlyMap<string, LocalTime> }
  /** What earlier cases come to, and what they come to with this one; `who` says in words whose they are. */
  | { readonly kind: "history"; readonly past: number; readonly total: number; readonly who: () => string }
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
const NO_TIME: ReadFact = { kind: "unknown", doubt: "the time is not known" };

/** What is read of a proposal before its facts are looked at. */
interface Asked {
  readonly action: unknown;
  readonly agent: unknown;
  readonly facts: unknown;
  readonly at: unknown;
  readonly history: unknown;
}

/** Reads one place of a row; the places before it have been read. */
type Reader = (asked: Asked, row: FactRow) => ReadFact;

/**
 * The facts that the rules of one policy read, each with its place in a row. Each fact is read from a proposal once
 * and checked once, however many rules test it.
 */
export class FactTable {
  readonly kinds: ReadonlyMap<string, FactKind>;
  /** The time zone of the policy. */
  readonly timeZone: string;
  readonly #slots = new Map<string, number>();
  readonly #readers: Reader[] = [];
  readonly #clocks = new Map<string, ZoneClock>();

  constructor(kinds: ReadonlyMap<string, FactKind>, timeZone = "UTC") {
    this.kinds = kinds;
    this.timeZone = timeZone;
  }

  /** The place of a fact in every row; a fact is read only if somebody asked for its place. */
  slotOf(fact: string): number {
    if (fact === "action") return this.#slot(fact, ({ action }) => readName(fact, action));
    if (fact === "agent") return this.#slot(fact, ({ agent }) => readName(fact, agent));
    return this.#slot(fact, ({ facts }) => readFact(fact, this.kinds.get(fact), facts));
  }

  /** The place of the time, which from then on is known in this zone too. */
  timeSlot(timeZone: string): number {
    if (!this.#clocks.has(timeZone)) this.#clocks.set(timeZone, new ZoneClock(timeZone));
    // No fact has a space in its name.
    return this.#slot("the time", ({ at }) => this.#readTime(at));
  }

  /** The place of what earlier cases and this one come to. */
  historySlot(query: HistoryQuery): number {
    const amount = query.currency === undefined ? undefined : this.slotOf("amount");
    const per = query.per.map((fact) => ({ fact, slot: this.slotOf(fact) }));
    return this.#slot(query.name, ({ history }, row) => readHistory(query, history, row, { amount, per }));
  }

  /** How a fact by its name in CEL is found in a row. */
  readerOf(name: string): (row: FactRow) => ReadFact {
    if (!this.kinds.has(name) && (name === "hour" || name === "weekday")) {
      return localReader(this.timeSlot(this.timeZone), this.timeZone, name);
    }
    const slot = this.slotOf(name);
    return (row) => row[slot] ?? { kind: "unknown", doubt: `${name} is missing` };
  }

  /** Looks at whatever a policy was asked about. Never throws, also for getters and proxies that do. */
  read(input: unknown): Subject {
    const action = property(input, "action");
    const agent = property(input, "agent");
    const facts = property(input, "facts");
    const asked = { action, agent, facts, at: property(input, "at"), history: property(input, "history") };
    const row: ReadFact[] = [];
    for (const read of this.#readers) row.push(read(asked, row));
    return {
      action: typeof action === "string" ? action : undefined,
      agent: typeof agent === "string" ? agent : undefined,
      row,
      doubt: doubtOf(action, agent, facts),
    };
  }

  #slot(name: string, read: Reader): number {
    const slot = this.#slots.get(name) ?? this.#readers.push(read) - 1;
    this.#slots.set(name, slot);
    return slot;
  }

  #readTime(at: unknown): ReadFact {
    const moment = momentOf(at);
    if (moment === undefined) return NO_TIME;
    return timeFact(moment, this.#clocks);
  }
}

/** A moment as these clocks show it. */
export function timeFact(moment: number, clocks: ReadonlyMap<string, ZoneClock>): ReadFact {
  const local = new Map<string, LocalTime>();
  for (const [zone, clock] of clocks) local.set(zone, clock.at(moment));
  return { kind: "time", at: new Date(moment).toISOString(), local };
}

/** How the hour or the weekday of one zone is found in a row. */
export function localReader(slot: number, timeZone: string, part: keyof LocalTime): (row: FactRow) => ReadFact {
  return (row) => {
    const seen = row[slot] ?? NO_TIME;
    return seen.kind === "time" ? (seen.local.get(timeZone)?.[part] ?? NO_TIME) : seen;
  };
}

interface HistorySlots {
  readonly amount: number | undefined;
  readonly per: readonly { readonly fact: string; readonly slot: number }[];
}

function readHistory(query: HistoryQuery, history: unknown, row: FactRow, { amount, per }: HistorySlots): ReadFact {
  for (const { fact, slot } of per) {
    const seen = row[slot];
    if (seen?.kind !== "string") return seen ?? { kind: "unknown", doubt: `${fact} is missing` };
  }
  const own = amount === undefined ? 1 : ownAmount(row[amount], query.currency ?? "");
  if (typeof own !== "number") return own;
  const past = readPast(query.name, history);
  if (past === undefined) return { kind: "unknown", doubt: `${query.name} is not known` };
  // Sums are rounded, but none is less than its parts.
  return { kind: "history", past, total: Math.max(own, sumOf(past, own)), who: () => listed(per, inWordsOf(row)) };
}

function inWordsOf(row: FactRow): (fact: HistorySlots["per"][number]) => string {
  return ({ fact, slot }) => {
    const seen = row[slot];
    return seen?.kind === "string" ? `${fact} ${quoted(seen.value)}` : fact;
  };
}

function ownAmount(seen: ReadFact | undefined, currency: string): number | ReadFact {
  if (seen?.kind !== "amount") return seen ?? { kind: "unknown", doubt: "amount is missing" };
  if (seen.currency === currency) return seen.value;
  return { kind: "unknown", doubt: `amount is in ${seen.currency}, not in ${currency}` };
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
