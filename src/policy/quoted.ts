import { oneLine } from "../model/visible-text.js";

const MAX_LISTED = 5;
const MAX_COLUMNS = 60;
const MAX_CHARACTERS = 240;

/** A text of unknown origin as it may stand in an explanation: in quotes, short, on one line, nothing hidden in it. */
export function quoted(text: string): string {
  if (text.length <= MAX_COLUMNS && /^[\x20-\x7e]*$/.test(text)) return JSON.stringify(text);
  const short = oneLine(text.slice(0, MAX_CHARACTERS), MAX_COLUMNS);
  return JSON.stringify(text.length > MAX_CHARACTERS && !short.endsWith("…") ? `${short}…` : short);
}

/** `a`, `a and b`, `a, b and c`, and beyond five entries `a, b, c, d, e and 7 more`; `say` is asked for these five only. */
export function listed<T>(entries: readonly T[], say: (entry: T) => string, word = "and"): string {
  const told = entries.slice(0, MAX_LISTED).map(say);
  if (entries.length > MAX_LISTED) told.push(`${entries.length - MAX_LISTED} more`);
  const last = told.pop() ?? "";
  return told.length === 0 ? last : `${told.join(", ")} ${word} ${last}`;
}
