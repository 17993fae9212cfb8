import { readdirSync, readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson, MAX_JSON_BYTES, MAX_JSON_DEPTH } from "../../src/model/canonical-json.js";
import { AssentError } from "../../src/model/error.js";

const VECTORS = new URL("vectors/jcs/", import.meta.url);
const vector = (path: string): string => readFileSync(new URL(path, VECTORS), "utf8");

function refusal(value: unknown, maxBytes?: number): AssentError {
  try {
    canonicalJson(value, maxBytes === undefined ? {} : { maxBytes });
  } catch (error) {
    if (AssentError.isInstance(error)) return error;
    throw error;
  }
  throw new Error("was accepted");
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

function numberOf(hex: string): number {
  return new DataView(new Uint8Array(Buffer.from(hex, "hex")).buffer).getFloat64(0);
}

// Whatever JSON.parse can give, minus what the strict form refuses: broken text, `__proto__`, unsafe integers.
const text = fc.string({ unit: "binary" });
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Number.isInteger(n)),
    text,
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(
      text.filter((key) => key !== "__proto__"),
      tie("value"),
      { maxKeys: 5 },
    ),
  ),
})).value;

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, reversed(member)]),
  );
}

describe("the canonical form", () => {
  it.each(readdirSync(new URL("input", VECTORS)).filter((name) => name !== "values.json"))(
    "of the published vector %s is the published one",
    (name) => {
      expect(canonicalJson(JSON.parse(vector(`input/${name}`)))).toBe(vector(`output/${name}`).trim());
    },
  );

  it("of the published vector values.json is the published one once its unsafe integer is out", () => {
    const input = JSON.parse(vector("input/values.json")) as { numbers: number[] };
    expect(refusal(input)).toMatchObject({ code: "json_invalid", where: "$.numbers[1]", seen: "1e+30" });
    input.numbers.splice(1, 1);
    expect(canonicalJson(input)).toBe(vector("output/values.json").trim().replace("1e+30,", ""));
  });

  // RFC 8785, appendix B: the IEEE 754 bits and their text.
  it.each([
    ["0000000000000000", "0"],
    ["8000000000000000", "0"],
    ["0000000000000001", "5e-324"],
    ["8000000000000001", "-5e-324"],
    ["433fffffffffffff", "9007199254740991"],
    ["c33fffffffffffff", "-9007199254740991"],
    ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7"],
    ["3eb0c6f7a0b5ed8d", "0.000001"],
    ["41b3de4355555553", "333333333.3333332"],
    ["41b3de4355555554", "333333333.33333325"],
    ["41b3de4355555555", "333333333.3333333"],
    ["41b3de4355555556", "333333333.3333334"],
    ["41b3de4355555557", "333333333.33333343"],
    ["becbf647612f3696", "-0.0000033333333333333333"],
    ["43143ff3c1cb0959", "1424953923781206.2"],
  ])("of the number with bits %s is %s", (hex, expected) => {
    expect(canonicalJson(numberOf(hex))).toBe(expected);
  });

  // The appendix's other samples are integers that a double cannot tell from their neighbours, or no numbers.
  it.each([
    "7fefffffffffffff",
    "ffefffffffffffff",
    "4340000000000000",
    "c340000000000000",
    "4430000000000000",
    "44b52d02c7e14af5",
    "44b52d02c7e14af6",
    "44b52d02c7e14af7",
    "444b1ae4d6e2ef4e",
    "444b1ae4d6e2ef4f",
    "444b1ae4d6e2ef50",
    "7fffffffffffffff",
    "7ff0000000000000",
    "fff0000000000000",
  ])("does not exist for the number with bits %s", (hex) => {
    expect(refusal({ n: numberOf(hex) })).toMatchObject({
      code: "json_invalid",
      where: "$.n",
      seen: String(numberOf(hex)),
    });
  });

  it("sorts keys by UTF-16 code unit", () => {
    const keys = ["€", "\r", "\uFB33", "1", "😀", "\u0080", "ö"];
    expect(canonicalJson(Object.fromEntries(keys.map((key) => [key, 0])))).toBe(
      '{"\\r":0,"1":0,"\u0080":0,"ö":0,"€":0,"😀":0,"\uFB33":0}',
    );
  });

  it("is a fixpoint of parsing and writing again", () => {
    fc.assert(
      fc.property(json, (value) => {
        const once = canonicalJson(value);
        expect(canonicalJson(JSON.parse(once))).toBe(once);
      }),
    );
  });

  it("means the same value as JSON.stringify's", () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it("does not depend on the order of keys", () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
      }),
    );
  });

  it("takes objects without a prototype, keys named like methods, and one object in two places", () => {
    const shared = Object.assign(Object.create(null) as object, { toJSON: "a", constructor: "b" });
    expect(canonicalJson([shared, shared])).toBe('[{"constructor":"b","toJSON":"a"},{"constructor":"b","toJSON":"a"}]');
  });

  it("cannot be changed by an inherited toJSON", () => {
    // oxlint-disable-next-line no-extend-native -- what a careless dependency might do
    Object.defineProperty(Object.prototype, "toJSON", { value: () => "changed", configurable: true });
    try {
      expect(canonicalJson({ a: { b: 1 } })).toBe('{"a":{"b":1}}');
    } finally {
      Reflect.deleteProperty(Object.prototype, "toJSON");
    }
  });
});

