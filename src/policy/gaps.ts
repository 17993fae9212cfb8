import type { PolicyInput } from "../model/facts.js";
import type { Axis, Cells } from "./axis.js";
import { exampleIn, type Landscape, opened } from "./landscape.js";
import { type Box, type Effort, EVERYTHING, meet, uncovered } from "./region.js";
import { boxInWords, isBanded } from "./region-words.js";

/** Bands of numbers where no rule matches. */
export interface Gap {
  /** The bands in words, and for which other facts they are open. */
  readonly where: string;
  /** The rules that match beside it. */
  readonly beside: readonly string[];
  readonly example: PolicyInput;
}

/** Where a rule matches or cannot be evaluated: no gap, either way. */
interface Cover {
  readonly id: string;
  readonly box: Box;
}

/**
 * Finds the bands of confidence, risk, novelty, amounts and declared numbers that no rule matches, as long as the effort
 * lasts. Each is told as large as it is; where no rule asks for any number, there are no bands and so no gaps.
 */
export function* gapsOf(landscapes: readonly Landscape[], effort: Effort): Generator<Gap> {
  const told = new Set<string>();
  for (const landscape of landscapes) {
    for (const gap of gapsIn(landscape, effort)) {
      // What does not depend on the amount is the same in every currency.
      if (!told.has(gap.where)) yield gap;
      told.add(gap.where);
    }
  }
}

function* gapsIn({ rules, space }: Landscape, effort: Effort): Generator<Gap> {
  const covers = rules.flatMap(({ id, matching, doubtful }) =>
    [...matching, ...doubtful].map((box): Cover => ({ id, box })),
  );
  const axes = space.axes();
  // Bands last: what can be told without them is no gap between bands.
  const order = [...axes.filter((axis) => !isBanded(axis)), ...axes.filter(isBanded)];
  const known = covers.map(({ box }) => box);
  for (const piece of uncovered(EVERYTHING, known, effort)) {
    const whole = order.reduce((box, axis) => widened(box, axis, covers, effort), piece);
    if (effort.exhausted) return;
    // The search goes on over the same list, and so meets no part of this gap again.
    known.push(whole);
    const bands = [...whole.keys()].filter(isBanded);
    if (bands.length === 0) continue;
    const beside = new Set(bands.flatMap((axis) => meeting(opened(whole, axis), covers, effort).map(({ id }) => id)));
    yield { where: boxInWords(whole, space), beside: [...beside], example: exampleIn(whole, space) };
  }
}

/** A box with as many cells of one axis as no cover is in. */
function widened(box: Box, axis: Axis, covers: readonly Cover[], effort: Effort): Box {
  if (!box.has(axis)) return box;
  const open = opened(box, axis);
  let free: Cells = axis.all;
  for (const cover of meeting(open, covers, effort)) free &= ~(cover.box.get(axis) ?? axis.all);
  return free === axis.all ? open : new Map(open).set(axis, free);
}

function meeting(box: Box, covers: readonly Cover[], effort: Effort): readonly Cover[] {
  return covers.filter((cover) => meet(box, cover.box, effort) !== undefined);
}
