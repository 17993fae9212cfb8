import { stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { AssentError } from "../model/error.js";

/** Why a file of the user's does not give what it is read for. */
export class NotLoaded {
  readonly what: string;
  readonly fix: string;

  constructor(what: string, fix: string) {
    this.what = what;
    this.fix = fix;
  }
}

/**
 * What a file of the user's exports, TypeScript or not. This runs the file.
 *
 * @throws whatever the file throws.
 */
export async function loadModule(directory: string, file: string): Promise<Record<string, unknown> | NotLoaded> {
  const path = resolve(directory, file);
  if (!(await isFile(path)))
    return new NotLoaded(`There is no file ${file}.`, "Name the file relative to this folder.");
  if (/\.[cm]?tsx?$/.test(path) && !(await readsTypeScript(directory))) {
    return new NotLoaded(
      `${file} is TypeScript, and tsx is not installed here.`,
      "npm install --save-dev tsx; or name the built JavaScript file.",
    );
  }
  return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
}

/** Whether there is a file of this name. */
export async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

let isRegistered = false;

/** Makes TypeScript files loadable by the project's own tsx, or by Node itself where it can. */
async function readsTypeScript(directory: string): Promise<boolean> {
  if (isRegistered) return true;
  let found: string;
  try {
    found = createRequire(join(directory, "package.json")).resolve("tsx/esm/api");
  } catch {
    return Boolean((process.features as { typescript?: unknown }).typescript);
  }
  // Only the CommonJS file can be found from another folder; the one for import() lies beside it.
  const api = pathToFileURL(found.replace(/\.cjs$/, ".mjs")).href;
  const { register } = (await import(api)) as { register: () => unknown };
  register();
  isRegistered = true;
  return true;
}

/** What was thrown, in its own words. */
export function wordsOf(error: unknown): string {
  if (AssentError.isInstance(error) || error instanceof Error) return error.message;
  return String(error);
}
