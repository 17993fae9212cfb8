import type { HistoryQuery } from "../model/facts.js";
import type { Test } from "./comparison.js";
import type { ReadFact } from "./fact-row.js";

/** Some of the cells of one axis, one bit each; the lowest bit is the cell with the least risk. */
export type Cells = bigint;

/** What an axis is about: a fact, and where it matters the one tag or the one currency of it. */
export interface AxisName {
  readonly fact: string;
  readonly tag?: string;
  /** What of earlier cases it is about, where it is; the fact is then that query's name. */
  readonly query?: HistoryQuery;
}

/**
 * The values of one fact, cut into the cells that the policy can tell apart: for a number each threshold and each gap
 * between two of them, for a string each one that is named and one for all others. Within a cell every test gives the
 * same answer, so one value stands for all of them and finitely many cells say everything about the fact.
 */
export class Axis {
  readonly fact: string;
  readonly tag: string | undefined;
  readonly query: HistoryQuery | undefined;
  /** One value for each cell; with a direction the least risky cell comes first. */
  readonly values: readonly ReadFact[];
  /** Where more risk lies; `undefined` if no value of the fact is riskier than another. */
  readonly risk: "up" | "down" | undefined;
  /** Every cell. */
  readonly all: Cells;

  constructor({ fact, tag, query }: AxisName, values: readonly ReadFact[], risk?: "up" | "down") {
    this.fact = fact;
    this.tag = tag;
    this.query = query;
    this.values = risk === "down" ? values.toReversed() : values;
    this.risk = risk;
    this.all = (1n << BigInt(values.length)) - 1n;
  }

  /** The cells where a test of this fact holds, and those where it does not; cells where that cannot be told are in neither. */
  split(test: Test): { readonly yes: Cells; readonly no: Cells } {
    const answers = this.values.map((value) => test.holds([value])).toReversed();
    const cellsWith = (wanted: boolean): Cells => BigInt(`0b${answers.map((a) => (a === wanted ? 1 : 0)).join("")}`);
    return { yes: cellsWith(true), no: cellsWith(false) };
  }

  /** The cells that are at least as risky as one of these. */
  riskier(cells: Cells): Cells {
    if (this.risk === undefined || cells === 0n) return cells;
    return this.all - ((1n << BigInt(lowestCell(cells))) - 1n);
  }

  /** The cells that are at most as risky as one of these. */
  safer(cells: Cells): Cells {
    if (this.risk === undefined || cells === 0n) return cells;
    return (1n << BigInt(highestCell(cells) + 1)) - 1n;
  }
}

/** The place of the least risky of some cells; there must be one. */
export function lowestCell(cells: Cells): number {
  return (cells & -cells).toString(2).length - 1;
}

/** The place of the riskiest of some cells; there must be one. */
export function highestCell(cells: Cells): number {
  return cells.toString(2).length - 1;
}

/**
 * The values that stand for the cells of a number in ascending order: each threshold, and one number in each gap that
 * holds any. Numbers in a gap are written as plainly as they can be and lie near its end towards less risk, which is
 * where people look for what a threshold does.
 */
export function numberCells(
  thresholds: Iterable<number>,
  { min = -Infinity, max = Infinity }: { min?: number; max?: number },
  risk?: "up" | "down",
): number[] {
  const sorted = [...new Set([...thresholds, min, max])].toSorted((a, b) => a - b);
  const cells: number[] = [];
  for (const [i, end] of sorted.entries()) {
    if (Number.isFinite(end)) cells.push(end);
    const next = sorted[i + 1];
    const inside = next === undefined ? undefined : numberBetween(end, next, risk === "down");
    if (inside !== undefined) cells.push(inside);
  }
  return cells;
}

/** The same for a number of cases, which is whole and counts this one, so that it is never less than 1. */
export function countCells(thresholds: Iterable<number>): number[] {
  const sorted = [...new Set([...thresholds, 1])].filter((count) => count >= 1).toSorted((a, b) => a - b);
  return sorted.flatMap((count, i) => (sorted[i + 1] === count + 1 ? [count] : [count, count + 1]));
}

// Cents first, then ever finer, then whatever number there is.
const DECIMALS = [2, 3, 4, 5, 6, 7, 8, 9];

function numberBetween(low: number, high: number, nearHigh: boolean): number | undefined {
  if (low === -Infinity && high === Infinity) return 0;
  const fromHigh = low === -Infinity || (nearHigh && high !== Infinity);
  for (const decimals of DECIMALS) {
    const step = 10 ** -decimals;
    const number = Number((fromHigh ? high - step : low + step).toFixed(decimals));
    if (number > low && number < high) return number;
  }
  const middle = Math.max(low, -Number.MAX_VALUE) / 2 + Math.min(high, Number.MAX_VALUE) / 2;
  return middle > low && middle < high ? middle : undefined;
}
