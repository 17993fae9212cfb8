import { types } from "node:util";
import canonicalize from "canonicalize";
import { AssentError } from "./error.js";
import { isLangChainRecord } from "./langchain-record.js";
import { oneLine } from "./visible-text.js";

/** How many arrays and objects may lie inside each other, the outermost included. */
export const MAX_JSON_DEPTH = 64;
/** How many bytes of UTF-8 a canonical form may take unless the caller says otherwise. */
export const MAX_JSON_BYTES = 64 * 1024;

/** How {@link canonicalJson} may be limited. */
export interface CanonicalJsonOptions {
  /** The most bytes of UTF-8 the result may have; {@link MAX_JSON_BYTES} if left out. */
  maxBytes?: number;
}

/**
 * The one JSON text of a value, by RFC 8785: keys sorted by UTF-16 code unit, shortest numbers, no whitespace. Two
 * values have the same text exactly when they are the same JSON; `-0` is written as `0`, as the RFC says.
 *
 * Only what JSON can hold without loss is accepted: null, booleans, well-formed strings, finite numbers (integers up
 * to 2^53 - 1), arrays without holes and plain objects with ordinary enumerable string keys. Objects in LangChain's own
 * notation are refused too: in a checkpoint they would not stay what they are. Nothing of the value is ever run (no
 * getter, no `toJSON`, no proxy trap), and work stops at the first limit reached, however large the value is.
 *
 * @throws AssentError `json_invalid` for anything else, `json_too_deep` beyond {@link MAX_JSON_DEPTH},
 * `json_too_large` beyond `maxBytes`; `where` is a path such as `$.args.items[3].name`. `config_invalid` if `maxBytes`
 * is NaN.
 */
