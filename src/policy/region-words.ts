import type { Axis, Cells } from "./axis.js";
import type { ReadFact } from "./fact-row.js";
import { listed, quoted } from "./quoted.js";
import type { Box } from "./region.js";
import { amountKey, type Space } from "./space.js";

/** A box in words, such as `confidence at least 0.7 and at most 0.9, amount above 50 USD`; empty for everything. */
export function boxInWords(box: Box, space: Space): string {
  const axes = [...box].filter(([axis, cells]) => cells !== axis.all);
  const inOrder = axes.toSorted(([a], [b]) => rank(a) - rank(b) || (a.fact < b.fact ? -1 : 1));
  return inOrder.map(([axis, cells]) => cellsInWords(axis, cells, space)).join(", ");
}

// Bands first, then whom and what it is about.
function rank(axis: Axis): number {
  return isBanded(axis) ? 0 : 1;
}

/** Whether an axis is a number or a sum, so that its cells are bands. */
export function isBanded({ values }: Axis): boolean {
  return values.some((value) => numberOf(value) !== undefined);
}

function numberOf(value: ReadFact): number | undefined {
  if (value.kind === "history") return value.total;
  return value.kind === "number" || value.kind === "amount" ? value.value : undefined;
}

function cellsInWords(axis: Axis, cells: Cells, space: Space): string {
  if (isBanded(axis)) return `${axis.fact} ${bandsInWords(axis, cells, space)}`;
  if (axis.tag !== undefined) return `${quoted(axis.tag)} ${isIn(cells, 1) ? "" : "not "}among ${axis.fact}`;
  // Hours of the week are too many to tell; the example has one of them.
  if (axis.values[0]?.kind === "time") return "at some times";
  return `${axis.fact} ${namesInWords(axis, cells)}`;
}

function isIn(cells: Cells, cell: number): boolean {
  return ((cells >> BigInt(cell)) & 1n) === 1n;
}

// The last cell of a string stands for every string that no rule names.
function namesInWords({ values }: Axis, cells: Cells): string {
  const texts = values.map((value) => (value.kind === "string" || value.kind === "boolean" ? value.value : ""));
  const within = texts.filter((_, cell) => isIn(cells, cell));
  const isOpen = values[0]?.kind === "string" && isIn(cells, values.length - 1);
  const say = (text: string | boolean): string => (typeof text === "string" ? quoted(text) : String(text));
  if (!isOpen) return listed(within, say, "or");
  const without = texts.filter((_, cell) => !isIn(cells, cell));
  return `other than ${listed(without, say, "or")}`;
}

function bandsInWords(axis: Axis, cells: Cells, space: Space): string {
  const ascending = axis.risk === "down" ? axis.values.toReversed() : axis.values;
  const last = ascending.length - 1;
  const inside = ascending.map((_, place) => isIn(cells, axis.risk === "down" ? last - place : place));
  const numbers = ascending.map((value) => numberOf(value) ?? 0);
  const currency = currencyOf(axis);
  const thresholds = space.mentions.of(currency === undefined ? axis.fact : amountKey(currency));
  const unit = currency === undefined ? "" : ` ${currency}`;
  const bands: string[] = [];
  for (let from = 0; from <= last; from += 1) {
    if (inside[from] !== true) continue;
    let to = from;
    while (to < last && inside[to + 1] === true) to += 1;
    bands.push(bandInWords({ numbers, thresholds, from, to }, unit));
    from = to;
  }
  return bands.join(" or ");
}

function currencyOf({ values: [first], query }: Axis): string | undefined {
  return first?.kind === "amount" ? first.currency : query?.currency;
}

interface Band {
  /** What stands for the cells, in ascending order. */
  readonly numbers: readonly number[];
  readonly thresholds: ReadonlySet<string | number>;
  readonly from: number;
  readonly to: number;
}

// A cell is a threshold, or lies between the two beside it; the ends of the whole scale go without saying.
function bandInWords({ numbers, thresholds, from, to }: Band, currency: string): string {
  const [low = 0, high = 0] = [numbers[from], numbers[to]];
  const last = numbers.length - 1;
  if (from === to && thresholds.has(low)) return `exactly ${low}${currency}`;
  const words: string[] = [];
  if (from > 0) words.push(thresholds.has(low) ? `at least ${low}` : `above ${numbers[from - 1] ?? 0}`);
  if (to < last) words.push(thresholds.has(high) ? `at most ${high}` : `below ${numbers[to + 1] ?? 0}`);
  return `${words.join(" and ")}${currency}`;
}
