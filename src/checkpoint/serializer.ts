import { MemorySaver } from "@langchain/langgraph";
import { load } from "@langchain/core/load";
import { isLangChainRecord } from "../model/langchain-record.js";

/** How a checkpoint saver turns values into bytes and back; LangGraph's `SerializerProtocol`. */
export interface Serializer {
  dumpsTyped(value: unknown): Promise<[string, Uint8Array]>;
  loadsTyped(type: string, data: Uint8Array | string): Promise<unknown>;
}

/** What plain data in LangChain's notation is kept as: a list of its members, which no loader takes for its own. */
const KEPT_AS = "assent.plain";

/**
 * A serializer for any checkpoint saver, so that no value can make a thread unreadable. Without it one junk answer
 * such as `{"lc":1,"type":"constructor","id":["x"],"kwargs":{}}` does: the stock serializer writes it down and from
 * then on fails to load the thread. No gate can prevent that, for LangGraph keeps an answer before it runs any node,
 * and loads the thread before it runs the next. (A graph to which `addGate` added a gate refuses such answers itself,
 * but only where it is the outermost one.)
 *
 * It reads and writes what the stock one does, messages included, with two differences. Plain data that only looks
 * like a serialised object comes back as the plain data it was: nothing is built from what a client sent. And what was
 * written by the stock serializer and cannot be built is plain data too, instead of an error; a thread that was stuck
 * can be answered again.
 *
 * @param stock - what does the work; the serializer of LangGraph's own savers unless said.
 * @example
 * ```ts
 * import { MemorySaver } from "@langchain/langgraph";
 * import { safeSerializer } from "assent";
 *
 * export const checkpointer = new MemorySaver(safeSerializer());
 * // With Postgres: new PostgresSaver(pool, safeSerializer(), { schema })
 * ```
 */
export function safeSerializer(stock: Serializer = new MemorySaver().serde): Serializer {
  const safe: Serializer = {
    async dumpsTyped(value: unknown) {
      const dumped = await stock.dumpsTyped(value);
      // Most values have nothing of the kind, and then nobody walks through them twice.
      if (dumped[0] !== "json" || !Buffer.from(dumped[1]).includes('"lc":')) return dumped;
      const kept = withoutRecords(value, new Set());
      return kept === value ? dumped : stock.dumpsTyped(kept);
    },
    async loadsTyped(type, data): Promise<unknown> {
      if (type !== "json") return stock.loadsTyped(type, data);
      const text = typeof data === "string" ? data : new TextDecoder().decode(data);
      // A function or a symbol, which only a program in this very process can send, is written as no text at all.
      if (text === "") return undefined;
      // The stock serializer would make a member called __proto__ the prototype of what it stands in.
      if (!text.includes(KEPT_AS) && !text.includes('"__proto__":')) {
        try {
          return await stock.loadsTyped(type, text);
        } catch {
          // Something in it cannot be built; whatever else is in there can.
        }
      }
      return new Revival(stock).of(JSON.parse(text));
    },
  };
  return Object.defineProperty(safe, SAFE, { value: true });
}

// Registered, so that two copies of the package know each other's.
const SAFE = Symbol.for("assent.serializer");

/** Whether a saver's serializer is a {@link safeSerializer}. */
export function isSafeSerializer(serializer: unknown): boolean {
  return typeof serializer === "object" && serializer !== null && SAFE in serializer;
}

/** The value, with copies of what leads to a plain object in LangChain's notation; the very same if there is none. */
function withoutRecords(value: unknown, around: Set<object>): unknown {
  if (typeof value !== "object" || value === null || around.has(value) || writesItself(value)) return value;
  around.add(value);
  const kept = withoutRecordsIn(value, (member) => withoutRecords(member, around));
  around.delete(value);
  return kept;
}

