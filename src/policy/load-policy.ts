import { readFile } from "node:fs/promises";
import { AssentError } from "../model/error.js";
import { parsePolicy } from "./parse.js";
import type { Policy } from "./policy.js";

/**
 * Loads a policy from a YAML or JSON file in UTF-8. The file is read once; a later change of it changes nothing.
 *
 * @throws AssentError `policy_unreadable` if the file cannot be read, else as {@link parsePolicy} does.
 *
 * @example
 * ```ts
 * import { loadPolicy } from "assent";
 *
 * const refunds = await loadPolicy("./policy.yaml");
 * console.log(refunds.version, refunds.digest);
 * ```
 */
export async function loadPolicy(path: string): Promise<Policy> {
  return parsePolicy(await textOf(path), { file: path });
}

async function textOf(path: string): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await readFile(path));
  } catch (cause) {
    throw new AssentError("policy_unreadable", {
      what: `The policy file cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      where: path,
      fix: "Check that the path is right from where the process runs, and that the file is UTF-8 text it may read.",
      cause,
    });
  }
}
