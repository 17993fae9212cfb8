import { type Route, ROUTES } from "../model/routing.js";
import type { RuleDocument } from "./document.js";
import { fieldsOf, itemsOf, readName, readSentence, readWord, type Shape } from "./fields.js";
import type { Problems } from "./problems.js";
import type { ConditionReader } from "./read-condition.js";
import { readTerms } from "./read-terms.js";
import { TERM_NAMES } from "./review-terms.js";
import type { Place, Tree } from "./tree.js";

/** The terms of a review stand under `review`, nowhere else. */
export const TERMS_ELSEWHERE: Shape["misplaced"] = new Map([
  ...TERM_NAMES.map((name): [string, string] => [name, `under \`review\`: write \`review: { ${name}: … }\``]),
  ["sample", "beside `rules`: write it once for the whole policy"],
]);

const RULE: Shape = {
  what: "a rule such as `{ id: large, when: { amount: { gt: 100 USD } }, route: review }`",
  key: "a key of a rule",
  keys: ["id", "action", "agent", "when", "route", "review", "explain"],
  misplaced: TERMS_ELSEWHERE,
};
const MAX_NAME = 100;

/** Reads a route. */
export function readRoute(parent: Place, tree: Tree | undefined, problems: Problems): Route | undefined {
  if (tree !== undefined) return readWord(tree, "a route", ROUTES, problems);
  problems.add(parent, `expected \`route\` (${ROUTES.join(", ")}); it is missing`);
  return undefined;
}

/** Reads names, or a single one, into a list of them. */
export function readNames(tree: Tree | undefined, what: string, problems: Problems): string[] | undefined {
  if (tree === undefined) return undefined;
  const items = tree.kind === "list" ? itemsOf(tree, `${what} or a list of them, at least one`, problems) : [tree];
  const names: string[] = [];
  for (const item of items) {
    const name = readName(item, what, MAX_NAME, problems);
    if (name !== undefined && names.includes(name)) problems.expected(item, `${what} not yet in this list`);
    if (name !== undefined) names.push(name);
  }
  return names;
}

/** Reads the rules of one policy one by one. */
export class RuleReader {
  readonly #conditions: ConditionReader;
  readonly #problems: Problems;
  readonly #places = new Map<string, Place>();

  constructor(conditions: ConditionReader, problems: Problems) {
    this.#conditions = conditions;
    this.#problems = problems;
  }

  /** The rule in its normal form, if enough of it can be read. */
  read(tree: Tree): RuleDocument | undefined {
    const fields = fieldsOf(tree, RULE, this.#problems);
    if (fields === undefined) return undefined;
    const id = this.#id(tree, fields.get("id"));
    const action = readNames(fields.get("action"), "an action's name", this.#problems);
    const agent = readNames(fields.get("agent"), "an agent's name", this.#problems);
    const whenTree = fields.get("when");
    const when = whenTree && this.#conditions.read(whenTree);
    const route = readRoute(tree.place, fields.get("route"), this.#problems);
    const review = readTerms(fields.get("review"), { place: tree.place, route }, this.#problems);
    const explainTree = fields.get("explain");
    const explain = explainTree && readSentence(explainTree, this.#problems);
    if (id === undefined || route === undefined) return undefined;
    return {
      ...(action === undefined ? {} : { action }),
      ...(agent === undefined ? {} : { agent }),
      ...(explain === undefined ? {} : { explain }),
      id,
      ...(review === undefined ? {} : { review }),
      route,
      ...(when === undefined ? {} : { when }),
    };
  }

  #id(rule: Tree, tree: Tree | undefined): string | undefined {
    if (tree === undefined) {
      this.#problems.add(rule.place, "expected `id`; it is missing");
      return undefined;
    }
    const id = readName(tree, "an id", MAX_NAME, this.#problems);
    if (id === undefined) return undefined;
    const other = this.#places.get(id);
    if (other === undefined) {
      this.#places.set(id, tree.place);
      return id;
    }
    const line = other.line === undefined ? "" : ` in line ${other.line}`;
    this.#problems.add(tree.place, `expected an id of its own; seen ${JSON.stringify(id)}, as at ${other.path}${line}`);
    return undefined;
  }
}
