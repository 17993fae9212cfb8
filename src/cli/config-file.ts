import { join } from "node:path";
import { AssentError } from "../model/error.js";
import type { AssentConfig } from "../service/config.js";
import { isFile, loadModule, NotLoaded, wordsOf } from "./load-module.js";

/** Where a configuration is looked for, unless one is named. */
const NAMES = ["assent.config.ts", "assent.config.js", "assent.config.mjs"];

/** A configuration, and the file that it is from. */
export interface ConfigFile {
  file: string;
  config: AssentConfig;
}

/** The file of the configuration: the one that is named, or the first of the usual ones that there is. */
export async function configFileIn(directory: string, named: string | undefined): Promise<string | undefined> {
  if (named !== undefined) return named;
  for (const name of NAMES) if (await isFile(join(directory, name))) return name;
  return undefined;
}

/**
 * Loads the configuration. This runs the file.
 *
 * @throws AssentError `config_invalid` if there is none, it cannot be loaded, or it does not export one.
 */
export async function loadConfig(directory: string, named: string | undefined): Promise<ConfigFile> {
  const file = await configFileIn(directory, named);
  if (file === undefined) {
    throw new AssentError("config_invalid", {
      what: `There is no ${NAMES.join(", ")} here`,
      where: directory,
      fix: "Write one, with `export default defineConfig({ assent, graphs })` of assent/service; or name it: --config PATH",
    });
  }
  // What runs graphs is loaded by those commands alone that need it: most of them start in a fraction of the time.
  const { defineConfig } = await import("../service/config.js");
  const module = await loaded(directory, file);
  const config = await (module["default"] as AssentConfig | Promise<AssentConfig> | undefined);
  if (config === undefined) {
    throw new AssentError("config_invalid", {
      what: "The file has no default export",
      where: file,
      fix: "export default defineConfig({ assent, graphs })",
    });
  }
  return { file, config: defineConfig(config) };
}

async function loaded(directory: string, file: string): Promise<Record<string, unknown>> {
  let module: Record<string, unknown> | NotLoaded;
  try {
    module = await loadModule(directory, file);
  } catch (cause) {
    // What Assent says of itself in there, such as keys that are missing, says best what to do.
    if (AssentError.isInstance(cause)) throw cause;
    throw new AssentError("config_invalid", {
      what: `The configuration throws while it is loaded: ${wordsOf(cause)}`,
      where: file,
      cause,
    });
  }
  if (!(module instanceof NotLoaded)) return module;
  throw new AssentError("config_invalid", { what: module.what, where: file, fix: module.fix });
}
