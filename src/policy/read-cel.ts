import { visibleText } from "../model/visible-text.js";
import { CEL_LIMITS, celOver, CLOCK_FACTS } from "./cel.js";
import type { ConditionSettings } from "./read-condition.js";
import type { Tree } from "./tree.js";

/** Reads a CEL expression; what is wrong with it is told with its place in the expression. */
export function readCel(tree: Tree, { kinds, problems }: ConditionSettings): string {
  const text = tree.kind === "leaf" && typeof tree.value === "string" ? tree.value.trim() : "";
  if (text === "" || text.length > CEL_LIMITS.characters || visibleText(text) !== text) {
    problems.expected(
      tree,
      `an expression in CEL such as "hour < 6 || hour > 22" (1 to ${CEL_LIMITS.characters} visible characters)`,
    );
    return "";
  }
  const language = celOver(kinds);
  const expression = language.parse(text);
  if ("run" in expression) {
    for (const name of CLOCK_FACTS) {
      if (kinds.has(name) && expression.names.includes(name)) {
        problems.add(
          tree.place,
          `\`${name}\` in CEL is the clock's, and a declared fact of that name as well; rename the fact`,
        );
      }
    }
    return text;
  }
  const at = placeIn(text, expression.offset);
  const { unknown } = expression;
  if (unknown === undefined) {
    problems.add(tree.place, `expected an expression in CEL that is true or false; ${at}: ${expression.text}`);
  } else problems.unknownWord(tree.place, unknown, `a declared fact in CEL, ${at}`, language.names);
  return text;
}

function placeIn(text: string, offset: number): string {
  const before = text.slice(0, offset).split("\n");
  const column = (before.at(-1)?.length ?? 0) + 1;
  return text.includes("\n") ? `in line ${before.length}, column ${column} of it` : `in column ${column} of it`;
}
