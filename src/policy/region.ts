import type { Axis, Cells } from "./axis.js";

/** The proposals whose facts lie in these cells; an axis that is left out may have any value. No list of cells is empty. */
export type Box = ReadonlyMap<Axis, Cells>;

/** The box of every proposal. */
export const EVERYTHING: Box = new Map();

/**
 * How much work may still be done. Some policies have more combinations than anybody can go through, so the work is
 * counted: unlike time, a count ends alike on every machine.
 */
export class Effort {
  readonly #max: number;
  #spent = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** How much was done. */
  get spent(): number {
    return this.#spent;
  }

  /** Whether the work is too much; results from then on mean nothing. */
  get exhausted(): boolean {
    return this.#spent > this.#max;
  }

  /** Counts some work; `false` if it is too much. */
  spend(steps: number): boolean {
    this.#spent += steps;
    return !this.exhausted;
  }
}

/** What two boxes have in common, if anything. */
export function meet(a: Box, b: Box, effort: Effort): Box | undefined {
  let common: Map<Axis, Cells> | undefined;
  for (const [axis, cells] of b) {
    if (!effort.spend(1)) return undefined;
    const before = a.get(axis) ?? axis.all;
    const both = before & cells;
    if (both === 0n) return undefined;
    if (both !== before) common = (common ?? new Map(a)).set(axis, both);
  }
  return common ?? a;
}

/** The boxes of the proposals that lie in one box of each list. */
export function meetAll(lists: readonly (readonly Box[])[], effort: Effort): readonly Box[] {
  let boxes: readonly Box[] = [EVERYTHING];
  for (const list of lists) {
    const next: Box[] = [];
    for (const box of boxes) {
      for (const other of list) {
        const common = meet(box, other, effort);
        if (common !== undefined) next.push(common);
        if (effort.exhausted) return [];
      }
    }
    boxes = boxes.length > 1 && list.length > 1 ? withoutInner(next, effort) : next;
  }
  return boxes;
}

// Where alternatives meet alternatives they multiply; those that lie inside another one add nothing.
function withoutInner(boxes: readonly Box[], effort: Effort): readonly Box[] {
  const kept: Box[] = [];
  for (const box of boxes.toSorted((a, b) => a.size - b.size)) {
    if (kept.every((other) => meet(box, other, effort) !== box)) kept.push(box);
  }
  return kept;
}

/** Each axis of a box with what it may be stretched to. */
export function stretched(box: Box, stretch: (axis: Axis, cells: Cells) => Cells): Box {
  return new Map([...box].map(([axis, cells]) => [axis, stretch(axis, cells)]));
}

/** The parts of a box that lie in none of the covers, one after the other; boxes that do not overlap. */
export function* uncovered(box: Box, covers: readonly Box[], effort: Effort): Generator<Box> {
  const open: { readonly part: Box; readonly from: number }[] = [{ part: box, from: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    let { part, from } = next;
    let common: Box | undefined;
    while (common === undefined && from < covers.length) {
      // Also a cover that has no axis takes time.
      if (!effort.spend(1)) return;
      common = meet(part, covers[from] ?? EVERYTHING, effort);
      from += 1;
    }
    if (effort.exhausted) return;
    if (common === undefined) yield part;
    else for (const rest of minus(part, common)) open.push({ part: rest, from });
  }
}

/** A box without a smaller one inside it. */
function minus(box: Box, inner: Box): Box[] {
  const rests: Box[] = [];
  let remaining = box;
  for (const [axis, cells] of inner) {
    const before = box.get(axis) ?? axis.all;
    if (before === cells) continue;
    rests.push(new Map(remaining).set(axis, before ^ cells));
    remaining = new Map(remaining).set(axis, cells);
  }
  return rests;
}
