import { digest } from "./digest.js";

const PREFIX = {
  proposal: "pr",
  review: "rv",
  decision: "dc",
  permit: "pm",
  case: "au",
  stage: "sg",
  halt: "ht",
  reviewer: "rr",
} as const;

/**
 * A deterministic id: the same parts always give the same id, so writing a thing twice is writing it once. 128 bits
 * of SHA-256, behind a prefix that tells what it names.
 */
export function identifier(kind: keyof typeof PREFIX, parts: readonly (string | number)[]): string {
  const hex = digest([kind, ...parts]).replace(/^sha256:/, "");
  return `${PREFIX[kind]}_${hex.slice(0, 32)}`;
}
