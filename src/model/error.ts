import { ERROR_CODES, type ErrorCode } from "./error-codes.js";

const BRAND = Symbol.for("assent.error");

/** What an {@link AssentError} tells besides its code. */
export interface ErrorDetail {
  /** What happened, in one sentence, with the thing's name in it. */
  what: string;
  /** Where: a JSON path, a file with line and column, a review id. */
  where?: string;
  /** The value that was seen; shortened when shown. */
  seen?: unknown;
  /** What the reader can do now. */
  fix?: string;
  /** The error underneath, if there is one. */
  cause?: unknown;
}

/**
 * The one error that Assent throws. `code` is stable and closed, so a `switch` over it is exhaustive; `httpStatus`
 * and `retryable` come from the table {@link ERROR_CODES}.
 *
 * Use {@link AssentError.isInstance} rather than `instanceof`: two copies of the package may be loaded.
 *
 * @example
 * ```ts
 * import { AssentError } from "assent";
 *
 * export function explain(error: unknown): string {
 *   return AssentError.isInstance(error) ? `${error.code}: ${error.message}` : "not ours";
 * }
 * ```
 */
export class AssentError extends Error {
  /** The stable code. */
  readonly code: ErrorCode;
  /** The status an HTTP service answers with. */
  readonly httpStatus: number;
  /** Whether the same call may succeed later with the same input. */
  readonly retryable: boolean;
  /** Where it happened, if that can be named. */
  readonly where: string | undefined;
  /** The value seen. */
  readonly seen: unknown;
  /** What to do about it. */
  readonly fix: string | undefined;

  constructor(code: ErrorCode, detail: ErrorDetail) {
    super(sentence(detail), detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = "AssentError";
    this.code = code;
    this.httpStatus = ERROR_CODES[code].http;
    this.retryable = ERROR_CODES[code].retryable;
    this.where = detail.where;
    this.seen = detail.seen;
    this.fix = detail.fix;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Whether `value` is an AssentError, also one of another copy of the package, and optionally of one code. */
  static isInstance(value: unknown, code?: ErrorCode): value is AssentError {
    if (typeof value !== "object" || value === null || !(BRAND in value)) return false;
    return code === undefined || (value as unknown as AssentError).code === code;
  }
}

/** A value as it may stand in a message: short, on one line, never throwing. */
export function shown(value: unknown): string {
  let text: string;
  try {
    text = typeof value === "string" ? JSON.stringify(value) : (JSON.stringify(value) ?? String(value));
  } catch {
    // A bigint, a cycle, or something that throws when it is touched.
    text = typeof value;
  }
  // Half a character at the cut would make the message a text that not every store can keep.
  return text.length > 120 ? `${text.slice(0, 117).replace(/\p{Surrogate}$/u, "")}...` : text;
}

function sentence({ what, where, seen, fix }: ErrorDetail): string {
  const at = where === undefined ? "" : ` (at ${where})`;
  const value = seen === undefined ? "" : `; seen: ${shown(seen)}`;
  // A stop of its own would stand in the middle, or twice.
  const head = at === "" && value === "" && fix === undefined ? what : what.replace(/(?<!\.)\.$/, "");
  const said = `${head}${at}${value}`;
  return fix === undefined ? said : `${said}${said.endsWith(".") ? "" : "."} ${fix}`;
}
