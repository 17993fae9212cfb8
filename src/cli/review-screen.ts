import { wrapText } from "../audit/wrap-text.js";
import { afterWhat } from "../model/follow-up.js";
import type { Json } from "../model/proposal.js";
import { oneLine } from "../model/visible-text.js";
import type { ReviewItem } from "../nodes/reviews.js";
import { draftLines } from "./drafts.js";
import type { Paint } from "./paint.js";

/** How wide text may get. */
export const COLUMNS_MAX = 100;

/** How many lines of the agent's words a review shows before it says how many more there are. */
const CONTEXT_LINES = 14;

/** What waits, one line each: number, age, effect. Numbered from 1. */
export function renderList(items: readonly ReviewItem[], columns: number, paint: Paint, now: Date): string {
  const lines = items.map(({ review, case: held }, index) => {
    const age = inShort(now.getTime() - Date.parse(review.askedAt));
    const head = `${String(index + 1).padStart(3)} ${age.padStart(4)}`;
    return `${paint.dim(head)}  ${oneLine(titleOf(review, held), columns - head.length - 2)}`;
  });
  return lines.join("\n");
}

/** What is asked about, and how, where it is not whether to do it. */
function titleOf({ kind }: ReviewItem["review"], { round }: ReviewItem["case"]): string {
  const { summary } = round.display;
  return kind === "approval"
    ? summary
    : `${kind.replace("-", " ").replace(/^./, (first) => first.toUpperCase())}: ${summary}`;
}

/**
 * One review: the effect first, then why it is asked, the arguments, and the agent's own words, quoted; of these the
 * first `contextLines`. Nothing in it can move the cursor or draw a
 * line that looks like ours.
 */
export function renderItem(
  { review, case: held }: ReviewItem,
  columns: number,
  paint: Paint,
  contextLines = CONTEXT_LINES,
): string {
  const { display, routing } = held.round;
  const { agent, requestedBy, context } = display;
  const plain = (text: string): string => text;
  const about = afterWhat(held);
  const words = about === null ? context : ((Object(context) as { says?: Json }).says ?? null);
  const whose = `${agent}${requestedBy === null ? "" : `, for ${requestedBy}`}`;
  const asked = review.asks === 1 ? "asked once" : `asked ${review.asks} times`;
  const parts = [
    paint.dim("─".repeat(columns)),
    paragraph(titleOf(review, held), columns, paint.bold),
    ...(routing === null ? [] : [paragraph(routing.explanation, columns, plain)]),
    ...(Object.keys(display.args).length === 0 ? [] : [fields(display.args, columns, paint)]),
    ...(about === null
      ? []
      : [
          `${paragraph("What is known of it:", columns, paint.dim)}\n${quoted(knownIn(context), columns, paint, Infinity)}`,
        ]),
    words === null
      ? paragraph(`Proposed by ${whose}.`, columns, paint.dim)
      : `${paragraph(`${whose} says:`, columns, paint.dim)}\n${quoted(words, columns, paint, contextLines)}`,
    paragraph(`${review.id} · round ${review.round} · ${asked}`, columns, paint.dim),
  ];
  return parts.join("\n\n");
}

/** What a follow-up's context tells besides what the agent said: the old case, and what people said of it. */
function knownIn(context: Json): Json {
  const { after, old, says: _words, ...told } = Object(context) as Record<string, Json>;
  const { proposal, kind } = Object(after) as { proposal?: Json; kind?: Json };
  return {
    "follow-up": kind ?? null,
    "on proposal": proposal ?? null,
    ...(Object(old) as Record<string, Json>),
    ...told,
  };
}

/**
 * Text that may hold an agent's, as one paragraph: it may not draw lines of its own, and where it goes on in a new one
 * that is indented, so it cannot pass for ours.
 */
export function paragraph(text: string, columns: number, emphasis: (line: string) => string): string {
  const lines = wrapText(oneLine(text, Infinity), columns - 2);
  return lines.map((line, index) => (index === 0 ? "" : "  ") + emphasis(line)).join("\n");
}

/** Names of arguments up to this long stand beside their values. */
const NAME_COLUMNS_MAX = 24;
/** Below this, values get lines of their own. */
const VALUE_COLUMNS_MIN = 20;

/** The arguments, whole: what is decided on must have been on the screen. */
function fields(args: Record<string, Json>, columns: number, paint: Paint): string {
  const names = Object.keys(args).filter(isShortName);
  const width = Math.max(0, ...names.map((name) => name.length));
  const room = columns - width - 4;
  return Object.entries(args)
    .flatMap(([name, value]) => {
      const isBeside = isShortName(name) && room >= VALUE_COLUMNS_MIN;
      const lines = wrapText(argument(value), isBeside ? room : columns - 4);
      if (isBeside)
        return lines.map((line, index) => `  ${paint.dim((index === 0 ? name : "").padEnd(width))}  ${line}`);
      return [
        ...wrapText(oneLine(name, Infinity), columns - 2).map((line) => `  ${paint.dim(line)}`),
        ...lines.map((line) => `    ${line}`),
      ];
    })
    .join("\n");
}

function isShortName(name: string): boolean {
  return name.length <= NAME_COLUMNS_MAX && /^[\x21-\x7e]+$/.test(name);
}

/** A value as it stands; quoted where its ends would not be seen. */
function argument(value: Json): string {
  return value === "" || (typeof value === "string" && value !== value.trim()) ? JSON.stringify(value) : plain(value);
}

/** The agent's words as quoted text: hidden characters visible, every line marked, nothing interpreted. */
function quoted(context: Json, columns: number, paint: Paint, linesMax: number): string {
  const lines = linesOf(context)
    .flatMap((line) => wrapText(line, columns - 2))
    // A run of empty lines says no more than one, and could push the rest off the screen.
    .filter((line, index, all) => line !== "" || all[index - 1] !== "");
  const shown = lines.slice(0, linesMax).map((line) => `${paint.dim("│")} ${line}`);
  const more = lines.length - linesMax;
  if (more > 0) shown.push(paint.dim(`└ ${more} more ${more === 1 ? "line" : "lines"}: "show" has them all`));
  return shown.join("\n");
}

/** One line for each short value, then the long texts under their names. */
function linesOf(context: Json): string[] {
  const drafts = draftLines(context, linesOf);
  if (drafts !== null) return drafts;
  if (typeof context !== "object" || context === null) return [plain(context)];
  if (Array.isArray(context)) return context.map(compact);
  const values = Object.entries(context).map(
    ([name, value]) => [name, Array.isArray(value) ? value.map(compact).join(", ") : plain(value)] as const,
  );
  const isLong = (text: string): boolean => text.includes("\n") || text.length > 200;
  const short = values.filter(([, text]) => !isLong(text)).map(([name, text]) => `${name}: ${text}`);
  const long = values.filter(([, text]) => isLong(text)).flatMap(([name, text]) => [`${name}:`, text]);
  return [...short, ...long];
}

function compact(value: Json): string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return plain(value);
  return Object.values(value).map(plain).join(" ");
}

function plain(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** How long something takes, in at most four columns up to 999 days. */
export function inShort(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
}
