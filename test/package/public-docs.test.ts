import { existsSync, readFileSync } from "node:fs";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { ENTRY_POINTS, ROOT } from "./entry-points.js";
import { complaintsAbout, examplesIn, fencesIn } from "./example-code.js";
import { filesUnder } from "./source-files.js";

const program = ts.createProgram(
  ENTRY_POINTS.map(({ source }) => `${ROOT}${source}`),
  { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2023, strict: true, skipLibCheck: true, noEmit: true },
);
const checker = program.getTypeChecker();

/** What an entry point exports, with re-exports followed to the declaration. */
function exportsOf(source: string): { name: string; symbol: ts.Symbol }[] {
  const file = program.getSourceFile(`${ROOT}${source}`);
  const module = file === undefined ? undefined : checker.getSymbolAtLocation(file);
  if (module === undefined) return [];
  return checker.getExportsOfModule(module).map((symbol) => ({
    name: symbol.name,
    symbol: symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
  }));
}

const isCallable = (symbol: ts.Symbol): boolean =>
  (symbol.flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Class)) !== 0;
const hasExample = (symbol: ts.Symbol): boolean => symbol.getJsDocTags(checker).some(({ name }) => name === "example");

const DOCUMENTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].filter((path) => existsSync(`${ROOT}${path}`));

describe("what users can import", () => {
  test.each(ENTRY_POINTS)("is explained, name by name: $name", ({ source }) => {
    const exported = exportsOf(source);
    expect(exported.length).toBeGreaterThan(0);
    const silent = exported.filter(({ symbol }) => symbol.getDocumentationComment(checker).length === 0);
    expect(silent.map(({ name }) => name)).toEqual([]);
  });

  test.each(ENTRY_POINTS)("is a described module: $name", ({ source }) => {
    expect(readFileSync(`${ROOT}${source}`, "utf8")).toMatch(
      /^\/\*\*\n \* [A-Z][\s\S]*? \* @packageDocumentation\n \*\//,
    );
  });

  test("has an example for every function and class of the main entry", () => {
    const callable = exportsOf("src/index.ts").filter(({ symbol }) => isCallable(symbol));
    expect(callable.length).toBeGreaterThan(8);
    expect(callable.filter(({ symbol }) => !hasExample(symbol)).map(({ name }) => name)).toEqual([]);
  });
});

describe("the examples of the documentation", () => {
  const examples = [...filesUnder("src"), ...DOCUMENTS].flatMap((path) => examplesIn(path));

  test("compile against the public names", () => {
    expect(examples.length).toBeGreaterThan(10);
    expect(complaintsAbout(examples)).toEqual([]);
  });

  test("say openly which language they are in", () => {
    const nameless = DOCUMENTS.flatMap((path) => fencesIn(path, readFileSync(`${ROOT}${path}`, "utf8")));
    expect(nameless.filter(({ info }) => info === "").map(({ place }) => place)).toEqual([]);
  });

  test("would be found wanting if they did not compile", () => {
    const found = complaintsAbout([
      { place: "fine", code: 'import { createAssent } from "assent";\nvoid createAssent;' },
      { place: "wrong", code: 'import { noSuchName } from "assent";' },
    ]);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^wrong: .*noSuchName/);
  });

  test("are found in Markdown and in doc comments alike", () => {
    const markdown = "Text\n\n```ts\nconst a = 1;\n```\n\n```sh\nls\n```\n";
    const comment = "/**\n * Text\n * ```ts\n * const a = {\n *   b: 1,\n *\n * };\n * ```\n */\n";
    expect(fencesIn("m", markdown).map(({ place, info, code }) => [place, info, code])).toEqual([
      ["m:3", "ts", "const a = 1;\n"],
      ["m:7", "sh", "ls\n"],
    ]);
    expect(fencesIn("c", comment)[0]?.code).toBe("const a = {\n  b: 1,\n\n};\n");
  });
});
