import type { Amount, HistoryQuery } from "../model/facts.js";
import { Axis, countCells, numberCells } from "./axis.js";
import type { ConditionDocument, PolicyDocument, TestDocument } from "./document.js";
import { factKindsOf, type FactKind } from "./fact-kinds.js";
import { type ReadFact, timeFact } from "./fact-row.js";
import { queryOf } from "./history.js";
import { momentsIn, ZoneClock } from "./local-time.js";
import type { Box } from "./region.js";
import { type CumulativeDocument, LIMITS, type RateDocument } from "./triggers.js";

/** What the rules of a policy compare each fact with. */
export class Mentions {
  /** The facts that some rule reads; the action and the agent also if its scope names them. */
  readonly facts = new Set<string>();
  /** The currencies that some rule names. */
  readonly currencies = new Set<string>();
  /** The time zones in which some rule tests the time. */
  readonly zones = new Set<string>();
  /** What some rule asks of earlier cases, by name. */
  readonly queries = new Map<string, HistoryQuery>();
  readonly #values = new Map<string, Set<string | number>>();

  constructor({ rules }: PolicyDocument) {
    for (const { action = [], agent = [], when } of rules) {
      for (const name of action) this.#name("action", name);
      for (const name of agent) this.#name("agent", name);
      if (when !== undefined) this.#condition(when);
    }
  }

  /** Whether some rule reads a fact, or asks for a tag of it, for earlier cases or for the time. */
  reads({ fact, tag, query }: Axis): boolean {
    if (query !== undefined) return this.queries.has(fact);
    if (fact === THE_TIME) return this.zones.size > 0;
    return tag === undefined ? this.facts.has(fact) : this.of(fact).has(tag);
  }

  /** The strings and numbers that a fact is compared with; those of an amount by currency, see {@link amountKey}. */
  of(key: string): ReadonlySet<string | number> {
    return this.#values.get(key) ?? new Set();
  }

