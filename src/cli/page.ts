import { wrapText } from "../audit/wrap-text.js";
import { oneLine } from "../model/visible-text.js";
import { columnsFor } from "./columns.js";
import type { CommandRun } from "./command.js";
import { type Paint, paintFor } from "./paint.js";

/** How text is laid out on standard output. */
export interface Page {
  columns: number;
  paint: Paint;
}

/** The page that a command writes on. */
export function pageFor({ environment }: CommandRun): Page {
  return { columns: columnsFor(process.stdout), paint: paintFor(process.stdout, environment) };
}

/** A text as one paragraph within some columns: indented, in the next lines a little more, with nothing hidden in it. */
export function linesOf(
  text: string,
  columns: number,
  indent: string,
  emphasis: (line: string) => string = (line) => line,
): string {
  const lines = wrapText(oneLine(text, Infinity), columns - indent.length - 2);
  return lines.map((line, place) => `${indent}${place === 0 ? "" : "  "}${emphasis(line)}`).join("\n");
}

/** A number of things, in words. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** A value as JSON that can break between its parts. */
export function spacedJson(value: unknown): string {
  return JSON.stringify(value, null, 1).replaceAll(/\n\s*/g, " ");
}
