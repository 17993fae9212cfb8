import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * An effect that its key makes idempotent, as a payment service would: a file by the key's name, written once. Says
 * whether it was new.
 */
export function effectByKey(folder: string, key: string): boolean {
  try {
    writeFileSync(join(folder, key), `${process.pid}\n`, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** The keys of all effects there were. */
export function effectKeys(folder: string): string[] {
  return readdirSync(folder).toSorted();
}
