import type { Json } from "../model/proposal.js";
import { oneLine, visibleText } from "../model/visible-text.js";
import type { ReviewItem } from "../nodes/reviews.js";
import type { Paint } from "./paint.js";

/** How wide text may get. */
export const COLUMNS_MAX = 100;

/** What waits, one line each, numbered from 1. */
export function renderList(items: readonly ReviewItem[], columns: number, paint: Paint, now: Date): string {
  const lines = items.map(({ review, case: held }, index) => {
    const age = ageOf(review.askedAt, now);
    const room = columns - 5 - age.length - 2;
    const summary = oneLine(held.round.display.summary, room);
    return `${paint.dim(String(index + 1).padStart(3))}  ${summary.padEnd(room)} ${paint.dim(age)}`;
  });
  return lines.join("\n");
}

/** One review: the effect first, then why it is asked, the arguments, and the agent's own words, quoted. */
export function renderItem({ review, case: held }: ReviewItem, columns: number, paint: Paint): string {
  const { display, routing } = held.round;
  const parts = [
    paint.dim("─".repeat(columns)),
    wrapped(paint.bold(visibleText(display.summary)), columns),
    ...(routing === null ? [] : [wrapped(visibleText(routing.explanation), columns)]),
    fields(display.args, columns, paint),
    ...(display.context === null
      ? []
      : [paint.dim(`${visibleText(display.agent)} says:`), quoted(display.context, columns, paint)]),
    paint.dim(`${review.id} · round ${review.round} · asked ${review.asks === 1 ? "once" : `${review.asks} times`}`),
  ];
  return parts.join("\n\n");
}

function fields(args: Record<string, Json>, columns: number, paint: Paint): string {
  const width = Math.max(...Object.keys(args).map((name) => name.length), 0);
  return Object.entries(args)
    .map(
      ([name, value]) =>
        `  ${paint.dim(visibleText(name).padEnd(width))}  ${oneLine(plain(value), columns - width - 4)}`,
    )
    .join("\n");
}

/** The agent's words as quoted text: hidden characters visible, every line marked, nothing interpreted. */
function quoted(context: Json, columns: number, paint: Paint): string {
  return linesOf(context)
    .flatMap((line) => wrapped(visibleText(line).replaceAll("\t", "  "), columns - 2).split("\n"))
    .map((line) => `${paint.dim("│")} ${line}`)
    .join("\n");
}

function linesOf(context: Json): string[] {
  if (typeof context !== "object" || context === null) return plain(context).split("\n");
  if (Array.isArray(context)) return context.map(compact);
  return Object.entries(context).flatMap(([name, value]) => {
    const text = Array.isArray(value) ? value.map(compact).join(", ") : plain(value);
    return text.includes("\n") ? [`${name}:`, ...text.split("\n")] : [`${name}: ${text}`];
  });
}

function compact(value: Json): string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return plain(value);
  return Object.values(value).map(plain).join(" ");
}

function plain(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Breaks lines at spaces, and inside a word only where it is longer than a line. */
export function wrapped(text: string, columns: number): string {
  return text
    .split("\n")
    .flatMap((line) => {
      const lines = [""];
      for (const word of line.split(" ").flatMap((each) => pieces(each, columns))) {
        const last = lines.at(-1) ?? "";
        if (last === "") lines[lines.length - 1] = word;
        else if (last.length + 1 + word.length <= columns) lines[lines.length - 1] = `${last} ${word}`;
        else lines.push(word);
      }
      return lines;
    })
    .join("\n");
}

function pieces(word: string, columns: number): string[] {
  if (word.length <= columns) return [word];
  return word.match(new RegExp(`.{1,${columns}}`, "gu")) ?? [word];
}

function ageOf(askedAt: string, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - Date.parse(askedAt)) / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
}