function withoutRecordsIn(value: object, of: (member: unknown) => unknown): unknown {
  if (Array.isArray(value)) return changed(value, value, value.map(of), (items) => items);
  if (value instanceof Set) return changed(value, [...value], [...value].map(of), (items) => new Set(items));
  if (value instanceof Map) {
    const flat = [...value].flat();
    return changed(value, flat, flat.map(of), (items) => new Map(pairs(items)));
  }
  const names = Object.keys(value);
  const members = names.map((name) => (value as Record<string, unknown>)[name]);
  const kept = members.map(of);
  const prototype: unknown = Object.getPrototypeOf(value);
  if ((prototype === Object.prototype || prototype === null) && isLangChainRecord(value)) {
    return { lc: 2, type: KEPT_AS, entries: names.map((name, index) => [name, kept[index]]) };
  }
  return changed(value, members, kept, (items) => copyOf(value, names, items));
}

/** Whether the serializer writes an object in a way of its own, so that its members are not the caller's. */
function writesItself(value: object): boolean {
  if ("toJSON" in value && typeof value.toJSON === "function") return true;
  return value instanceof Error || value instanceof RegExp || ArrayBuffer.isView(value);
}

function changed(
  whole: object,
  before: readonly unknown[],
  after: unknown[],
  build: (items: unknown[]) => object,
): object {
  return after.every((item, index) => item === before[index]) ? whole : build(after);
}

function pairs(flat: readonly unknown[]): [unknown, unknown][] {
  return Array.from({ length: flat.length / 2 }, (_, index) => [flat[2 * index], flat[2 * index + 1]]);
}

/** An object of the same class with other members; LangGraph's own classes have no others. */
function copyOf(object: object, names: readonly string[], members: readonly unknown[]): object {
  const properties = names.map((name, index) => [name, { value: members[index], enumerable: true, writable: true }]);
  return Object.create(
    Object.getPrototypeOf(object) as object | null,
    Object.fromEntries(properties) as PropertyDescriptorMap,
  ) as object;
}

type Fields = Record<string, unknown>;

/** Builds values from parsed JSON as the stock serializer does, one record at a time, and never throws. */
class Revival {
  readonly #stock: Serializer;

  constructor(stock: Serializer) {
    this.#stock = stock;
  }

  async of(raw: unknown): Promise<unknown> {
    if (typeof raw !== "object" || raw === null) return raw;
    if (Array.isArray(raw)) return this.#all(raw);
    return isLangChainRecord(raw) ? this.#record(raw as Fields) : this.#members(raw as Fields);
  }

  #all(raw: readonly unknown[]): Promise<unknown[]> {
    return Promise.all(raw.map((item) => this.of(item)));
  }

  async #members(raw: Fields): Promise<Fields> {
    const values = await this.#all(Object.values(raw));
    return Object.fromEntries(Object.keys(raw).map((name, index) => [name, values[index]]));
  }

  async #record(raw: Fields): Promise<unknown> {
    const { lc, type, id, args, entries } = raw;
    const name = Array.isArray(id) && id.length === 1 ? (id[0] as unknown) : undefined;
    const items = Array.isArray(args) && args.length === 1 ? (args[0] as unknown) : undefined;
    if (lc !== 2) return this.#built(raw);
    if (type === KEPT_AS && isPairs(entries)) return Object.fromEntries(pairs(await this.#all(entries.flat())));
    if (type === "delta_snapshot") return this.#snapshot(raw["value"]);
    if (type === "constructor" && name === "Set" && Array.isArray(items)) return new Set(await this.#all(items));
    if (type === "constructor" && name === "Map" && isPairs(items)) {
      return new Map(pairs(await this.#all(items.flat())));
    }
    return this.#built(raw);
  }

  /** What the record stands for; where that cannot be built, the plain data that it is. */
  async #built(raw: Fields): Promise<unknown> {
    const text = JSON.stringify(raw);
    try {
      return await this.#stock.loadsTyped("json", text);
    } catch {
      // The stock serializer also tries what LangChain had marked as plain data; LangChain's own loader knows better.
    }
    try {
      return await load(text);
    } catch {
      return this.#members(raw);
    }
  }

  async #snapshot(value: unknown): Promise<unknown> {
    const snapshot = (await this.#stock.loadsTyped("json", '{"lc":2,"type":"delta_snapshot","value":null}')) as object;
    return Object.assign(snapshot, { value: await this.of(value) });
  }
}

function isPairs(value: unknown): value is [unknown, unknown][] {
  return Array.isArray(value) && value.every((entry) => Array.isArray(entry) && entry.length === 2);
}
