import type { PolicyInput } from "../model/facts.js";
import { exampleIn, factsOf, type Landscape, type PlacedRule, REVIEW } from "./landscape.js";
import { type Box, type Effort, meet, uncovered } from "./region.js";

/** A rule that stands in another one's way: a stricter one, or one that cannot be evaluated there. */
export interface Obstacle {
  readonly id: string;
  readonly isStricter: boolean;
}

/** A rule that never decides, whatever is proposed. */
export interface Unreachable {
  readonly id: string;
  /** What stands in its way wherever it matches; none of them could be missing. */
  readonly overruledBy: readonly Obstacle[];
  /** A proposal that it matches and does not decide; `null` if no proposal can meet its condition. */
  readonly example: PolicyInput | null;
}

/** Finds the rules that never decide, as long as the effort lasts. */
export function* unreachableRules(landscapes: readonly Landscape[], effort: Effort): Generator<Unreachable> {
  for (const [place, { id }] of (landscapes[0]?.rules ?? []).entries()) {
    const ways = landscapes.flatMap((landscape) => waysOf(landscape, place, effort));
    const isReachable = ways.some((way) => isOpen(way, effort));
    if (!effort.spend(ways.length) || isReachable) {
      if (effort.exhausted) return;
      continue;
    }
    const [first] = ways;
    const example = first === undefined ? null : exampleIn(first.box, first.landscape.space);
    yield { id, overruledBy: obstaclesOn(ways, effort), example };
  }
}

/** One box in which a rule matches, with the boxes in which it does not decide all the same. */
interface Way {
  readonly landscape: Landscape;
  readonly box: Box;
  readonly obstacles: readonly (Obstacle & { readonly boxes: readonly Box[] })[];
}

function waysOf(landscape: Landscape, place: number, effort: Effort): readonly Way[] {
  const rule = landscape.rules[place];
  if (rule === undefined) return [];
  const boxes = rule.matching.filter((box) => isOpen({ landscape, box, obstacles: [] }, effort));
  return boxes.map((box) => ({ landscape, box, obstacles: obstaclesTo(rule, box, landscape) }));
}

function obstaclesTo(rule: PlacedRule, box: Box, { rules }: Landscape): Way["obstacles"] {
  const others = rules.filter((other) => other.id !== rule.id);
  const stricter = others.filter(({ strictness }) => strictness > rule.strictness);
  // A lax rule decides only where every rule can be evaluated, so that no further fact matters. Any other rule also
  // decides where a stricter one is unclear, so that only those count that are clear by the very facts of the box.
  if (rule.strictness < REVIEW) {
    return [
      ...stricter.map(({ id, matching }) => ({ id, isStricter: true, boxes: matching })),
      ...others.map(({ id, doubtful }) => ({ id, isStricter: false, boxes: doubtful })),
    ];
  }
  const facts = factsOf(box);
  return stricter
    .filter(({ unseenFacts }) => isWithin(unseenFacts, facts))
    .map(({ id, matching }) => {
      return { id, isStricter: true, boxes: matching.filter((other) => isWithin(factsOf(other), facts)) };
    });
}

function isWithin(facts: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  return [...facts].every((fact) => others.has(fact));
}

/** Whether a rule decides somewhere in a box, if only these obstacles stand in its way. */
function isOpen({ landscape, box, obstacles }: Way, effort: Effort): boolean {
  const covers = [...landscape.impossible, ...obstacles.flatMap(({ boxes }) => boxes)];
  for (const _ of uncovered(box, covers, effort)) return true;
  return false;
}

// One rule if one alone does it; else of those that have a part in it all but the ones that the others make up for.
function obstaclesOn(ways: readonly Way[], effort: Effort): readonly Obstacle[] {
  const met = new Map<string, Obstacle>();
  for (const { box, obstacles } of ways) {
    for (const { id, isStricter, boxes } of obstacles) {
      if (boxes.some((other) => meet(box, other, effort) !== undefined)) {
        met.set(keyOf({ id, isStricter }), { id, isStricter });
      }
    }
  }
  const isEnough = (isKept: (key: string) => boolean): boolean =>
    ways.every((way) => {
      const obstacles = way.obstacles.filter((obstacle) => isKept(keyOf(obstacle)));
      return !isOpen({ ...way, obstacles }, effort) && !effort.exhausted;
    });
  for (const [key, obstacle] of met) if (isEnough((each) => each === key)) return [obstacle];
  for (const key of met.keys()) if (isEnough((each) => each !== key && met.has(each))) met.delete(key);
  return [...met.values()];
}

function keyOf({ id, isStricter }: Obstacle): string {
  return JSON.stringify([id, isStricter]);
}
