import { createHash } from "node:crypto";
import { canonicalJson, type CanonicalJsonOptions } from "./canonical-json.js";

/**
 * The digest of a JSON value: `sha256:` and 64 lower-case hex digits, over the UTF-8 bytes of its canonical form.
 *
 * @throws AssentError as {@link canonicalJson} does.
 */
export function digest(value: unknown, options?: CanonicalJsonOptions): string {
  return digestText(canonicalJson(value, options));
}

/**
 * The digest of a text: `sha256:` and 64 lower-case hex digits, over its UTF-8 bytes. A lone surrogate has no UTF-8
 * form and is hashed as U+FFFD.
 */
export function digestText(text: string): string {
  return `sha256:${createHash("sha256").update(text, "utf8").digest("hex")}`;
}
