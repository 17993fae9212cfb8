import { describe, expect, test } from "vitest";
import ts from "typescript";
import { ENTRY_POINTS, MANIFEST } from "./entry-points.js";
import { filesUnder, importsOf, packageOf, parse, placeOf, target, visit, type Import } from "./source-files.js";

/** The folders of src; each imports only from those above it and from itself. */
const ORDER = [
  "model",
  "policy",
  "authority",
  "autonomy",
  "ledger",
  "audit",
  "checkpoint",
  "nodes",
  "patterns",
  "agents",
  "service",
  "console",
  "cli",
  "testing",
];

/** Who may read the command line and the environment. */
const READS_SURROUNDINGS = [/^src\/cli\//, /^src\/nodes\/host\.ts:/];

/** What pure code may take from Node. */
const PURE_FOLDERS = ["model", "authority", "autonomy"];
const PURE_BUILTINS = ["node:crypto", "node:os", "node:util"];
/** The one place in them that reads and writes files: where keys are kept. */
const KEEPS_FILES = "src/authority/key-folder.ts";

const sources = filesUnder("src").map((path) => ({ path, file: parse(path), imports: importsOf(parse(path)) }));
const programs = [...filesUnder("graphs"), ...filesUnder("examples")].map((path) => ({
  path,
  imports: importsOf(parse(path)),
}));

const isBare = ({ specifier }: Import): boolean => !specifier.startsWith(".") && !specifier.startsWith("node:");
const folderOf = (path: string): string => path.split("/")[1] ?? "";

test("the checks see the whole tree", () => {
  expect(sources.length).toBeGreaterThan(100);
  expect(sources.flatMap(({ imports }) => imports).length).toBeGreaterThan(300);
  expect(sources.flatMap(({ imports }) => imports).filter(({ typeOnly }) => typeOnly).length).toBeGreaterThan(50);
  expect(programs.length).toBeGreaterThan(10);
});

describe("src", () => {
  test("has only folders of the table", () => {
    const folders = new Set(sources.filter(({ path }) => path !== "src/index.ts").map(({ path }) => folderOf(path)));
    expect([...folders].filter((folder) => !ORDER.includes(folder))).toEqual([]);
  });

  test("imports only from folders above", () => {
    const wrong = sources
      .filter(({ path }) => path !== "src/index.ts")
      .flatMap(({ path, imports }) =>
        imports.flatMap(({ specifier, place }) => {
          const to = target(path, specifier);
          if (to === undefined) return [];
          const [own, theirs] = [ORDER.indexOf(folderOf(path)), ORDER.indexOf(folderOf(to))];
          return to.startsWith("src/") && theirs >= 0 && theirs <= own ? [] : [`${place} imports ${to}`];
        }),
      );
    expect(wrong).toEqual([]);
  });

  test("imports its own files by path, never by the package's name", () => {
    const own = sources.flatMap(({ imports }) => imports.filter(({ specifier }) => packageOf(specifier) === "assent"));
    expect(own).toEqual([]);
  });

  test("imports only packages that a user of it has, and others only where it gets to them", () => {
    const optional = Object.keys(MANIFEST.peerDependenciesMeta).filter(
      (name) => MANIFEST.peerDependenciesMeta[name]?.optional,
    );
    const declared = [...Object.keys(MANIFEST.dependencies), ...Object.keys(MANIFEST.peerDependencies)];
    const wrong = sources.flatMap(({ imports }) =>
      imports.filter(isBare).filter(({ specifier, typeOnly, lazy }) => {
        const name = packageOf(specifier);
        return !declared.includes(name) || (optional.includes(name) && !typeOnly && !lazy);
      }),
    );
    expect(wrong).toEqual([]);
  });

  test("uses every package that it makes a user install", () => {
    const used = new Set(
      sources.flatMap(({ imports }) => imports.filter(isBare).map((each) => packageOf(each.specifier))),
    );
    const unused = Object.keys(MANIFEST.dependencies).filter((name) => !used.has(name.replace("@types/", "")));
    expect(unused).toEqual([]);
  });

  test("has no cycle at run time", () => {
    expect(cycles(new Map(sources.map(({ path, imports }) => [path, runtimeTargets(path, imports)])))).toEqual([]);
  });

  test("keeps its pure folders free of I/O", () => {
    const wrong = sources
      .filter(({ path }) => PURE_FOLDERS.includes(folderOf(path)) && path !== KEEPS_FILES)
      .flatMap(({ imports }) => imports)
      .filter(({ specifier }) => specifier.startsWith("node:") && !PURE_BUILTINS.includes(specifier));
    expect(wrong).toEqual([]);
  });

  test("reads the command line and the environment in the CLI and the host check only", () => {
    const readers = sources.flatMap(({ file }) => surroundingsRead(file));
    expect(readers.length).toBeGreaterThan(1);
    expect(readers.filter((place) => !READS_SURROUNDINGS.some((allowed) => allowed.test(place)))).toEqual([]);
  });
});

describe("graphs and examples", () => {
  test("import public names, packages and their own files", () => {
    const names = ENTRY_POINTS.map(({ name }) => name);
    const wrong = programs.flatMap(({ path, imports }) =>
      imports
        .filter(({ specifier }) => {
          if (packageOf(specifier) === "assent") return !names.includes(specifier);
          const to = target(path, specifier);
          if (to === undefined) return false;
          return !(to.startsWith("graphs/") || (path.startsWith("examples/") && to.startsWith("examples/")));
        })
        .map(({ specifier, place }) => `${place} imports ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  test("use the public names", () => {
    const used = programs.flatMap(({ imports }) =>
      imports.filter(({ specifier }) => packageOf(specifier) === "assent"),
    );
    expect(used.length).toBeGreaterThan(5);
  });
});

describe("the checks themselves", () => {
  test("see every kind of import", () => {
    const text = `import a from "a"; import type b from "b"; export * from "c"; export type { d } from "d";
      const e = await import("e"); type F = import("f").F; import { type g } from "g"; import "h";`;
    const seen = importsOf(ts.createSourceFile("x.ts", text, ts.ScriptTarget.ES2023, true));
    expect(seen.filter(({ lazy }) => lazy).map(({ specifier }) => specifier)).toEqual(["e"]);
    expect(Object.fromEntries(seen.map(({ specifier, typeOnly }) => [specifier, typeOnly]))).toEqual({
      a: false,
      b: true,
      c: false,
      d: true,
      e: false,
      f: true,
      g: false,
      h: false,
    });
  });

  test("see a cycle", () => {
    const found = cycles(
      new Map([
        ["a", ["b"]],
        ["b", ["c"]],
        ["c", ["d", "a"]],
        ["d", []],
      ]),
    );
    expect(found).toEqual(["a → b → c → a"]);
  });

  test("see the environment behind every spelling", () => {
    const text = `process.env.A; process["argv"]; const { env } = process; import { argv } from "node:process"; process.pid;`;
    expect(surroundingsRead(ts.createSourceFile("x.ts", text, ts.ScriptTarget.ES2023, true))).toHaveLength(4);
  });
});

function runtimeTargets(path: string, imports: readonly Import[]): string[] {
  return imports.filter(({ typeOnly }) => !typeOnly).flatMap(({ specifier }) => target(path, specifier) ?? []);
}

/** Every way round, each from where the search met it first. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (node: string, trail: readonly string[]): void => {
    const from = trail.indexOf(node);
    if (from >= 0) {
      found.push([...trail.slice(from), node].join(" → "));
      return;
    }
    if (done.has(node)) return;
    for (const next of graph.get(node) ?? []) walk(next, [...trail, node]);
    done.add(node);
  };
  for (const node of graph.keys()) walk(node, []);
  return found;
}

/** The places where a file reads `process.env` or `process.argv`, however it is spelt. */
function surroundingsRead(file: ts.SourceFile): string[] {
  const isName = (text: string): boolean => text === "env" || text === "argv";
  const isProcess = (node: ts.Node | undefined): boolean =>
    node !== undefined && ts.isIdentifier(node) && node.text === "process";
  const places: string[] = [];
  visit(file, (node) => {
    const reads =
      (ts.isPropertyAccessExpression(node) && isProcess(node.expression) && isName(node.name.text)) ||
      (ts.isElementAccessExpression(node) &&
        isProcess(node.expression) &&
        ts.isStringLiteralLike(node.argumentExpression) &&
        isName(node.argumentExpression.text)) ||
      (ts.isVariableDeclaration(node) && isProcess(node.initializer) && /\b(env|argv)\b/.test(node.name.getText())) ||
      (ts.isImportDeclaration(node) &&
        ts.isStringLiteral(node.moduleSpecifier) &&
        node.moduleSpecifier.text.replace("node:", "") === "process");
    if (reads) places.push(placeOf(node));
  });
  return places;
}
