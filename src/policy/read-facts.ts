import { fieldsOf, NOTHING_MISPLACED, readNumber, readWord, type Shape } from "./fields.js";
import { BUILT_IN_FACTS, type FactKind } from "./fact-kinds.js";
import type { Problems } from "./problems.js";
import { CONDITION_WORDS, type FactDeclaration, POLICY_LIMITS } from "./source.js";
import type { Entry, Tree } from "./tree.js";

/** What a policy declares, and what its rules may therefore read. */
export interface ReadFacts {
  /** The declarations in their normal form, sorted by name. */
  readonly declarations: Readonly<Record<string, FactDeclaration>>;
  /** Every fact that a rule may read; `undefined` for one whose own declaration is wrong. */
  readonly kinds: ReadonlyMap<string, FactKind | undefined>;
}

const DECLARATION: Shape = {
  what: "a declaration such as `{ type: string }`",
  key: "a key of a declared fact",
  keys: ["type", "min", "max", "risk"],
  misplaced: NOTHING_MISPLACED,
};
const LANGUAGE: ReadonlySet<string> = new Set(CONDITION_WORDS);
// A letter first: this also keeps out `__proto__`, which no plain object can hold as a key.
const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,59}$/;

/** Reads the top-level `facts`. */
export function readFacts(tree: Tree | undefined, problems: Problems): ReadFacts {
  const declarations: Record<string, FactDeclaration> = {};
  const kinds = new Map<string, FactKind | undefined>(BUILT_IN_FACTS);
  for (const { key, place, value } of entriesOf(tree, problems)) {
    if (BUILT_IN_FACTS.has(key)) problems.add(place, `\`${key}\` is built in; leave its declaration out`);
    else if (LANGUAGE.has(key)) problems.add(place, `\`${key}\` is a word of the policy itself; rename the fact`);
    else if (!NAME.test(key)) {
      problems.expected(
        { kind: "leaf", place, value: key },
        "a fact's name (a letter, then letters, digits, `_`, `-`)",
      );
    } else {
      const declaration = readDeclaration(value, problems);
      if (declaration !== undefined) declarations[key] = declaration;
      kinds.set(key, declaration);
    }
  }
  return { declarations, kinds };
}

function entriesOf(tree: Tree | undefined, problems: Problems): readonly Entry[] {
  if (tree === undefined) return [];
  if (tree.kind !== "map") {
    problems.expected(tree, "the declared facts by name, such as `{ customer: { type: string } }`");
    return [];
  }
  if (tree.entries.length > POLICY_LIMITS.facts) {
    problems.add(tree.place, `expected at most ${POLICY_LIMITS.facts} facts; seen ${tree.entries.length}`);
  }
  return tree.entries.toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

function readDeclaration(tree: Tree, problems: Problems): FactDeclaration | undefined {
  const fields = fieldsOf(tree, DECLARATION, problems);
  if (fields === undefined) return undefined;
  const typeTree = fields.get("type");
  if (typeTree === undefined) {
    problems.add(tree.place, "expected `type`; it is missing");
    return undefined;
  }
  const type = readWord(typeTree, "a type", ["string", "number", "boolean", "tags"], problems);
  if (type === undefined) return undefined;
  if (type === "number") return readNumberDeclaration(tree, fields, problems);
  for (const key of ["min", "max", "risk"]) {
    const extra = fields.get(key);
    if (extra !== undefined) problems.add(extra.place, `\`${key}\` is for facts of type number; this one is a ${type}`);
  }
  return { type };
}

function readNumberDeclaration(
  tree: Tree,
  fields: ReadonlyMap<string, Tree>,
  problems: Problems,
): FactDeclaration | undefined {
  const bound = (key: "min" | "max"): number | undefined => {
    const value = fields.get(key);
    return value === undefined ? undefined : readNumber(value, "a finite number", {}, problems);
  };
  const min = bound("min");
  const max = bound("max");
  const riskTree = fields.get("risk");
  const risk = riskTree && readWord(riskTree, "a direction of risk", ["up", "down"], problems);
  if (min !== undefined && max !== undefined && min > max) {
    problems.add(tree.place, `expected \`min\` to be at most \`max\`; seen min ${min}, max ${max}`);
    return undefined;
  }
  return {
    ...(max === undefined ? {} : { max }),
    ...(min === undefined ? {} : { min }),
    ...(risk === undefined ? {} : { risk }),
    type: "number",
  };
}
