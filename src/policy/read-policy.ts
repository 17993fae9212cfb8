import type { PolicyDocument, RuleDocument } from "./document.js";
import { fieldsOf, itemsOf, readName, readNumber, readSentence, readWord, type Shape } from "./fields.js";
import type { Problems } from "./problems.js";
import { ConditionReader } from "./read-condition.js";
import { readFacts } from "./read-facts.js";
import { POLICY_LIMITS, SUPPORTED_ROUTES, type SupportedRoute } from "./source.js";
import type { Place, Tree } from "./tree.js";
import { UNSUPPORTED_POLICY_KEYS, UNSUPPORTED_ROUTES, UNSUPPORTED_RULE_KEYS } from "./unsupported.js";

const POLICY: Shape = {
  what: "a policy such as `{ default: { route: review } }`",
  key: "a key of the policy",
  keys: ["version", "facts", "rules", "default"],
  unsupported: UNSUPPORTED_POLICY_KEYS,
};
const RULE: Shape = {
  what: "a rule such as `{ id: large, when: { amount: { gt: 100 USD } }, route: review }`",
  key: "a key of a rule",
  keys: ["id", "action", "agent", "when", "route", "explain"],
  unsupported: UNSUPPORTED_RULE_KEYS,
};
const DEFAULT: Shape = {
  what: "the default, such as `{ route: review }`",
  key: "a key of the default",
  keys: ["route"],
  unsupported: UNSUPPORTED_RULE_KEYS,
};

/** A policy as far as it could be read; where there was any problem, the document may lack parts. */
export interface ReadPolicy {
  readonly document: PolicyDocument;
  /** Where the rules stand, in their order. */
  readonly rulePlaces: readonly Place[];
  /** Whether all that decides about routes could be read: facts, rules and default. */
  readonly routesAreKnown: boolean;
}

/** Reads a whole policy into its normal form. */
export function readPolicy(tree: Tree, problems: Problems): ReadPolicy {
  const fields = fieldsOf(tree, POLICY, problems);
  const version = readVersion(fields?.get("version"), problems);
  const problemsBefore = problems.count;
  const { declarations, kinds } = readFacts(fields?.get("facts"), problems);
  const rules = readRules(
    fields?.get("rules"),
    new RuleReader(new ConditionReader(kinds, problems), problems),
    problems,
  );
  const fallback = fields && readDefault(tree, fields.get("default"), problems);
  const ruleTrees = fields?.get("rules");
  return {
    // Without a problem nothing is missing; should that ever be wrong, the strictest route stands in.
    document: { default: { route: fallback ?? "block" }, facts: declarations, rules, version },
    rulePlaces: ruleTrees?.kind === "list" ? ruleTrees.items.map(({ place }) => place) : [],
    routesAreKnown: fields !== undefined && problems.count === problemsBefore,
  };
}

function readVersion(tree: Tree | undefined, problems: Problems): number {
  if (tree === undefined) return 1;
  const version = readNumber(tree, "a whole number from 1", { min: 1 }, problems);
  if (version === undefined || Number.isInteger(version)) return version ?? 1;
  problems.expected(tree, "a whole number from 1");
  return 1;
}

function readDefault(parent: Tree, tree: Tree | undefined, problems: Problems): SupportedRoute | undefined {
  if (tree === undefined) {
    problems.add(parent.place, "expected `default`; it is missing: write `default: { route: review }`");
    return undefined;
  }
  const fields = fieldsOf(tree, DEFAULT, problems);
  return fields && readRoute(tree.place, fields.get("route"), problems);
}

function readRoute(parent: Place, tree: Tree | undefined, problems: Problems): SupportedRoute | undefined {
  if (tree === undefined) {
    problems.add(parent, `expected \`route\` (${SUPPORTED_ROUTES.join(", ")}); it is missing`);
    return undefined;
  }
  const word = tree.kind === "leaf" && typeof tree.value === "string" ? tree.value : "";
  const instead = UNSUPPORTED_ROUTES.get(word);
  if (instead === undefined) return readWord(tree, "a route", SUPPORTED_ROUTES, problems);
  problems.unsupported(tree.place, word, instead);
  return undefined;
}

function readRules(tree: Tree | undefined, reader: RuleReader, problems: Problems): RuleDocument[] {
  if (tree === undefined) return [];
  if (tree.kind !== "list") {
    problems.expected(tree, "a list of rules");
    return [];
  }
  if (tree.items.length > POLICY_LIMITS.rules) {
    problems.add(tree.place, `expected at most ${POLICY_LIMITS.rules} rules; seen ${tree.items.length}`);
    return [];
  }
  return tree.items.flatMap((item) => reader.read(item) ?? []);
}

class RuleReader {
  readonly #conditions: ConditionReader;
  readonly #problems: Problems;
  readonly #places = new Map<string, Place>();

  constructor(conditions: ConditionReader, problems: Problems) {
    this.#conditions = conditions;
    this.#problems = problems;
  }

  read(tree: Tree): RuleDocument | undefined {
    const fields = fieldsOf(tree, RULE, this.#problems);
    if (fields === undefined) return undefined;
    const id = this.#id(tree, fields.get("id"));
    const action = this.#names(fields.get("action"), "an action's name");
    const agent = this.#names(fields.get("agent"), "an agent's name");
    const whenTree = fields.get("when");
    const when = whenTree && this.#conditions.read(whenTree);
    const route = readRoute(tree.place, fields.get("route"), this.#problems);
    const explainTree = fields.get("explain");
    const explain = explainTree && readSentence(explainTree, this.#problems);
    if (id === undefined || route === undefined) return undefined;
    return {
      ...(action === undefined ? {} : { action }),
      ...(agent === undefined ? {} : { agent }),
      ...(explain === undefined ? {} : { explain }),
      id,
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

  #names(tree: Tree | undefined, what: string): string[] | undefined {
    if (tree === undefined) return undefined;
    const items =
      tree.kind === "list" ? itemsOf(tree, `${what} or a list of them, at least one`, this.#problems) : [tree];
    const names: string[] = [];
    for (const item of items) {
      const name = readName(item, what, MAX_NAME, this.#problems);
      if (name !== undefined && names.includes(name)) this.#problems.expected(item, `${what} not yet in this list`);
      if (name !== undefined) names.push(name);
    }
    return names;
  }
}

const MAX_NAME = 100;
