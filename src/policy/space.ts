import type { Amount } from "../model/facts.js";
import { Axis, type AxisName, numberCells } from "./axis.js";
import type { ConditionDocument, PolicyDocument, TestDocument } from "./document.js";
import { factKindsOf, type FactKind } from "./fact-kinds.js";
import type { ReadFact } from "./fact-row.js";

/** What the rules of a policy compare each fact with. */
export class Mentions {
  /** The facts that some rule reads; the action and the agent also if its scope names them. */
  readonly facts = new Set<string>();
  /** The currencies that some rule names. */
  readonly currencies = new Set<string>();
  readonly #values = new Map<string, Set<string | number>>();

  constructor({ rules }: PolicyDocument) {
    for (const { action = [], agent = [], when } of rules) {
      for (const name of action) this.#name("action", name);
      for (const name of agent) this.#name("agent", name);
      if (when !== undefined) this.#condition(when);
    }
  }

  /** Whether some rule reads a fact, or asks for a tag of it. */
  reads({ fact, tag }: AxisName): boolean {
    return tag === undefined ? this.facts.has(fact) : this.of(fact).has(tag);
  }

  /** The strings and numbers that a fact is compared with; those of an amount by currency, see {@link amountKey}. */
  of(key: string): ReadonlySet<string | number> {
    return this.#values.get(key) ?? new Set();
  }

  #condition(document: ConditionDocument): void {
    for (const { fact, test, parts } of partsOf(document)) {
      if (test !== undefined) this.#test(fact, test);
      for (const part of parts) this.#condition(part);
    }
  }

  #test(fact: string, test: TestDocument): void {
    this.facts.add(fact);
    for (const operand of Object.values(test) as (
      | string
      | number
      | boolean
      | Amount
      | readonly (string | number)[]
    )[]) {
      for (const value of Array.isArray(operand) ? (operand as readonly (string | number)[]) : [operand]) {
        if (typeof value === "string" || typeof value === "number") this.#note(fact, value);
        else if (typeof value === "object") this.#amount(value as Amount);
      }
    }
  }

  #name(fact: string, name: string): void {
    this.facts.add(fact);
    this.#note(fact, name);
  }

  #amount({ value, currency }: Amount): void {
    this.currencies.add(currency);
    this.#note(amountKey(currency), value);
  }

  #note(key: string, value: string | number): void {
    const values = this.#values.get(key) ?? new Set();
    this.#values.set(key, values.add(value));
  }
}

/** Under what {@link Mentions} keeps the values of one currency; no fact has such a name. */
function amountKey(currency: string): string {
  return `amount in ${currency}`;
}

/** One part of a condition: the test of a fact, or conditions under `all`, `any` or `not`. */
export interface ConditionPart {
  readonly fact: string;
  readonly test?: TestDocument;
  readonly parts: readonly ConditionDocument[];
}

/** The parts of a condition, which must all hold. */
export function partsOf(document: ConditionDocument): ConditionPart[] {
  return Object.keys(document).map((key) => {
    if (key === "all" || key === "any") return { fact: key, parts: document[key] ?? [] };
    if (key === "not") return { fact: key, parts: [document.not ?? {}] };
    return { fact: key, test: document[key] as TestDocument, parts: [] };
  });
}

/**
 * Every proposal whose facts can all be read, as far as a policy can tell one from another; amounts are in one
 * currency. Each fact is an {@link Axis}, each tag that is asked for is one of its own.
 */
export class Space {
  /** The currency that amounts are in; `undefined` if the policy names none. */
  readonly currency: string | undefined;
  readonly mentions: Mentions;
  readonly #facts: PolicyDocument["facts"];
  readonly #kinds: ReadonlyMap<string, FactKind>;
  readonly #axes = new Map<string, Axis>();

  constructor(document: PolicyDocument, mentions: Mentions, currency: string | undefined) {
    this.currency = currency;
    this.mentions = mentions;
    this.#facts = document.facts;
    this.#kinds = factKindsOf(document.facts);
  }

  /** The axis of a fact, or of one of its tags. */
  axis(fact: string, tag?: string): Axis {
    const key = tag === undefined ? fact : JSON.stringify([fact, tag]);
    const axis = this.#axes.get(key) ?? this.#create(fact, tag);
    this.#axes.set(key, axis);
    return axis;
  }

  /** The axes of every fact that a rule or its scope names, and those of the tags that were asked for. */
  axes(): readonly Axis[] {
    for (const fact of this.mentions.facts) {
      if (this.#kinds.get(fact)?.type !== "tags") this.axis(fact);
    }
    return [...this.#axes].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, axis]) => axis);
  }

  /** The facts that some rule asks for tags of. */
  tagFacts(): readonly string[] {
    return [...this.mentions.facts].filter((fact) => this.#kinds.get(fact)?.type === "tags");
  }

  #create(fact: string, tag: string | undefined): Axis {
    if (tag !== undefined) return new Axis({ fact, tag }, [tags(), tags(tag)]);
    const kind = this.#kinds.get(fact);
    if (kind?.type === "boolean") return new Axis({ fact }, [boolean(false), boolean(true)]);
    if (kind?.type === "amount") return this.#amounts(fact);
    if (kind?.type === "number") return this.#numbers(fact, kind);
    const named = [...this.mentions.of(fact)].map(String).toSorted();
    return new Axis({ fact }, [...named, otherThan(named)].map(string));
  }

  #amounts(fact: string): Axis {
    const currency = this.currency ?? "";
    const sums = numberCells(this.mentions.of(amountKey(currency)) as ReadonlySet<number>, { min: 0 }, "up");
    return new Axis(
      { fact },
      sums.map((value) => ({ kind: "amount", value, currency })),
      "up",
    );
  }

  #numbers(fact: string, range: { min?: number; max?: number }): Axis {
    const risk = BUILT_IN_RISK.get(fact) ?? this.#facts[fact]?.risk;
    const numbers = numberCells(this.mentions.of(fact) as ReadonlySet<number>, range, risk);
    return new Axis({ fact }, numbers.map(number), risk);
  }
}

const BUILT_IN_RISK: ReadonlyMap<string, "up" | "down"> = new Map([
  ["confidence", "down"],
  ["novelty", "up"],
  ["risk", "up"],
]);

const string = (value: string): ReadFact => ({ kind: "string", value });
const number = (value: number): ReadFact => ({ kind: "number", value });
const boolean = (value: boolean): ReadFact => ({ kind: "boolean", value });
const tags = (...value: string[]): ReadFact => ({ kind: "tags", value: new Set(value) });

/** A name that is none of those. */
function otherThan(names: readonly string[]): string {
  let name = "other";
  for (let i = 2; names.includes(name); i++) name = `other-${i}`;
  return name;
}
