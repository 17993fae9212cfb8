import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The folder of the package, with a slash at its end. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The parts of package.json that these checks read. */
export interface Manifest {
  name: string;
  version: string;
  bin: Record<string, string>;
  files: string[];
  exports: Record<string, string | { types: string; default: string }>;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional: boolean }>;
}

export const MANIFEST = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")) as Manifest;

/** One public name that code can be imported from. */
export interface EntryPoint {
  /** What users import: `assent` or `assent/…`. */
  name: string;
  /** A word for files about it: `assent`, `postgres`, … */
  word: string;
  /** Its source, from the root. */
  source: string;
  /** Its declarations once built, from the root. */
  declarations: string;
}

/** Every entry point with code, as package.json's `exports` has them. */
export const ENTRY_POINTS: readonly EntryPoint[] = Object.entries(MANIFEST.exports).flatMap(([subpath, target]) => {
  if (typeof target === "string") return [];
  const declarations = target.types.replace("./", "");
  return [
    {
      name: subpath.replace(".", MANIFEST.name),
      word: subpath === "." ? MANIFEST.name : subpath.replace("./", ""),
      source: declarations.replace("dist/", "src/").replace(".d.ts", ".ts"),
      declarations,
    },
  ];
});
