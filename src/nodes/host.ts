import { Trust } from "../model/trust.js";
import { AssentError } from "../model/error.js";

/**
 * What the process's surroundings say. Outside the command line these are the only two variables that Assent reads;
 * both matter only where the program itself says nothing.
 */

/**
 * The trust mode that `ASSENT_TRUST` asks for. An explicit `trust` always wins over it.
 *
 * @throws AssentError `config_invalid` if it holds anything but `verified` or `open`.
 */
export function trustFromEnvironment(): Trust | undefined {
  const value = process.env["ASSENT_TRUST"];
  if (value === undefined || value === "") return undefined;
  return knownTrust(value, "ASSENT_TRUST");
}

/**
 * The trust mode that was asked for; a word that is none must not pass for one.
 *
 * @throws AssentError `config_invalid` if it is anything but `verified` or `open`.
 */
export function knownTrust(value: unknown, where = "trust"): Trust {
  const parsed = Trust.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new AssentError("config_invalid", { what: `${where} must be \`verified\` or \`open\``, where, seen: value });
}

/** Whether a LangGraph API server runs this process: `langgraphjs dev` and its kin set this variable. */
export function underLangGraphServer(): boolean {
  return process.env["LANGGRAPH_API_URL"] !== undefined;
}
