import { cp, mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    /** A `node_modules` in which Assent is installed, built from the sources as they are, beside all that it needs. */
    installedModules: string;
  }
}

const ROOT = resolve(import.meta.dirname, "../..");

/**
 * Installs Assent for the whole run, as those have it who use it. Commands start from there in half the time that they need
 * from the sources, and there is one of each module, also for configurations that import the package by its name.
 */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "assent-installed-"));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const modules = join(folder, "node_modules");
    await mkdir(join(modules, "assent"), { recursive: true });
    const others = (await readdir(join(ROOT, "node_modules"))).filter((name) => !name.startsWith("."));
    await Promise.all([
      ...others.map((name) => symlink(join(ROOT, "node_modules", name), join(modules, name))),
      cp(join(ROOT, "package.json"), join(modules, "assent/package.json")),
      build({
        entryPoints: [join(ROOT, "src/**/*.ts")],
        outdir: join(modules, "assent/dist"),
        format: "esm",
        platform: "node",
        target: "node20",
        tsconfig: join(ROOT, "tsconfig.json"),
        logLevel: "warning",
      }),
    ]);
    provide("installedModules", modules);
    return remove;
  } catch (error) {
    await remove();
    throw error;
  }
}
