/** What a reviewer typed, understood. */
export type ReviewCommand =
  | { do: "list" | "skip" | "help" | "quit" | "nothing" }
  | { do: "show"; number: number | null }
  | { do: "approve" | "reject"; number: number | null; note: string | null }
  | { do: "modify"; number: number | null; changes: Record<string, string> }
  | { do: "unknown"; said: string }
  /** A change that cannot be read: `said` is what follows the last one that can. */
  | { do: "unclear"; said: string };

type Word = Exclude<ReviewCommand["do"], "nothing" | "unknown" | "unclear">;

const WORDS: ReadonlyMap<string, Word> = new Map(
  Object.entries({
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
  }),
);

/** The help that the loop prints. */
export const REVIEW_HELP = `  list                     what waits, numbered
  show [N]                 one of them, whole
  approve [N] [note]       run it exactly as shown
  modify [N] field=value…  change arguments, then run it; a value with spaces
                           stands in double quotes
  reject [N] reason        do not run it
  skip                     on to the next, decide later
  quit                     stop here; nothing is lost
First letters do (skip: k). N is a number of the last list; without it, the one
shown last.`;

/** Reads one line. Decisions are whole words or their first letter; nothing else ever decides. */
export function parseReviewCommand(line: string): ReviewCommand {
  const [, first = "", rest = ""] = /^\s*(\S+)\s*(.*)$/s.exec(line.trimEnd()) ?? [];
  if (first === "") return { do: "nothing" };
  const [, digits, afterNumber = ""] = /^(\d{1,6})(?:\s+(.*))?$/s.exec(rest) ?? [];
  const number = digits === undefined ? null : Number(digits);
  const text = digits === undefined ? rest : afterNumber;
  const word = WORDS.get(first.toLowerCase());
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
      return modification(number, text);
    case undefined:
      return { do: "unknown", said: first };
    default:
      return word satisfies never;
  }
}

/** Reads `field=value` pairs up to the end of the line; a value with spaces stands in double quotes, as in JSON. */
function modification(number: number | null, text: string): ReviewCommand {
  const pair = /\s*([A-Za-z_][\w.-]*)=("(?:[^"\\]|\\.)*"|[^\s"]\S*|)(?=\s|$)/y;
  const changes: [string, string][] = [];
  let read = 0;
  for (let found = pair.exec(text); found !== null; found = pair.exec(text)) {
    const [, field = "", typed = ""] = found;
    const value = unquoted(typed);
    if (value === null) break;
    changes.push([field, value]);
    read = pair.lastIndex;
  }
  const said = text.slice(read).trim();
  return said === "" ? { do: "modify", number, changes: Object.fromEntries(changes) } : { do: "unclear", said };
}

function unquoted(typed: string): string | null {
  if (!typed.startsWith('"')) return typed;
  try {
    return String(JSON.parse(typed));
  } catch {
    return null;
  }
}
