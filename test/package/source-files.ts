import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path/posix";
import ts from "typescript";
import { ROOT } from "./entry-points.js";

/** The TypeScript files under a folder, as paths from the root with forward slashes, in order. */
export function filesUnder(folder: string): string[] {
  if (!existsSync(`${ROOT}${folder}`)) return [];
  return readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(".ts"))
    .toSorted();
}

export function parse(path: string): ts.SourceFile {
  return ts.createSourceFile(path, readFileSync(`${ROOT}${path}`, "utf8"), ts.ScriptTarget.ES2023, true);
}

/** Visits every node of a file, outermost first. */
export function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  ts.forEachChild(node, (child) => {
    visit(child, see);
  });
}

/** Where a node stands, for a message: `path:line`. */
export function placeOf(node: ts.Node): string {
  const file = node.getSourceFile();
  return `${file.fileName}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
}

/** One import of any kind. */
export interface Import {
  /** The name between the quotes. */
  specifier: string;
  /** Whether nothing of it is left at run time. */
  typeOnly: boolean;
  /** Whether it is loaded only where the program gets to it. */
  lazy: boolean;
  /** `path:line`. */
  place: string;
}

/** Every import of a file: `import`, `import type`, `export … from`, `import()` and the type `import("…")`. */
export function importsOf(file: ts.SourceFile): Import[] {
  const found: Import[] = [];
  const add = (name: ts.Node | undefined, typeOnly: boolean, lazy = false): void => {
    if (name !== undefined && ts.isStringLiteralLike(name)) {
      found.push({ specifier: name.text, typeOnly, lazy, place: placeOf(name) });
    }
  };
  visit(file, (node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, node.importClause?.isTypeOnly ?? false);
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false, true);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
  });
  return found;
}

/** The file that a relative import of `from` means, as a path from the root; undefined for packages. */
export function target(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const path = normalize(join(dirname(from), specifier)).replace(/\.js$/, ".ts");
  return existsSync(`${ROOT}${path}`) || !existsSync(`${ROOT}${path.replace(/\.ts$/, ".d.ts")}`)
    ? path
    : path.replace(/\.ts$/, ".d.ts");
}

/** The package of a bare import: `@langchain/core` for `@langchain/core/messages`. */
export function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
