import { readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path/posix";
import ts from "typescript";
import { expect, test } from "vitest";
import { ROOT } from "./entry-points.js";
import { filesUnder, parse, visit } from "./source-files.js";

/** The top-level folders of the repository; those that start with a dot belong to tools. */
const FOLDERS = ["examples", "graphs", "src", "test"];

/** Names that say nothing about what is inside. */
const BANNED = /^(utils?|helpers?|common|misc|lib|shared|types?|interfaces|constants)(\.(test\.)?ts)?$/;

/** Folders of test/ that look at something else than one folder of src. */
const TEST_TOPICS = ["attacks", "bench", "crash", "e2e", "examples", "graphs", "package", "support"];

const CODE_LINES_MAX = 300;

/** What git ignores at the top level, as plain names. */
function ignored(): string[] {
  const lines = readFileSync(`${ROOT}.gitignore`, "utf8").split("\n");
  return lines.filter((line) => line.endsWith("/")).map((line) => line.slice(0, -1));
}

/** How many lines of a file hold more than comment or space. */
function codeLines(file: ts.SourceFile): number {
  const lines = new Set<number>();
  visit(file, (node) => {
    if (node.getChildCount() > 0 || node.kind === ts.SyntaxKind.EndOfFileToken || ts.isJSDoc(node)) return;
    const { line: first } = file.getLineAndCharacterOfPosition(node.getStart());
    const { line: last } = file.getLineAndCharacterOfPosition(node.getEnd());
    for (let line = first; line <= last; line += 1) lines.add(line);
  });
  return lines.size;
}

const files = ["src", "graphs", "examples", "test"].flatMap((folder) => filesUnder(folder));

test("the checks see the whole tree", () => {
  expect(files.length).toBeGreaterThan(150);
});

test("the top level has the folders of the layout and no other", () => {
  const found = readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map(({ name }) => name);
  expect(found.filter((name) => !ignored().includes(name) && !FOLDERS.includes(name))).toEqual([]);
});

test("every file and folder is named after what is in it", () => {
  expect(files.filter((path) => path.split("/").some((part) => BANNED.test(part)))).toEqual([]);
});

test("names are lower case with hyphens", () => {
  expect(files.filter((path) => !/^[a-z0-9/.-]+$/.test(path))).toEqual([]);
});

test("tests mirror the sources", () => {
  const sourceFolders = new Set(filesUnder("src").map((path) => dirname(path).replace(/^src/, "test")));
  const stray = new Set(
    filesUnder("test")
      .map((path) => dirname(path))
      .filter((folder) => !TEST_TOPICS.includes(folder.split("/")[1] ?? "") && !sourceFolders.has(folder)),
  );
  expect([...stray]).toEqual([]);
});

test(`no source file holds more than ${CODE_LINES_MAX} lines of code`, () => {
  const counted = filesUnder("src").map((path) => ({ path, lines: codeLines(parse(path)) }));
  expect(counted.reduce((sum, { lines }) => sum + lines, 0)).toBeGreaterThan(3000);
  expect(counted.filter(({ lines }) => lines > CODE_LINES_MAX)).toEqual([]);
});

test("comments and blank lines do not count as code", () => {
  const text = "/** A.\n * B.\n */\nconst a = 1;\n\n// c\nconst d = `e\nf`;\n";
  expect(codeLines(ts.createSourceFile("x.ts", text, ts.ScriptTarget.ES2023, true))).toBe(3);
});
