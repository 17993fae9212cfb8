import { oneLine, visibleText } from "../model/visible-text.js";
import { A_DURATION, durationMs, type DurationText, durationText } from "./duration.js";
import type { Problems } from "./problems.js";
import { POLICY_LIMITS } from "./source.js";
import type { Tree } from "./tree.js";

/** The words that a map may use. */
export interface Shape {
  /** What the map is, with an article, as in `expected a rule`. */
  readonly what: string;
  /** What one of its keys is called, with an article. */
  readonly key: string;
  readonly keys: readonly string[];
  /** Words that belong elsewhere, each with where. */
  readonly misplaced: ReadonlyMap<string, string>;
}

/** No word is expected here by mistake. */
export const NOTHING_MISPLACED: Shape["misplaced"] = new Map();

/** The values of a map by key, after every other key has been reported; nothing if it is no map. */
export function fieldsOf(tree: Tree, shape: Shape, problems: Problems): ReadonlyMap<string, Tree> | undefined {
  if (tree.kind !== "map") {
    problems.expected(tree, shape.what);
    return undefined;
  }
  const fields = new Map<string, Tree>();
  for (const { key, place, value } of tree.entries) {
    const belongs = shape.misplaced.get(key);
    if (shape.keys.includes(key)) fields.set(key, value);
    else if (belongs !== undefined) problems.add(place, `\`${key}\` belongs ${belongs}`);
    else problems.unknownWord(place, key, shape.key, shape.keys);
  }
  return fields;
}

/** The items of a list that has at least one and not too many. */
export function itemsOf(tree: Tree, what: string, problems: Problems): readonly Tree[] {
  if (tree.kind !== "list" || tree.items.length === 0) {
    problems.expected(tree, what);
    return [];
  }
  if (tree.items.length <= POLICY_LIMITS.listItems) return tree.items;
  problems.add(tree.place, `expected at most ${POLICY_LIMITS.listItems} items; seen ${tree.items.length}`);
  return [];
}

/** A text for people or a name: one line, nothing invisible in it. */
export function readName(tree: Tree, what: string, maxLength: number, problems: Problems): string | undefined {
  const value = tree.kind === "leaf" ? tree.value : undefined;
  if (typeof value === "string" && value !== "" && value.length <= maxLength && oneLine(value, Infinity) === value) {
    return value;
  }
  problems.expected(tree, `${what} (a text on one line, 1 to ${maxLength} visible characters)`);
  return undefined;
}

/** A sentence of the author; line breaks of the text it was written in become spaces. */
export function readSentence(tree: Tree, problems: Problems): string | undefined {
  const value = tree.kind === "leaf" ? tree.value : undefined;
  const line = typeof value === "string" && visibleText(value) === value ? oneLine(value, Infinity) : "";
  if (line !== "" && line.length <= MAX_SENTENCE) return line;
  problems.expected(tree, `a sentence (1 to ${MAX_SENTENCE} visible characters)`);
  return undefined;
}

const MAX_SENTENCE = 500;

/** A string to compare with, exactly as it is. */
export function readText(tree: Tree, problems: Problems): string | undefined {
  // Half a surrogate pair has no UTF-8 form, so neither a digest nor a database could hold it.
  if (tree.kind === "leaf" && typeof tree.value === "string" && !/\p{Surrogate}/u.test(tree.value)) return tree.value;
  problems.expected(tree, "a string");
  return undefined;
}

/** A word out of a closed list. */
export function readWord<const W extends string>(
  tree: Tree,
  what: string,
  words: readonly W[],
  problems: Problems,
): W | undefined {
  const value = tree.kind === "leaf" ? tree.value : undefined;
  const word = words.find((candidate) => candidate === value);
  if (word !== undefined) return word;
  if (typeof value === "string") problems.unknownWord(tree.place, value, what, words);
  else problems.expected(tree, `${what} (${words.join(", ")})`);
  return undefined;
}

/** A duration, written in the one way of the normal form. */
export function readDuration(tree: Tree, problems: Problems): DurationText | undefined {
  const ms = tree.kind === "leaf" && typeof tree.value === "string" ? durationMs(tree.value) : undefined;
  if (ms !== undefined) return durationText(ms);
  problems.expected(tree, A_DURATION);
  return undefined;
}

/** A number that is finite, exact and in range. */
export function readNumber(
  tree: Tree,
  what: string,
  range: { min?: number; max?: number },
  problems: Problems,
): number | undefined {
  const value = tree.kind === "leaf" ? tree.value : undefined;
  const { min = -Infinity, max = Infinity } = range;
  if (isExact(value) && value >= min && value <= max) return value;
  problems.expected(tree, what);
  return undefined;
}

// Integers beyond 2^53 - 1 are not what their author wrote.
function isExact(value: unknown): value is number {
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
}