export function canonicalJson(value: unknown, options: CanonicalJsonOptions = {}): string {
  // What is serialised is our own copy, so nothing can differ between what was checked and what was written.
  const copy = new StrictCopy(options.maxBytes ?? MAX_JSON_BYTES).of(value);
  const text = canonicalize(copy);
  if (text === undefined) throw new AssentError("json_invalid", { what: "The value has no JSON form", where: "$" });
  return text;
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const NO_JSON = {
  undefined: ["undefined has no JSON form", "Leave the property out, or use null."],
  bigint: ["A bigint has no JSON form", "Use a decimal string."],
  symbol: ["A symbol has no JSON form", "Use a string."],
  function: ["A function has no JSON form", "Leave it out."],
} as const;

/** One walk over one value: checks it, copies it, and counts the bytes that its canonical form will have. */
class StrictCopy {
  readonly #maxBytes: number;
  readonly #path: (string | number)[] = [];
  readonly #ancestors = new Set<object>();
  #bytes = 0;

  constructor(maxBytes: number) {
    if (Number.isNaN(maxBytes)) throw new AssentError("config_invalid", { what: "maxBytes is not a number" });
    this.#maxBytes = maxBytes;
  }

  of(value: unknown): Json {
    if (typeof value === "string") return this.#string(value, "string");
    if (typeof value === "number") return this.#number(value);
    if (typeof value === "object" && value !== null) return this.#container(value);
    if (value === null || typeof value === "boolean") {
      this.#count(String(value).length);
      return value;
    }
    const kind = typeof value as keyof typeof NO_JSON;
    const [what, fix] = NO_JSON[kind];
    return this.#refuse(what, kind, fix);
  }

  #string(text: string, kind: "string" | "key"): string {
    // A UTF-16 unit takes at least one byte, so a giant string is refused before anything looks through it.
    if (text.length + 2 > this.#maxBytes - this.#bytes) this.#tooLarge();
    if (/\p{Surrogate}/u.test(text)) {
      this.#refuse(
        `A ${kind} holds half a surrogate pair`,
        oneLine(text, 60),
        "Repair or remove the broken character.",
      );
    }
    this.#count(Buffer.byteLength(JSON.stringify(text)));
    return text;
  }

  #number(value: number): number {
    if (!Number.isFinite(value)) this.#refuse("The number is not finite", String(value), "Use null or a string.");
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      this.#refuse("The integer is too large to be exact", String(value), "Use a decimal string beyond 2^53 - 1.");
    }
    this.#count(JSON.stringify(value).length);
    return value;
  }

  #container(value: object): Json {
    if (types.isProxy(value)) this.#refuse("A proxy is not plain data", "proxy", "Pass a plain copy.");
    if (this.#ancestors.has(value)) this.#refuse("The value contains itself", "cycle", "Refer to it by an id.");
    if (this.#ancestors.size >= MAX_JSON_DEPTH) {
      throw new AssentError("json_too_deep", {
        what: `The value is nested more than ${MAX_JSON_DEPTH} levels deep`,
        where: this.#where(),
        seen: Array.isArray(value) ? "array" : "object",
        fix: "Flatten it, or store it elsewhere and refer to it by an id.",
      });
    }
    this.#ancestors.add(value);
    const copy = Array.isArray(value) ? this.#array(value) : this.#object(value);
    this.#ancestors.delete(value);
    return copy;
  }

  #array(array: readonly unknown[]): Json[] {
    if (Object.getPrototypeOf(array) !== Array.prototype) this.#refuseInstance();
    // Each item takes a byte and a comma; this also keeps the list of keys below short.
    if (2 * array.length > this.#maxBytes - this.#bytes) this.#tooLarge();
    this.#count(2 + Math.max(0, array.length - 1));
    for (let i = 0; i < array.length; i++) {
      if (!Object.hasOwn(array, i)) {
        this.#path.push(i);
        this.#refuse("The array has a hole", "hole", "Use null for what is missing.");
      }
    }
    const extra = Reflect.ownKeys(array)[array.length + 1];
    if (extra !== undefined) this.#refuse("The array has a property beside its items", named(extra), "Use an object.");
    return Array.from({ length: array.length }, (_, i) => this.#member(array, i));
  }

  #object(object: object): Json {
    const prototype: unknown = Object.getPrototypeOf(object);
    if (prototype !== Object.prototype && prototype !== null) this.#refuseInstance();
    if (isLangChainRecord(object)) {
      this.#refuse("An object is in LangChain's notation for one to be built", "lc", "Rename its key lc, or drop it.");
    }
    const keys = Reflect.ownKeys(object);
    // The shortest member, `"":0` and its comma, takes five bytes.
    if (5 * keys.length > this.#maxBytes - this.#bytes) this.#tooLarge();
    this.#count(2 + Math.max(0, keys.length - 1));
    // Without a prototype, so no inherited `toJSON` can reach the serialiser.
    const copy = Object.create(null) as Record<string, Json>;
    for (const key of keys) {
      if (typeof key === "symbol") return this.#refuse("A key is a symbol", named(key), "Use string keys.");
      if (key === "__proto__") this.#refuse("A key is named __proto__", key, "Rename the key.");
      this.#string(key, "key");
      this.#count(1);
      copy[key] = this.#member(object, key);
    }
    return copy;
  }

  #member(holder: object, key: string | number): Json {
    this.#path.push(key);
    const property = Object.getOwnPropertyDescriptor(holder, key);
    if (property === undefined || !("value" in property)) {
      return this.#refuse("A property is computed by a getter", "getter", "Pass plain data.");
    }
    if (property.enumerable !== true) this.#refuse("A property is not enumerable", "hidden property", "Remove it.");
    const copy = this.of(property.value);
    this.#path.pop();
    return copy;
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#maxBytes) this.#tooLarge();
  }

  #where(): string {
    return this.#path.map(step).reduce((path, next) => path + next, "$");
  }

  #tooLarge(): never {
    throw new AssentError("json_too_large", {
      what: `The value takes more than ${this.#maxBytes} bytes as canonical JSON`,
      where: this.#where(),
      fix: "Store what is large elsewhere and refer to it by an id or a digest.",
    });
  }

  #refuseInstance(): never {
    return this.#refuse("An object is not plain", "class instance", "Turn it into a plain object, array or string.");
  }

  // `seen` is a word, never the value: showing the value could run its code or take for ever.
  #refuse(what: string, seen: string, fix: string): never {
    throw new AssentError("json_invalid", { what, where: this.#where(), seen, fix });
  }
}

function named(key: string | symbol): string {
  return oneLine(String(key), 60);
}

function step(key: string | number): string {
  if (typeof key === "number") return `[${key}]`;
  return /^[A-Za-z_$][\w$]{0,59}$/.test(key) ? `.${key}` : `[${JSON.stringify(oneLine(key, 60))}]`;
}
