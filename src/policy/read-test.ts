import type { Amount } from "../model/facts.js";
import type { TestDocument } from "./document.js";
import { type FactKind, numberInWords } from "./fact-kinds.js";
import { fieldsOf, itemsOf, NOTHING_MISPLACED, readNumber, readText, readWord, type Shape } from "./fields.js";
import type { Problems } from "./problems.js";
import { type Operator, OPERATORS } from "./source.js";
import type { Tree } from "./tree.js";

type Operand = string | number | boolean | Amount;

const OPERATORS_OF: Record<FactKind["type"], readonly Operator[]> = {
  amount: ["gt", "gte", "lt", "lte", "eq"],
  number: ["gt", "gte", "lt", "lte", "eq", "in"],
  string: ["eq", "in"],
  boolean: ["eq"],
  tags: ["has", "hasAny"],
};

/** Reads the test of one fact. If anything is wrong with it, that is reported and the result means nothing. */
export function readTest(fact: string, kind: FactKind, tree: Tree, problems: Problems): TestDocument {
  const operators = OPERATORS_OF[kind.type];
  const shape: Shape = {
    what: `a test of \`${fact}\` such as ${kind.type === "string" && kind.words !== undefined ? `\`{ eq: ${kind.words[0] ?? ""} }\`` : EXAMPLES[kind.type]}`,
    key: `an operator for \`${fact}\``,
    keys: operators,
    misplaced: NOTHING_MISPLACED,
  };
  if (tree.kind === "map" && tree.entries.length === 0) problems.expected(tree, shape.what);
  const fields = fieldsOf(tree, shape, problems) ?? new Map<string, Tree>();
  const operands: [Operator, unknown][] = [];
  for (const operator of OPERATORS) {
    const operand = fields.get(operator);
    if (operand !== undefined) operands.push([operator, readOperand(operator, kind, operand, problems)]);
  }
  if (kind.type === "amount")
    checkCurrency(
      tree,
      operands.map(([, amount]) => amount as Amount | undefined),
      problems,
    );
  return Object.fromEntries(operands);
}

function readOperand(operator: Operator, kind: FactKind, tree: Tree, problems: Problems): unknown {
  if (operator === "has" && tree.kind !== "list") return [readValue({ type: "string" }, tree, problems)];
  if (operator === "in" || operator === "has" || operator === "hasAny") {
    const item: FactKind = kind.type === "tags" ? { type: "string" } : kind;
    return itemsOf(tree, `a list of ${item.type}s, at least one`, problems).map((entry) =>
      readValue(item, entry, problems),
    );
  }
  return readValue(kind, tree, problems);
}

function readValue(kind: FactKind, tree: Tree, problems: Problems): Operand | undefined {
  if (kind.type === "amount") return readAmount(tree, problems);
  if (kind.type === "number") return readNumber(tree, numberInWords(kind), kind, problems);
  if (kind.type === "string" && kind.words !== undefined)
    return readWord(tree, kind.what ?? "a word", kind.words, problems);
  if (kind.type !== "boolean") return readText(tree, problems);
  if (tree.kind === "leaf" && typeof tree.value === "boolean") return tree.value;
  problems.expected(tree, "true or false");
  return undefined;
}

/** An amount can be in one of two currencies, never in both, so a test of both could never be evaluated. */
export function checkCurrency(tree: Tree, amounts: readonly (Amount | undefined)[], problems: Problems): void {
  const currencies = new Set(amounts.map((amount) => amount?.currency ?? ""));
  currencies.delete("");
  if (currencies.size > 1) problems.add(tree.place, `expected one currency; seen ${[...currencies].join(", ")}`);
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
  misplaced: NOTHING_MISPLACED,
};

/** Reads an amount. */
export function readAmount(tree: Tree, problems: Problems): Amount | undefined {
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
