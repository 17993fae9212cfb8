import { readFileSync } from "node:fs";
import ts from "typescript";
import { expect, test } from "vitest";
import { ROOT } from "./entry-points.js";
import { filesUnder, parse, visit } from "./source-files.js";

/** What the README says of where a gate may stand: the first cell of every row. */
function listed(): string[] {
  const readme = readFileSync(`${ROOT}README.md`, "utf8");
  const section = readme.split("\n## ").find((text) => text.startsWith("Where a gate may stand\n")) ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("| "));
  return rows.slice(2).map((row) => row.split(" | ")[0]!.slice(2).trim());
}

/** What the tests of combinations describe, outermost. */
function described(): string[] {
  const files = filesUnder("test/patterns").filter((path) => path.includes("/combinations-"));
  return files.flatMap((path) =>
    parse(path).statements.flatMap((statement) => {
      const titles: string[] = [];
      visit(statement, (node) => {
        if (!ts.isCallExpression(node) || node.expression.getText() !== "describe") return;
        const [title] = node.arguments;
        if (node.parent === statement && title !== undefined && ts.isStringLiteralLike(title)) titles.push(title.text);
      });
      return titles;
    }),
  );
}

test("every combination that the README lists is tested under that name, and every one that is tested is listed", () => {
  expect(listed().length).toBeGreaterThan(8);
  expect(described().toSorted()).toEqual(listed().toSorted());
});
