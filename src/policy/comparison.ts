import type { Amount } from "../model/facts.js";
import type { TestDocument } from "./document.js";
import type { FactRow, ReadFact } from "./fact-row.js";
import { listed, quoted } from "./quoted.js";
import type { Operator } from "./source.js";

/** Whether something holds; `undefined` if that cannot be told. */
export type Truth = boolean | undefined;

/** A compiled part of a condition. */
export interface Test {
  /** Whether it holds for these facts. */
  readonly holds: (row: FactRow) => Truth;
  /** Why it holds, or why it does not, given that `holds` said so: phrases such as `confidence 0.62 is below 0.7`. */
  readonly because: (row: FactRow, held: boolean) => string[];
  /** Why it cannot be told, given that `holds` said so: phrases such as `confidence is missing`. */
  readonly doubts: (row: FactRow) => string[];
}

type Ordering = "gt" | "gte" | "lt" | "lte" | "eq";

interface OrderingWords {
  readonly holds: (seen: number, limit: number) => boolean;
  readonly yes: string;
  readonly no: string;
}

/** What each ordering means, and how it is told. */
export const ORDERINGS: Record<Ordering, OrderingWords> = {
  gt: { holds: (seen, limit) => seen > limit, yes: "is above", no: "is at most" },
  gte: { holds: (seen, limit) => seen >= limit, yes: "is at least", no: "is below" },
  lt: { holds: (seen, limit) => seen < limit, yes: "is below", no: "is at least" },
  lte: { holds: (seen, limit) => seen <= limit, yes: "is at most", no: "is above" },
  eq: { holds: (seen, limit) => seen === limit, yes: "equals", no: "does not equal" },
};

const ABSENT: ReadFact = { kind: "unknown", doubt: "a fact is missing" };

/** How a fact is found in a row. */
export type SeenIn = (row: FactRow) => ReadFact;

/** Compiles one operator of a test that has it; `where` is the place of the fact in a row, or how it is found there. */
export function comparison(fact: string, where: number | SeenIn, operator: Operator, test: TestDocument): Test {
  const seenIn = typeof where === "number" ? (row: FactRow): ReadFact => row[where] ?? ABSENT : where;
  if (operator === "in") return membership(fact, seenIn, test.in ?? []);
  if (operator === "has") return inclusion(fact, seenIn, test.has ?? []);
  if (operator === "hasAny") return intersection(fact, seenIn, test.hasAny ?? []);
  const operand = test[operator];
  if (typeof operand === "number") return ofNumber(fact, seenIn, ORDERINGS[operator], operand);
  if (typeof operand === "object") return ofAmount(fact, seenIn, ORDERINGS[operator], operand);
  return equality(fact, seenIn, operand);
}

function doubtOf(fact: string, seen: ReadFact): string[] {
  return [seen.kind === "unknown" ? seen.doubt : `${fact} is of another kind`];
}

function ofNumber(fact: string, seenIn: SeenIn, { holds, yes, no }: OrderingWords, limit: number): Test {
  const words = { yes: `${yes} ${limit}`, no: `${no} ${limit}` };
  return {
    holds(row) {
      const seen = seenIn(row);
      return seen.kind === "number" ? holds(seen.value, limit) : undefined;
    },
    because(row, held) {
      const seen = seenIn(row);
      return [`${fact}${seen.kind === "number" ? ` ${seen.value}` : ""} ${held ? words.yes : words.no}`];
    },
    doubts: (row) => doubtOf(fact, seenIn(row)),
  };
}

function ofAmount(fact: string, seenIn: SeenIn, { holds, yes, no }: OrderingWords, limit: Amount): Test {
  const words = { yes: `${yes} ${limit.value} ${limit.currency}`, no: `${no} ${limit.value} ${limit.currency}` };
  return {
    holds(row) {
      const seen = seenIn(row);
      return seen.kind === "amount" && seen.currency === limit.currency ? holds(seen.value, limit.value) : undefined;
    },
    because(row, held) {
      const seen = seenIn(row);
      const value = seen.kind === "amount" ? ` ${seen.value} ${seen.currency}` : "";
      return [`${fact}${value} ${held ? words.yes : words.no}`];
    },
    doubts(row) {
      const seen = seenIn(row);
      return seen.kind === "amount"
        ? [`${fact} is in ${seen.currency}, not in ${limit.currency}`]
        : doubtOf(fact, seen);
    },
  };
}

function equality(fact: string, seenIn: SeenIn, wanted: string | boolean | undefined): Test {
  const shown = scalar(wanted ?? "");
  return {
    holds(row) {
      const seen = seenIn(row);
      return seen.kind === "string" || seen.kind === "boolean" ? seen.value === wanted : undefined;
    },
    because: (row, held) => [held ? `${fact} is ${shown}` : `${fact} is ${valueOf(seenIn(row))}, not ${shown}`],
    doubts: (row) => doubtOf(fact, seenIn(row)),
  };
}

function membership(fact: string, seenIn: SeenIn, wanted: readonly (string | number)[]): Test {
  const set = new Set(wanted);
  return {
    holds(row) {
      const seen = seenIn(row);
      return seen.kind === "string" || seen.kind === "number" ? set.has(seen.value) : undefined;
    },
    because(row, held) {
      return [`${fact} ${valueOf(seenIn(row))} is ${held ? "" : "not "}one of ${listed(wanted, scalar, "or")}`];
    },
    doubts: (row) => doubtOf(fact, seenIn(row)),
  };
}

function inclusion(fact: string, seenIn: SeenIn, wanted: readonly string[]): Test {
  return {
    holds(row) {
      const seen = seenIn(row);
      return seen.kind === "tags" ? wanted.every((tag) => seen.value.has(tag)) : undefined;
    },
    because(row, held) {
      const seen = seenIn(row);
      const named = held ? wanted : wanted.filter((tag) => seen.kind === "tags" && !seen.value.has(tag));
      return [`${listed(named, scalar)} ${named.length === 1 ? "is" : "are"} ${held ? "" : "not "}among ${fact}`];
    },
    doubts: (row) => doubtOf(fact, seenIn(row)),
  };
}

function intersection(fact: string, seenIn: SeenIn, wanted: readonly string[]): Test {
  return {
    holds(row) {
      const seen = seenIn(row);
      return seen.kind === "tags" ? wanted.some((tag) => seen.value.has(tag)) : undefined;
    },
    because(row, held) {
      const seen = seenIn(row);
      if (!held) return [`none of ${listed(wanted, scalar)} is among ${fact}`];
      const found = wanted.filter((tag) => seen.kind === "tags" && seen.value.has(tag));
      return [`${listed(found, scalar)} ${found.length === 1 ? "is" : "are"} among ${fact}`];
    },
    doubts: (row) => doubtOf(fact, seenIn(row)),
  };
}

function scalar(value: string | number | boolean): string {
  return typeof value === "string" ? quoted(value) : String(value);
}

function valueOf(seen: ReadFact): string {
  return seen.kind === "string" || seen.kind === "number" || seen.kind === "boolean" ? scalar(seen.value) : "";
}
