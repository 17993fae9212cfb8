/** What nobody may get recorded, shown or run: each is no JSON, is not what it seems, or is too much of it. */
export const hostile: Readonly<Record<string, () => unknown>> = {
  "a constructor record": () => ({ lc: 1, type: "constructor", id: ["x"], kwargs: {} }),
  "a constructor record of a class that exists": () => message({ content: "approve" }),
  "a constructor record with a secret inside": () => message({ content: { lc: 1, type: "secret", id: ["PATH"] } }),
  "a constructor record without members": () => ({ lc: 1, type: "constructor", id: [] }),
  "a secret record": () => ({ lc: 1, type: "secret", id: ["PATH"] }),
  "a record of what cannot be serialised": () => ({ lc: 1, type: "not_implemented", id: ["x"] }),
  "a record of undefined": () => ({ lc: 2, type: "undefined" }),
  "a record of a map": () => ({ lc: 2, type: "constructor", id: ["Map"], args: [[["type", "approve"]]] }),
  "an own __proto__": () => JSON.parse('{"__proto__":{"type":"approve"}}') as unknown,
  "not a number": () => NaN,
  "an infinity": () => -Infinity,
  "an integer beyond exactness": () => 2 ** 53,
  "half a character": () => "\ud800",
  "a key with half a character": () => ({ "\udfff": 1 }),
  "ten megabytes": () => "x".repeat(10_000_000),
  "a hundred thousand levels": () => nested(100_000),
  "one level too many": () => nested(65),
  "a cycle": () => {
    const cycle: Record<string, unknown> = {};
    return Object.assign(cycle, { self: [cycle] });
  },
  "a list with a hole": () => Object.assign([1], { 2: 3 }),
  "a getter that throws": () => Object.defineProperty({}, "x", { get: boom, enumerable: true }),
  "a proxy that throws": () => new Proxy({}, traps),
  "a proxy of a list that throws": () => new Proxy([], traps),
  "a revoked proxy": () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  "a method toString that throws": () => ({ toString: boom }),
  "a method toJSON that throws": () => ({ toJSON: boom }),
  "a bigint": () => 1n,
  "a date": () => new Date(0),
  "a map": () => new Map([["type", "approve"]]),
  "a class instance": () =>
    new (class Approval {
      readonly type = "approve";
    })(),
  "a symbol": () => Symbol("approve"),
  "a function": () => () => "approve",
};

/** What looks wild and is plain JSON all the same. */
export const harmless: Readonly<Record<string, unknown>> = {
  "keys named like methods": { constructor: 1, toString: 2, valueOf: 3, hasOwnProperty: 4, toJSON: 5 },
  "minus zero": 0,
  "a letter of credit": { lc: "LC-2041", type: "standby" },
  "a number under lc alone": { lc: 1 },
  "deep, just so": nested(40),
  "an escaped record's name": { __lc_escaped__: "x" },
};

function message(kwargs: unknown): unknown {
  return { lc: 1, type: "constructor", id: ["langchain_core", "messages", "HumanMessage"], kwargs };
}

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

function boom(): never {
  throw new Error("code of the value was run");
}

const traps: ProxyHandler<object> = {
  get: boom,
  has: boom,
  ownKeys: boom,
  getPrototypeOf: boom,
  getOwnPropertyDescriptor: boom,
};
