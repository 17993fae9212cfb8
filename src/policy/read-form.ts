import { AssentError } from "../model/error.js";
import { canonicalJson } from "../model/canonical-json.js";
import type { Problems } from "./problems.js";
import { plainOf, type Tree } from "./tree.js";

const TYPES = ["object", "string", "number", "integer", "boolean", "array", "null"];
const MAX_BYTES = 16 * 1024;

/**
 * Reads the JSON Schema of an answer: a plain one, without references, that says what it describes. Its keys come back
 * in one order, so that the same form is the same text.
 */
export function readForm(tree: Tree, problems: Problems): Record<string, unknown> | undefined {
  const what = "the JSON Schema of an answer, such as `{ type: object, properties: { until: { type: string } } }`";
  if (tree.kind !== "map") {
    problems.expected(tree, what);
    return undefined;
  }
  const before = problems.count;
  check(tree, problems);
  if (problems.count > before) return undefined;
  try {
    const form = JSON.parse(canonicalJson(plainOf(tree), { maxBytes: MAX_BYTES })) as Record<string, unknown>;
    if (["type", "enum", "oneOf", "anyOf", "allOf"].some((key) => Object.hasOwn(form, key))) return form;
    problems.expected(tree, what);
  } catch (error) {
    problems.add(tree.place, AssentError.isInstance(error) ? error.message : `expected ${what}`);
  }
  return undefined;
}

function check(tree: Tree, problems: Problems): void {
  if (tree.kind === "list") for (const item of tree.items) check(item, problems);
  if (tree.kind !== "map") return;
  for (const { key, place, value } of tree.entries) {
    if (key === "$ref" || key === "$dynamicRef")
      problems.add(place, `expected a schema without references; seen \`${key}\``);
    if (key === "pattern" || key === "patternProperties") {
      problems.add(
        place,
        `expected a schema without regular expressions; seen \`${key}\`, which can take for ever to check`,
      );
    }
    if (key !== "properties") {
      if (key === "type" && value.kind === "leaf" && !TYPES.includes(String(value.value))) {
        problems.unknownWord(value.place, String(value.value), "a JSON type", TYPES);
      }
      check(value, problems);
    } else if (value.kind === "map") for (const property of value.entries) check(property.value, problems);
  }
}
