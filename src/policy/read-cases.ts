import type { PolicyInput } from "../model/facts.js";
import { ROUTES } from "../model/routing.js";
import type { PolicyCase, PolicyExpectation } from "./cases.js";
import { readName, readText, readWord } from "./fields.js";
import type { Problems } from "./problems.js";
import { fieldsIn, type Form, readInput, reading, treeWithin } from "./read-proposal.js";
import { type Place, plainOf, type Tree, treeOf } from "./tree.js";

/** A case that makes sense. */
export interface ReadCase {
  readonly name: string;
  readonly input: PolicyInput;
  readonly expect: PolicyExpectation;
}

const CASE: Form = {
  what: "a case such as `{ name: sure, action: refund, facts: { confidence: 0.95 }, expect: { route: execute } }`",
  key: "a key of a case",
  keys: ["name", "action", "agent", "facts", "at", "history", "expect"],
};
const EXPECTATION: Form = {
  what: "what is expected, such as `{ route: review }`",
  key: "a key of what is expected",
  keys: ["route", "rules", "requires"],
};
const MAX_NAME = 200;

/**
 * Reads a table of cases, from text or as it is.
 *
 * @throws AssentError `policy_cases_invalid`.
 */
export function readCases(cases: string | readonly PolicyCase[], file: string): readonly ReadCase[] {
  return reading(file, (problems) => {
    const tree = typeof cases === "string" ? treeWithin(cases, problems) : treeOf(cases, problems);
    if (tree.kind !== "list" || tree.items.length === 0) {
      problems.expected(tree, "a list of cases, at least one");
      return undefined;
    }
    const places = new Map<string, Place>();
    return tree.items.flatMap((item) => readCase(item, places, problems) ?? []);
  });
}

function readCase(tree: Tree, places: Map<string, Place>, problems: Problems): ReadCase | undefined {
  const fields = fieldsIn(tree, CASE, problems);
  if (fields === undefined) return undefined;
  const name = readOwnName(tree, fields.get("name"), places, problems);
  const input = readInput(tree, fields, problems);
  const expect = readExpectation(tree, fields.get("expect"), problems);
  if (name === undefined || input === undefined || expect === undefined) return undefined;
  return { name, input, expect };
}

function readOwnName(
  parent: Tree,
  tree: Tree | undefined,
  places: Map<string, Place>,
  problems: Problems,
): string | undefined {
  if (tree === undefined) {
    problems.add(parent.place, "expected `name`; it is missing");
    return undefined;
  }
  const name = readName(tree, "a name", MAX_NAME, problems);
  if (name === undefined) return undefined;
  const other = places.get(name);
  if (other !== undefined) {
    const line = other.line === undefined ? "" : ` in line ${other.line}`;
    problems.add(tree.place, `expected a name of its own; seen ${JSON.stringify(name)}, as at ${other.path}${line}`);
  }
  places.set(name, tree.place);
  return name;
}

function readExpectation(parent: Tree, tree: Tree | undefined, problems: Problems): PolicyExpectation | undefined {
  if (tree === undefined) {
    problems.add(parent.place, "expected `expect`; it is missing: write `expect: { route: review }`");
    return undefined;
  }
  const fields = fieldsIn(tree, EXPECTATION, problems);
  if (fields === undefined) return undefined;
  const routeTree = fields.get("route");
  if (routeTree === undefined) problems.add(tree.place, `expected \`route\` (${ROUTES.join(", ")}); it is missing`);
  const route = routeTree && readWord(routeTree, "a route", ROUTES, problems);
  const rules = readIds(fields.get("rules"), problems);
  const requiresTree = fields.get("requires");
  if (requiresTree !== undefined && requiresTree.kind !== "map") {
    problems.expected(requiresTree, "parts of a requirement, such as `{ otherwise: hold }`");
  }
  if (route === undefined) return undefined;
  const requires = requiresTree?.kind === "map" ? { requires: plainOf(requiresTree) as Record<string, unknown> } : {};
  return { route, ...(rules === undefined ? {} : { rules }), ...requires };
}

function readIds(tree: Tree | undefined, problems: Problems): string[] | undefined {
  if (tree === undefined) return undefined;
  if (tree.kind === "list") return tree.items.flatMap((item) => readText(item, problems) ?? []);
  problems.expected(tree, "a list of rule ids, empty for none");
  return undefined;
}
