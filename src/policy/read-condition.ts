import type { Amount } from "../model/facts.js";
import type { ConditionDocument, TestDocument } from "./document.js";
import { type FactKind, numberInWords } from "./fact-kinds.js";
import { fieldsOf, itemsOf, readNumber, readText, type Shape } from "./fields.js";
import type { Problems } from "./problems.js";
import { type Operator, OPERATORS, POLICY_LIMITS } from "./source.js";
import type { Tree } from "./tree.js";
import { NONE, UNSUPPORTED_CONDITION_KEYS } from "./unsupported.js";

type Kinds = ReadonlyMap<string, FactKind | undefined>;
type Operand = string | number | boolean | Amount;
type Part = TestDocument | ConditionDocument | readonly ConditionDocument[];

const OPERATORS_OF: Record<FactKind["type"], readonly Operator[]> = {
  amount: ["gt", "gte", "lt", "lte", "eq"],
  number: ["gt", "gte", "lt", "lte", "eq", "in"],
  string: ["eq", "in"],
  boolean: ["eq"],
  tags: ["has"],
};

/** Reads conditions over one set of facts. */
export class ConditionReader {
  readonly #kinds: Kinds;
  readonly #problems: Problems;
  readonly #shape: Shape;

  constructor(kinds: Kinds, problems: Problems) {
    this.#kinds = kinds;
    this.#problems = problems;
    this.#shape = {
      what: "a condition such as `{ confidence: { lt: 0.7 } }`; several alternatives go under `any`",
      key: "a declared fact or `all`, `any`, `not`",
      keys: [...kinds.keys(), "all", "any", "not"],
      unsupported: UNSUPPORTED_CONDITION_KEYS,
    };
  }

  /** The condition in its normal form. If anything is wrong with it, that is reported and the result means nothing. */
  read(tree: Tree, depth = 1): ConditionDocument {
    if (depth > POLICY_LIMITS.depth) {
      this.#problems.add(
        tree.place,
        `expected at most ${POLICY_LIMITS.depth} levels of conditions; this one is deeper`,
      );
      return {};
    }
    if (tree.kind === "map" && tree.entries.length === 0) {
      this.#problems.expected(tree, "a condition; a rule without `when` matches always");
      return {};
    }
    const fields = fieldsOf(tree, this.#shape, this.#problems) ?? new Map<string, Tree>();
    const parts: [string, Part][] = [];
    for (const [key, value] of fields) parts.push([key, this.#part(key, value, depth)]);
    return Object.fromEntries(parts.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  #part(key: string, value: Tree, depth: number): Part {
    if (key === "not") return this.read(value, depth + 1);
    if (key === "all" || key === "any") {
      const items = itemsOf(value, "a list of conditions, at least one", this.#problems);
      return items.map((item) => this.read(item, depth + 1));
    }
    const kind = this.#kinds.get(key);
    return kind === undefined ? {} : this.#test(key, kind, value);
  }

  #test(fact: string, kind: FactKind, tree: Tree): TestDocument {
    const operators = OPERATORS_OF[kind.type];
    const shape: Shape = {
      what: `a test of \`${fact}\` such as ${EXAMPLES[kind.type]}`,
      key: `an operator for \`${fact}\``,
      keys: operators,
      unsupported: NONE,
    };
    if (tree.kind === "map" && tree.entries.length === 0) this.#problems.expected(tree, shape.what);
    const fields = fieldsOf(tree, shape, this.#problems) ?? new Map<string, Tree>();
    const operands: [Operator, unknown][] = [];
    for (const operator of OPERATORS) {
      const operand = fields.get(operator);
      if (operand !== undefined) operands.push([operator, this.#operand(operator, kind, operand)]);
    }
    if (kind.type === "amount") this.#sameCurrency(tree, operands);
    return Object.fromEntries(operands);
  }

  #operand(operator: Operator, kind: FactKind, tree: Tree): unknown {
    if (operator === "has" && tree.kind !== "list") return [this.#value({ type: "string" }, tree)];
    if (operator === "in" || operator === "has") {
      const item: FactKind = kind.type === "tags" ? { type: "string" } : kind;
      const what = `a list of ${item.type}s, at least one`;
      return itemsOf(tree, what, this.#problems).map((entry) => this.#value(item, entry));
    }
    return this.#value(kind, tree);
  }

  #value(kind: FactKind, tree: Tree): Operand | undefined {
    if (kind.type === "amount") return readAmount(tree, this.#problems);
    if (kind.type === "number") return readNumber(tree, numberInWords(kind), kind, this.#problems);
    if (kind.type !== "boolean") return readText(tree, this.#problems);
    if (tree.kind === "leaf" && typeof tree.value === "boolean") return tree.value;
    this.#problems.expected(tree, "true or false");
    return undefined;
  }

  // An amount can be in one of two currencies, never in both, so such a test could never be evaluated.
  #sameCurrency(tree: Tree, operands: readonly [Operator, unknown][]): void {
    const currencies = new Set(operands.map(([, amount]) => (amount as Amount | undefined)?.currency ?? ""));
    currencies.delete("");
    if (currencies.size > 1)
      this.#problems.add(tree.place, `expected one currency; seen ${[...currencies].join(", ")}`);
  }
}

const EXAMPLES: Record<FactKind["type"], string> = {
  amount: "`{ lte: 50 USD }`",
  number: "`{ gte: 0.7 }`",
  string: "`{ eq: text }`",
  boolean: "`{ eq: true }`",
  tags: "`{ has: word }`",
};

const AMOUNT: Shape = {
  what: "an amount such as `50 USD` or `{ value: 50, currency: USD }`: a number of at least 0 and three capital letters",
  key: "a key of an amount",
  keys: ["value", "currency"],
  unsupported: NONE,
};

function readAmount(tree: Tree, problems: Problems): Amount | undefined {
  if (tree.kind === "map") {
    const fields = fieldsOf(tree, AMOUNT, problems);
    const value = fields?.get("value");
    const currency = fields?.get("currency");
    if (value?.kind !== "leaf" || currency?.kind !== "leaf" || !isCurrency(currency.value)) {
      problems.expected(tree, AMOUNT.what);
      return undefined;
    }
    const number = readNumber(value, "a finite number of at least 0", { min: 0 }, problems);
    return number === undefined ? undefined : { currency: currency.value, value: number };
  }
  const text = tree.kind === "leaf" && typeof tree.value === "string" ? tree.value : "";
  const [, digits = "", currency = ""] = /^\s*(\d+(?:\.\d+)?)\s+([A-Z]{3})\s*$/.exec(text) ?? [];
  const value = Number(digits);
  if (digits !== "" && value <= Number.MAX_SAFE_INTEGER) return { currency, value };
  problems.expected(tree, AMOUNT.what);
  return undefined;
}

function isCurrency(value: unknown): value is string {
  return typeof value === "string" && /^[A-Z]{3}$/.test(value);
}
