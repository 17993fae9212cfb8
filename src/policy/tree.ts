import type { Problems } from "./problems.js";

/** Where something stands: its JSON path, and line and column (from 1) if it was read from a text. */
export interface Place {
  readonly path: string;
  readonly line?: number;
  readonly column?: number;
}

/**
 * A policy as it was read, from a text or from an object, before anybody knows whether it makes sense. A `broken` part
 * already has its problem and is passed over in silence.
 */
export type Tree =
  | { readonly kind: "map"; readonly place: Place; readonly entries: readonly Entry[] }
  | { readonly kind: "list"; readonly place: Place; readonly items: readonly Tree[] }
  | { readonly kind: "leaf"; readonly place: Place; readonly value: unknown }
  | { readonly kind: "broken"; readonly place: Place };

/** One key of a map; `place` is where the key stands. */
export interface Entry {
  readonly key: string;
  readonly place: Place;
  readonly value: Tree;
}

/** How deeply a policy may be nested in all, whatever it says; guards against cycles. */
export const MAX_TREE_DEPTH = 64;
const MAX_LIST_ITEMS = 10_000;

/** The path of a part. */
export function pathOf(parent: string, key: string | number): string {
  if (typeof key === "number") return `${parent}[${key}]`;
  return /^[A-Za-z_$][\w$]{0,59}$/.test(key) ? `${parent}.${key}` : `${parent}[${JSON.stringify(key.slice(0, 60))}]`;
}

/** Reads a JavaScript value. A property that is `undefined` counts as left out. */
export function treeOf(value: unknown, problems: Problems, path = "$", depth = 1): Tree {
  const place = { path };
  if (typeof value !== "object" || value === null) return { kind: "leaf", place, value };
  if (depth > MAX_TREE_DEPTH) return problems.broken(place, "is nested too deeply, or contains itself");
  if (Array.isArray(value)) {
    const list: readonly unknown[] = value;
    if (list.length > MAX_LIST_ITEMS) return problems.broken(place, `has more than ${MAX_LIST_ITEMS} items`);
    const items = Array.from(list, (item, i) => treeOf(item, problems, pathOf(path, i), depth + 1));
    return { kind: "list", place, items };
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    return problems.broken(place, "is not a plain object; expected plain data");
  }
  const entries: Entry[] = [];
  for (const [key, part] of Object.entries(value)) {
    const child = pathOf(path, key);
    if (part !== undefined)
      entries.push({ key, place: { path: child }, value: treeOf(part, problems, child, depth + 1) });
  }
  return { kind: "map", place, entries };
}

/** The plain value of a tree, for showing it. */
export function plainOf(tree: Tree): unknown {
  if (tree.kind === "map") return Object.fromEntries(tree.entries.map(({ key, value }) => [key, plainOf(value)]));
  if (tree.kind === "list") return tree.items.map(plainOf);
  return tree.kind === "leaf" ? tree.value : undefined;
}
