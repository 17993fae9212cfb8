import { existsSync, readFileSync } from "node:fs";
import * as assent from "assent";
import { expect, test } from "vitest";
import { ROOT } from "./entry-points.js";

const { graphs } = JSON.parse(readFileSync(`${ROOT}langgraph.json`, "utf8")) as { graphs: Record<string, string> };
const readme = readFileSync(`${ROOT}README.md`, "utf8");
const pictures = readFileSync(`${ROOT}graphs/README.md`, "utf8");

/** The rows of README's table of patterns. */
const rows = readme
  .slice(readme.indexOf("| pattern | when |"))
  .split("\n\n")[0]!
  .split("\n")
  .slice(2)
  .map((row) => row.split("|").map((cell) => cell.trim()));

test.each(rows.map((cells) => [cells[1]!, ...cells.slice(4, 7)] as const))(
  "%s: its import, its graph and its picture are there",
  (_, imports, graph, picture) => {
    const [first] = imports.matchAll(/`(\w+)`/g);
    for (const [, name] of imports.matchAll(/`(\w+)`/g)) expect(assent).toHaveProperty(name!, expect.any(Function));
    expect(existsSync(`${ROOT}${graphs[graph.replaceAll("`", "")]?.split(":")[0]}`)).toBe(true);
    expect(picture).toBe(`[picture](graphs/README.md#${first![1]!.toLowerCase()})`);
    expect(pictures).toMatch(new RegExp(`^## ${first![1]}\\n\\n\`\`\`mermaid\\nflowchart LR\\n`, "m"));
  },
);

test("every graph but the large example's is in the table", () => {
  const told = rows.map((cells) => cells[5]!.replaceAll("`", ""));
  expect([...told, "mail-moderation"].toSorted()).toEqual(Object.keys(graphs).toSorted());
});