describe("what JSON cannot hold is refused", () => {
  class Money {
    value = 1;
  }
  const cycle: Record<string, unknown> = {};
  cycle["self"] = { again: [cycle] };
  const extra: unknown[] & { note?: string } = [1];
  extra.note = "x";

  it.each<[string, unknown, string, string]>([
    ["undefined", undefined, "$", "undefined"],
    ["an undefined property", { a: { b: undefined } }, "$.a.b", "undefined"],
    ["an undefined item", [1, undefined], "$[1]", "undefined"],
    ["a function", { f: () => 1 }, "$.f", "function"],
    ["a symbol", [Symbol("s")], "$[0]", "symbol"],
    ["a bigint", { n: 1n }, "$.n", "bigint"],
    ["NaN", [NaN], "$[0]", "NaN"],
    ["an infinity", [-Infinity], "$[0]", "-Infinity"],
    ["an unsafe integer", { n: 2 ** 53 }, "$.n", "9007199254740992"],
    ["a date", { args: { items: [0, 1, 2, { name: new Date() }] } }, "$.args.items[3].name", "class instance"],
    ["a map", new Map(), "$", "class instance"],
    ["a class instance", new Money(), "$", "class instance"],
    ["a boxed string", [Object("x")], "$[0]", "class instance"],
    ["bytes", new Uint8Array(2), "$", "class instance"],
    ["an array of a subclass", new (class extends Array {})(), "$", "class instance"],
    ["an object with a toJSON method", { a: { toJSON: () => 1 } }, "$.a.toJSON", "function"],
    ["a cycle", cycle, "$.self.again[0]", "cycle"],
    ["a hole", Object.assign([1], { 2: 3 }), "$[1]", "hole"],
    ["a property beside the items", { list: extra }, "$.list", "note"],
    ["a symbol key", { a: { [Symbol("k")]: 1 } }, "$.a", "Symbol(k)"],
    ["a hidden property", Object.defineProperty({}, "h", { value: 1 }), "$.h", "hidden property"],
    ["an own __proto__", JSON.parse('{"a":{"__proto__":{"admin":true}}}'), "$.a", "__proto__"],
    ["half a surrogate pair", { a: "x\uD83D" }, "$.a", "x⟦U+D83D⟧"],
    ["half a surrogate pair in a key", { a: { "\uDE00": 1 } }, "$.a", "⟦U+DE00⟧"],
    ["a revoked proxy", [revoked()], "$[0]", "proxy"],
  ])("%s", (_, value, where, seen) => {
    expect(refusal(value)).toMatchObject({ code: "json_invalid", where, seen });
  });

  function revoked(): object {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  }

  it("without running getters or proxy traps", () => {
    let ran = 0;
    const trap = (): never => {
      ran++;
      throw new Error("ran");
    };
    const getter = Object.defineProperty({}, "g", { get: trap, enumerable: true });
    const item = Object.defineProperty([0], 0, { get: trap, enumerable: true });
    const tagged = Object.defineProperty(new Money(), Symbol.toStringTag, { get: trap });
    const proxy = new Proxy({}, { get: trap, ownKeys: trap, getPrototypeOf: trap, getOwnPropertyDescriptor: trap });
    expect(refusal({ a: getter })).toMatchObject({ where: "$.a.g", seen: "getter" });
    expect(refusal(item)).toMatchObject({ where: "$[0]", seen: "getter" });
    expect(refusal(tagged).code).toBe("json_invalid");
    expect(refusal(proxy)).toMatchObject({ where: "$", seen: "proxy" });
    expect(ran).toBe(0);
  });

  it("with strange keys readable in the path", () => {
    expect(refusal({ "a b": { "x\u202Ey": NaN } }).where).toBe('$["a b"]["x⟦U+202E⟧y"]');
    expect(refusal({ ["k".repeat(500)]: NaN }).where?.length).toBeLessThan(80);
  });
});

describe("limits", () => {
  it("of depth are met exactly, for objects and arrays alike", () => {
    expect(canonicalJson(nested(MAX_JSON_DEPTH))).toContain("1");
    expect(refusal(nested(MAX_JSON_DEPTH + 1)).code).toBe("json_too_deep");
  });

  it("of depth hold for a value 100,000 levels deep", () => {
    expect(refusal(nested(100_000)).where).toMatch(/^\$(\.a|\[0\]){64}$/);
  });

  it("of bytes are met exactly", () => {
    fc.assert(
      fc.property(json, (value) => {
        const bytes = Buffer.byteLength(canonicalJson(value));
        expect(canonicalJson(value, { maxBytes: bytes })).toBe(canonicalJson(value));
        expect(refusal(value, bytes - 1).code).toBe("json_too_large");
      }),
    );
  });

  it("of bytes are 64 KiB of UTF-8 unless said otherwise", () => {
    expect(canonicalJson("é".repeat((MAX_JSON_BYTES - 2) / 2))).toHaveLength(MAX_JSON_BYTES / 2 + 1);
    expect(refusal("é".repeat(MAX_JSON_BYTES / 2))).toMatchObject({ code: "json_too_large", where: "$" });
    expect(canonicalJson("x".repeat(MAX_JSON_BYTES), { maxBytes: MAX_JSON_BYTES + 2 })).toContain("x");
  });

  it("of bytes stop the walk long before the end of a giant value", () => {
    const wide = { big: Array.from({ length: 16 }, () => "x".repeat(8000)), never: { reached: NaN } };
    expect(refusal(wide)).toMatchObject({ code: "json_too_large", where: "$.big[8]" });
    expect(refusal({ list: Array(2 ** 32 - 1) })).toMatchObject({ code: "json_too_large", where: "$.list" });
    expect(refusal("x".repeat(2 ** 28)).code).toBe("json_too_large");
    // Fifty levels of the same pair: 2^50 leaves if it were walked to the end.
    let bomb: unknown = 1;
    for (let i = 0; i < 50; i++) bomb = [bomb, bomb];
    expect(refusal(bomb).code).toBe("json_too_large");
  });

  it("of bytes that are no number are an error, not no limit", () => {
    expect(refusal(1, NaN).code).toBe("config_invalid");
  });
});
