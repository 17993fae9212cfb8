import type { Json } from "../model/proposal.js";

type Fields = Record<string, Json>;

/** One draft after the first, as a refinement tells it. */
interface Draft extends Fields {
  draft: number;
  feedback: string;
  changes: Json[];
}

/**
 * What a later draft is shown with, as lines: what was asked for, what changed, then the same of the drafts before it, and
 * what was said of the first. Null for anything else.
 */
export function draftLines(context: Json, linesOf: (context: Json) => string[]): string[] | null {
  if (!isDraft(context)) return null;
  const lines = [`draft ${context.draft}, asked for: ${context.feedback}`, ...context.changes.map(changeInWords)];
  let before = context["before"] ?? null;
  if (isDraft(before)) lines.push("earlier drafts:");
  while (isDraft(before)) {
    const changes = before.changes.map((change) => `    ${changeInWords(change)}`);
    lines.push(`  draft ${before.draft}, asked for: ${before.feedback}`, ...changes);
    before = before["before"] ?? null;
  }
  return before === null ? lines : [...lines, "with the first draft:", ...linesOf(before)];
}

const KEYS: readonly string[] = ["draft", "feedback", "changes", "before"];

/** Whether there is nothing but a draft in it: what else an agent says beside that is to be seen, too. */
function isDraft(value: Json): value is Draft {
  if (Object.keys(Object(value)).some((key) => !KEYS.includes(key))) return false;
  const { draft, feedback, changes } = Object(value) as Partial<Draft>;
  return typeof draft === "number" && typeof feedback === "string" && Array.isArray(changes);
}

function changeInWords(change: Json): string {
  const { path, before, after } = Object(change) as Partial<Fields>;
  const name = typeof path === "string" && path !== "" ? path : "the whole";
  return `${name}: ${valueOf(before)} -> ${valueOf(after)}`;
}

function valueOf(value: Json | undefined): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
