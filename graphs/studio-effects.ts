import { appendFile, mkdir } from "node:fs/promises";
import { join } from "node:path";

const FOLDER = join(".assent", "studio");

/** Leaves a line in `.assent/studio/<kind>.ndjson`: what an effect is in a trial, so that one can look at what ran. */
export async function recordEffect(kind: string, effect: Record<string, unknown>): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  await appendFile(join(FOLDER, `${kind}.ndjson`), `${JSON.stringify(effect)}\n`);
}
