import type { PolicyInput } from "../model/facts.js";
import { exampleIn, type Landscape, type PlacedRule } from "./landscape.js";
import { type Effort, meet, uncovered } from "./region.js";
import { boxInWords } from "./region-words.js";

/** Two rules of different routes that match the same proposals. */
export interface Overlap {
  /** The stricter one, which wins. */
  readonly winner: string;
  readonly loser: string;
  /** One region that they share, in words; empty if they share everything. */
  readonly where: string;
  readonly example: PolicyInput;
}

/**
 * Finds rules of different routes that match the same proposals, as long as the effort lasts: each pair once, with one
 * region of those that they share.
 */
export function* overlapsOf(
  landscapes: readonly Landscape[],
  without: ReadonlySet<string>,
  effort: Effort,
): Generator<Overlap> {
  const count = landscapes[0]?.rules.length ?? 0;
  for (let one = 0; one < count; one += 1) {
    for (let other = one + 1; other < count; other += 1) {
      const overlap = overlapBetween(landscapes, [one, other], without, effort);
      if (effort.exhausted) return;
      if (overlap !== undefined) yield overlap;
    }
  }
}

function overlapBetween(
  landscapes: readonly Landscape[],
  [one, other]: readonly [number, number],
  without: ReadonlySet<string>,
  effort: Effort,
): Overlap | undefined {
  for (const landscape of landscapes) {
    const [a, b] = [landscape.rules[one], landscape.rules[other]];
    if (a === undefined || b === undefined || a.strictness === b.strictness) return undefined;
    if (without.has(a.id) || without.has(b.id)) return undefined;
    const overlap = a.strictness > b.strictness ? shared(a, b, landscape, effort) : shared(b, a, landscape, effort);
    if (overlap !== undefined) return overlap;
  }
  return undefined;
}

function shared(
  winner: PlacedRule,
  loser: PlacedRule,
  { space, doubtful, impossible }: Landscape,
  effort: Effort,
): Overlap | undefined {
  for (const box of winner.matching) {
    for (const inner of loser.matching) {
      if (!effort.spend(1)) return undefined;
      const common = meet(box, inner, effort);
      if (common === undefined) continue;
      // Where some rule cannot be evaluated, neither of them may count.
      for (const clear of uncovered(common, [...impossible, ...doubtful], effort)) {
        const example = exampleIn(clear, space);
        return { winner: winner.id, loser: loser.id, where: boxInWords(common, space), example };
      }
    }
  }
  return undefined;
}
