import { join } from "node:path";
import { loadKeys } from "assent";

/**
 * What the graphs of LangGraph Studio check decisions with, where the server is told to be verified: a key of this
 * folder alone, so that a trial's decisions count nowhere else.
 */
export const studioKeys = await loadKeys(join(".assent", "studio", "keys"), { create: true });
