import type { QueueItem } from "../ledger/queueing.js";
import { columnsIn, oneLine } from "../model/visible-text.js";
import type { Page } from "./page.js";
import { inShort } from "./review-screen.js";

/** One column of the table: its cells may hold anybody's words. */
interface Column {
  head: string;
  cell: (item: QueueItem) => string;
  /** The most that it takes. */
  most: number;
  /** What it may be cut to where there is no room; its widest cell unless said. */
  least?: number;
  isNumber?: true;
}

const GAP = 2;
/** The fewest characters after `rv_` by which a review is named. */
const SHORT_ID = 8;
const INDENT = "  ";

/**
 * A page of the queue: a line of columns for each review, and below it what would happen. Those next to each other that
 * are the same request stay apart, and are marked as one group.
 */
export function renderQueue(items: readonly QueueItem[], { columns, paint }: Page, now: Date): string {
  const runs = runsOf(items);
  const hasGroups = runs.some((run) => run.length > 1);
  const room = columns - (hasGroups ? GAP : 0);
  const table = fitted(columnsOf(items, now), items, room);
  const gutter = hasGroups ? " ".repeat(GAP) : "";
  const head = table.map(({ column, width }) => padded(column.head, width, column.isNumber)).join(" ".repeat(GAP));
  const lines = [`${gutter}${paint.dim(head.trimEnd())}`];
  for (const run of runs) {
    const isGroup = run.length > 1;
    const title = `${run.length} of one group: the same action with the same arguments`;
    if (isGroup) lines.push(paint.dim(`┌ ${oneLine(title, room)}`));
    const rows = run.flatMap((item) => {
      const cells = table.map(({ column, width }) => padded(column.cell(item), width, column.isNumber));
      const effect = `${INDENT}${paint.bold(oneLine(item.summary, room - INDENT.length))}`;
      return [cells.join(" ".repeat(GAP)).trimEnd(), effect];
    });
    const mark = (place: number): string => (isGroup ? paint.dim(place === rows.length - 1 ? "└ " : "│ ") : gutter);
    lines.push(...rows.map((row, place) => `${mark(place)}${row}`));
  }
  return lines.join("\n");
}

/** Reviews next to each other that are of one group. */
function runsOf(items: readonly QueueItem[]): QueueItem[][] {
  const runs: QueueItem[][] = [];
  for (const item of items) {
    const last = runs.at(-1);
    if (last?.[0]?.group === item.group) last.push(item);
    else runs.push([item]);
  }
  return runs;
}

/** In the order in which they are left out, the last one first, where a terminal is too narrow. */
function columnsOf(items: readonly QueueItem[], now: Date): Column[] {
  const length = idLength(items);
  const isAside = items.some(({ snoozedUntil }) => snoozedUntil !== null);
  const since = (from: string): string => inShort(now.getTime() - Date.parse(from));
  const until = (to: string | null): string => {
    const left = Date.parse(to ?? "") - now.getTime();
    return to === null ? "-" : `${left < 0 ? "-" : ""}${inShort(Math.abs(left))}`;
  };
  return [
    { head: "URGENCY", cell: ({ urgency }) => urgency, most: 7 },
    { head: "ID", cell: ({ id }) => id.slice(0, length), most: 35 },
    { head: "WAITS", cell: ({ askedAt }) => since(askedAt), most: 5, isNumber: true },
    { head: "DUE", cell: ({ deadlineAt }) => until(deadlineAt), most: 5, isNumber: true },
    ...(isAside
      ? [{ head: "ASIDE", cell: (item: QueueItem) => until(item.snoozedUntil), most: 5, isNumber: true } as const]
      : []),
    { head: "ACTION", cell: ({ action }) => action, most: 24, least: 6 },
    { head: "AGENT", cell: ({ agent }) => agent, most: 20, least: 5 },
    { head: "RISK", cell: ({ risk }) => (risk === null ? "-" : risk.toFixed(2)), most: 4, isNumber: true },
    { head: "AMOUNT", cell: amountOf, most: 16, isNumber: true },
    { head: "WHOSE", cell: whose, most: 20, least: 5 },
  ];
}

function amountOf({ amount }: QueueItem): string {
  return amount === null ? "-" : `${amount.value} ${amount.currency}`;
}

/** Whose it is, and with a star who looks at it now. */
function whose({ assignee, claim }: QueueItem): string {
  const names = [...(assignee === null ? [] : [assignee]), ...(claim === null ? [] : [`*${claim.by}`])];
  return names.length === 0 ? "-" : names.join(" ");
}

/** How much of an id tells the reviews of a page apart. */
function idLength(items: readonly QueueItem[]): number {
  const ids = items.map(({ id }) => id);
  let length = "rv_".length + SHORT_ID;
  while (new Set(ids.map((id) => id.slice(0, length))).size < new Set(ids).size) length += 1;
  return length;
}

interface Fitted {
  column: Column;
  width: number;
}

/** The columns that fit, with their widths: the widest of those that may be cut is cut first. */
function fitted(all: readonly Column[], items: readonly QueueItem[], room: number): Fitted[] {
  const table = all.map((column) => {
    const widest = Math.max(...items.map((item) => columnsIn(oneLine(column.cell(item), column.most))));
    return { column, width: Math.max(column.head.length, widest) };
  });
  const excess = (): number => table.reduce((sum, { width }) => sum + width + GAP, -GAP) - room;
  while (excess() > 0) {
    const cut = table
      .filter(({ column, width }) => width > (column.least ?? Infinity))
      .toSorted((a, b) => b.width - a.width)[0];
    if (cut === undefined) table.pop();
    else cut.width -= 1;
  }
  return table;
}

function padded(text: string, width: number, isNumber?: true): string {
  const cell = oneLine(text, width);
  const space = " ".repeat(Math.max(0, width - columnsIn(cell)));
  return isNumber === true ? `${space}${cell}` : `${cell}${space}`;
}
