import { AssentError, shown } from "../model/error.js";
import { oneLine } from "../model/visible-text.js";
import { plainOf, type Place, type Tree } from "./tree.js";

const MAX_LINE_COLUMNS = 1000;

interface Problem {
  readonly place: Place;
  readonly text: string;
}

/** Collects everything that is wrong with a policy, so that its author hears it all at once. */
export class Problems {
  readonly #file: string | undefined;
  readonly #list: Problem[] = [];

  constructor(file?: string) {
    this.#file = file;
  }

  /** How many there are so far. */
  get count(): number {
    return this.#list.length;
  }

  /** Something that is wrong in its own way; `text` follows the place and a colon. */
  add(place: Place, text: string): void {
    this.#list.push({ place, text });
  }

  /** Like {@link add}, for a part that cannot be read at all. */
  broken(place: Place, text: string): Tree {
    this.add(place, text);
    return { kind: "broken", place };
  }

  /** A value that is not what it should be. */
  expected(tree: Tree, what: string): void {
    if (tree.kind !== "broken") this.add(tree.place, `expected ${what}; seen ${seen(tree)}`);
  }

  /** A word that is not one of those possible here. */
  unknownWord(place: Place, word: string, what: string, words: readonly string[]): void {
    const near = nearestWord(word, words);
    const hint = near === undefined ? "" : `: did you mean \`${near}\`?`;
    this.add(place, `expected ${what} (${words.join(", ")}); seen \`${oneLine(word, 60)}\`${hint}`);
  }

  /**
   * Ends the loading if there was any problem.
   *
   * @throws AssentError `policy_invalid`.
   */
  throwIfAny(): void {
    if (this.#list.length === 0) return;
    const lines = this.#list.toSorted((a, b) => order(a.place, b.place)).map((problem) => `\n  ${this.#line(problem)}`);
    const count = lines.length === 1 ? "1 problem" : `${lines.length} problems`;
    throw new AssentError("policy_invalid", {
      what: `${this.#file ?? "The policy"} cannot be loaded, ${count}:${lines.join("")}`,
    });
  }

  #line({ place, text }: Problem): string {
    const position = place.line === undefined ? [] : [place.line, place.column];
    const at = [...(this.#file === undefined ? [] : [this.#file]), ...position].join(":");
    return oneLine(`${at} ${place.path}: ${text}`, MAX_LINE_COLUMNS);
  }
}

// Problems of an object have no lines and keep the order in which they were found.
function order(a: Place, b: Place): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

function seen(tree: Tree): string {
  const value = plainOf(tree);
  return oneLine(typeof value === "number" ? String(value) : shown(value), 120);
}

/** The word most like `word`, if one is near enough to be what was meant. */
export function nearestWord(word: string, words: readonly string[]): string | undefined {
  if (word.length > 64) return undefined;
  const lower = word.toLowerCase();
  const reach = Math.max(1, Math.floor(lower.length / 3));
  let nearest: string | undefined;
  let least = reach + 1;
  for (const candidate of words) {
    const distance = editDistance(lower, candidate.toLowerCase());
    if (distance < least) {
      nearest = candidate;
      least = distance;
    }
  }
  return nearest;
}

// Insertions, deletions, replacements and swaps of neighbours count one each (optimal string alignment).
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(replace, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) least = Math.min(least, (beforeLast[j - 2] ?? 0) + 1);
      row.push(least);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