  #condition(document: ConditionDocument): void {
    const { time, cumulative, rate } = document;
    if (time !== undefined) this.zones.add(time.timeZone);
    for (const test of [cumulative, rate]) if (test !== undefined) this.#history(test);
    for (const { fact, test, parts } of partsOf(document)) {
      if (test !== undefined && !isTrigger(fact)) this.#test(fact, test);
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

  // A sum grows with the amount, so that both are cut at the same values.
  #history(test: CumulativeDocument | RateDocument): void {
    const query = queryOf(test);
    this.queries.set(query.name, query);
    for (const fact of query.per) this.facts.add(fact);
    if (query.currency !== undefined) this.facts.add("amount");
    for (const limit of LIMITS) {
      const value = test[limit];
      if (typeof value === "number") this.#note(query.name, value);
      else if (value !== undefined) this.#amount(value);
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
export function amountKey(currency: string): string {
  return `amount in ${currency}`;
}

/** What the axis of the time is called; no fact has such a name. */
export const THE_TIME = "the time";

const TRIGGERS: ReadonlySet<string> = new Set(["time", "cumulative", "rate", "cel"]);

/** Whether a part of a condition is no test of a fact but a trigger of its own. */
export function isTrigger(key: string): boolean {
  return TRIGGERS.has(key);
}

/**
 * One part of a condition: the test of a fact, or conditions under `all`, `any` or `not`. A trigger such as `time` is
 * told apart by {@link isTrigger}; its test is what stands under its key. `hasAny` comes as an `any` of its tags.
 */
export interface ConditionPart {
  readonly fact: string;
  readonly test?: TestDocument;
  readonly parts: readonly ConditionDocument[];
}

/** The parts of a condition, which must all hold. */
export function partsOf(document: ConditionDocument): ConditionPart[] {
  return Object.keys(document).flatMap((key): ConditionPart[] => {
    if (key === "all" || key === "any") return [{ fact: key, parts: document[key] ?? [] }];
    if (key === "not") return [{ fact: key, parts: [document.not ?? {}] }];
    const test = document[key] as TestDocument;
    if (isTrigger(key) || test.hasAny === undefined) return [{ fact: key, test, parts: [] }];
    const any = { fact: "any", parts: test.hasAny.map((tag) => ({ [key]: { has: [tag] } })) };
    return test.has === undefined ? [any] : [any, { fact: key, test: { has: test.has }, parts: [] }];
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
    return this.#remembered(key, () => this.#create(fact, tag));
  }

  /** The axis of the time: whatever the clocks that some rule reads can show at once. */
  timeAxis(): Axis {
    return this.#remembered(THE_TIME, () => {
      const zones = [...this.mentions.zones].toSorted();
      const clocks = new Map(zones.map((zone) => [zone, new ZoneClock(zone)]));
      return new Axis(
        { fact: THE_TIME },
        momentsIn(zones).map((moment) => timeFact(moment, clocks)),
      );
    });
  }

  /** The axis of what earlier cases and this one come to; in a space of another currency that is not known. */
  historyAxis(query: HistoryQuery): Axis {
    return this.#remembered(query.name, () => {
      const { name, currency } = query;
      if (currency !== undefined && currency !== this.currency) return new Axis({ fact: name, query }, [UNKNOWN]);
      const totals = currency === undefined ? countCells(this.#numbersOf(name)) : this.#sums(currency);
      const values = totals.map((total): ReadFact => ({ kind: "history", past: 0, total, who: () => "" }));
      return new Axis({ fact: name, query }, values, "up");
    });
  }

  /** An axis of which nothing can be told. */
  unknownAxis(name: string): Axis {
    return this.#remembered(name, () => new Axis({ fact: name }, [UNKNOWN]));
  }

  /** The axes of every fact that a rule or its scope names, and those of the tags that were asked for. */
  axes(): readonly Axis[] {
    if (this.mentions.zones.size > 0) this.timeAxis();
    for (const query of this.mentions.queries.values()) this.historyAxis(query);
    for (const fact of this.mentions.facts) {
      if (this.#kinds.get(fact)?.type !== "tags") this.axis(fact);
    }
    return [...this.#axes].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, axis]) => axis);
  }

  /** What no proposal can be: a sum that is less than the amount which is part of it. Both are cut at the same values. */
  *impossible(): Generator<Box> {
    for (const query of this.mentions.queries.values()) {
      if (query.currency === undefined || query.currency !== this.currency) continue;
      const [amounts, sums] = [this.axis("amount"), this.historyAxis(query)];
      for (let cell = 1; cell < amounts.values.length; cell++) {
        const bit = 1n << BigInt(cell);
        yield new Map([
          [amounts, bit],
          [sums, bit - 1n],
        ]);
      }
    }
  }

  /** The facts that some rule asks for tags of. */
  tagFacts(): readonly string[] {
    return [...this.mentions.facts].filter((fact) => this.#kinds.get(fact)?.type === "tags");
  }

  #remembered(key: string, create: () => Axis): Axis {
    const axis = this.#axes.get(key) ?? create();
    this.#axes.set(key, axis);
    return axis;
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
    return new Axis(
      { fact },
      this.#sums(currency).map((value) => ({ kind: "amount", value, currency })),
      "up",
    );
  }

  #sums(currency: string): number[] {
    return numberCells(this.#numbersOf(amountKey(currency)), { min: 0 }, "up");
  }

  #numbersOf(key: string): ReadonlySet<number> {
    return this.mentions.of(key) as ReadonlySet<number>;
  }

  #numbers(fact: string, range: { min?: number; max?: number }): Axis {
    const risk = BUILT_IN_RISK.get(fact) ?? this.#facts[fact]?.risk;
    const numbers = numberCells(this.#numbersOf(fact), range, risk);
    return new Axis({ fact }, numbers.map(number), risk);
  }
}

const BUILT_IN_RISK: ReadonlyMap<string, "up" | "down"> = new Map([
  ["confidence", "down"],
  ["novelty", "up"],
  ["risk", "up"],
]);

const UNKNOWN: ReadFact = { kind: "unknown", doubt: "" };
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
