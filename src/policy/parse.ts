import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from "yaml";
import { type Policy, policyOfTree, type PolicyOptions } from "./policy.js";
import { Problems } from "./problems.js";
import { POLICY_LIMITS } from "./source.js";
import { type Entry, MAX_TREE_DEPTH, pathOf, type Place, type Tree } from "./tree.js";

// One slip of the pen can make the parser stumble many times; the first few say it all.
const MAX_SYNTAX_PROBLEMS = 10;

/**
 * Loads a policy from YAML 1.2 or JSON text. Keys may appear once; anchors, aliases, merge keys and tags are refused,
 * so that each line means what it says on its own.
 *
 * @throws AssentError `policy_invalid`; the message lists every problem with file, line, column and JSON path.
 *
 * @example
 * ```ts
 * import { parsePolicy } from "assent";
 *
 * export const refunds = parsePolicy(`
 *   version: 2
 *   rules:
 *     - { id: large, when: { amount: { gt: 500 USD } }, route: block }
 *   default: { route: review }
 * `);
 * ```
 */
export function parsePolicy(text: string, options: PolicyOptions = {}): Policy {
  const problems = new Problems(options.file);
  if (text.length > POLICY_LIMITS.textCharacters) {
    problems.add(
      { path: "$", line: 1, column: 1 },
      `expected at most ${POLICY_LIMITS.textCharacters} characters; seen ${text.length}`,
    );
    problems.throwIfAny();
  }
  return policyOfTree(treeOfText(text, problems), problems);
}

/** Reads a YAML or JSON text; everything that is wrong with it is thrown before anything is read. */
export function treeOfText(text: string, problems: Problems): Tree {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    uniqueKeys: false,
    version: "1.2",
  });
  const reader = new YamlReader(lines, problems);
  if (document.directives.yaml.version !== "1.2") {
    problems.add({ path: "$", line: 1, column: 1 }, `expected YAML 1.2; seen ${document.directives.yaml.version}`);
  }
  for (const error of document.errors.slice(0, MAX_SYNTAX_PROBLEMS)) {
    const what = error.code === "MULTIPLE_DOCS" ? "A policy is one document; this text has several" : error.message;
    problems.add(reader.place("$", error.pos[0]), `expected YAML or JSON; ${what}`);
  }
  problems.throwIfAny();
  return reader.read(document.contents, reader.place("$", 0), 1);
}

class YamlReader {
  readonly #lines: LineCounter;
  readonly #problems: Problems;

  constructor(lines: LineCounter, problems: Problems) {
    this.#lines = lines;
    this.#problems = problems;
  }

  /** Where an offset of the text is. */
  place(path: string, offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { path, line: Math.max(1, line), column: Math.max(1, col) };
  }

  /** Reads a node; `at` is where it would stand, if it is left empty. */
  read(node: Node | null, at: Place, depth: number): Tree {
    if (node === null) return { kind: "leaf", place: at, value: null };
    const place = this.place(at.path, node.range?.[0] ?? 0);
    if (isAlias(node))
      return this.#problems.broken(place, `expected a value; aliases such as \`*${node.source}\` are refused`);
    if (node.tag !== undefined)
      return this.#problems.broken(place, `expected a value without a tag; seen \`${node.tag}\``);
    const anchor = isMap(node) || isSeq(node) || isScalar(node) ? node.anchor : undefined;
    if (anchor !== undefined) this.#problems.add(place, `expected a value without an anchor; seen \`&${anchor}\``);
    if (depth > MAX_TREE_DEPTH) return this.#problems.broken(place, "is nested too deeply");
    if (isMap(node))
      return { kind: "map", place, entries: this.#entries(node.items as Pair<Node, Node | null>[], place, depth) };
    if (isSeq(node)) {
      const items = node.items.map((item, i) => {
        const itemPlace = { ...place, path: pathOf(place.path, i) };
        return this.read(item as Node | null, itemPlace, depth + 1);
      });
      return { kind: "list", place, items };
    }
    return { kind: "leaf", place, value: isScalar(node) ? node.value : undefined };
  }

  #entries(pairs: readonly Pair<Node, Node | null>[], parent: Place, depth: number): Entry[] {
    const entries: Entry[] = [];
    const lineOf = new Map<string, number | undefined>();
    for (const pair of pairs) {
      const key = String(isScalar(pair.key) ? pair.key.value : "");
      const place = this.place(pathOf(parent.path, key), pair.key.range?.[0] ?? 0);
      if (key === "<<") this.#problems.add(place, "expected a key; merge keys (`<<`) are refused, write the keys out");
      else if (lineOf.has(key)) {
        this.#problems.add(place, `expected each key once; seen \`${key}\` again, as in line ${lineOf.get(key)}`);
      } else {
        lineOf.set(key, place.line);
        entries.push({ key, place, value: this.read(pair.value, place, depth + 1) });
      }
    }
    return entries;
  }
}
