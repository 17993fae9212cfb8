import { isDeepStrictEqual } from "node:util";

/** One place in which two values differ; what is not there is left out. */
export interface Change {
  /** Names and positions from the root, such as `items.0.price`; empty for the whole. */
  path: string;
  before?: unknown;
  after?: unknown;
}

/** How many places are told; the rest of two values that differ everywhere says nothing more. */
const CHANGES_MAX = 100;

/** Where two plain JSON values differ, in the order of the first. */
export function changesBetween(before: unknown, after: unknown): Change[] {
  return compare(before, after, "").slice(0, CHANGES_MAX);
}

function compare(before: unknown, after: unknown, path: string): Change[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isContainer(before) || !isContainer(after) || Array.isArray(before) !== Array.isArray(after)) {
    return [{ path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }];
  }
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => {
    const inside = path === "" ? name : `${path}.${name}`;
    return compare(own(before, name), own(after, name), inside);
  });
}

function own(container: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(container, name) ? container[name] : undefined;
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
