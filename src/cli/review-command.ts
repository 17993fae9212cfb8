/** What a reviewer typed, understood. */
export type ReviewCommand =
  | { do: "list" | "skip" | "help" | "quit" | "nothing" }
  | { do: "show"; number: number | null }
  | { do: "approve" | "reject"; number: number | null; note: string | null }
  | { do: "modify"; number: number | null; changes: Record<string, string> }
  | { do: "unknown"; said: string };

const WORDS: Record<string, ReviewCommand["do"]> = {
  l: "list",
  ls: "list",
  list: "list",
  s: "show",
  show: "show",
  a: "approve",
  approve: "approve",
  m: "modify",
  modify: "modify",
  r: "reject",
  reject: "reject",
  k: "skip",
  skip: "skip",
  n: "skip",
  next: "skip",
  h: "help",
  "?": "help",
  help: "help",
  q: "quit",
  quit: "quit",
  exit: "quit",
};

/** The help that the loop prints. */
export const REVIEW_HELP = `  list                     what waits, numbered
  show [N]                 one of them, whole
  approve [N] [note]       run it exactly as shown
  modify [N] field=value…  change arguments, then run it
  reject [N] reason        do not run it
  skip                     on to the next, decide later
  quit                     stop here; nothing is lost
First letters do (skip: k). Without N: the one shown last.`;

/** Reads one line. Decisions are whole words or their first letter; nothing else ever decides. */
export function parseReviewCommand(line: string): ReviewCommand {
  const [first = "", ...rest] = line.trim().split(/\s+/);
  if (first === "") return { do: "nothing" };
  const word = Object.hasOwn(WORDS, first.toLowerCase()) ? WORDS[first.toLowerCase()] : undefined;
  const numbered = /^\d{1,6}$/.test(rest[0] ?? "");
  const number = numbered ? Number(rest[0]) : null;
  const words = numbered ? rest.slice(1) : rest;
  const text = words.join(" ");
  switch (word) {
    case "list":
    case "skip":
    case "help":
    case "quit":
      return { do: word };
    case "show":
      return { do: "show", number };
    case "approve":
    case "reject":
      return { do: word, number, note: text === "" ? null : text };
    case "modify":
      return { do: "modify", number, changes: changesIn(text) };
    case "nothing":
    case "unknown":
    case undefined:
      return { do: "unknown", said: first };
    default:
      return word satisfies never;
  }
}

/** `field=value` pairs; a value with spaces stands in double quotes. */
function changesIn(text: string): Record<string, string> {
  const pairs = text.matchAll(/([A-Za-z_][\w.-]*)=("(?:[^"\\]|\\.)*"|\S*)/g);
  return Object.fromEntries([...pairs].map(([, field = "", value = ""]) => [field, unquoted(value)]));
}

function unquoted(value: string): string {
  if (!value.startsWith('"')) return value;
  try {
    return String(JSON.parse(value));
  } catch {
    return value.slice(1, -1);
  }
}
