import type { PolicyInput } from "../model/facts.js";
import { ROUTES } from "../model/routing.js";
import { type Axis, type Cells, highestCell, lowestCell } from "./axis.js";
import { comparison } from "./comparison.js";
import { inputAt } from "./counterexample.js";
import type { ConditionDocument, PolicyDocument, RuleDocument, TestDocument } from "./document.js";
import { factKindsOf } from "./fact-kinds.js";
import { type Box, Effort } from "./region.js";
import { RuleRegion } from "./rule-region.js";
import { type Operator, OPERATORS } from "./source.js";
import { Mentions, partsOf, Space } from "./space.js";

/** A rule with where it matches. */
export interface PlacedRule {
  readonly id: string;
  readonly rule: RuleDocument;
  readonly strictness: number;
  readonly matching: readonly Box[];
  /** Where it cannot be evaluated. */
  readonly doubtful: readonly Box[];
  /**
   * Facts whose test holds for every value, or for none: they leave no trace in a box, yet they must be there. So do all
   * tests of the time and of earlier cases, under the names of their keys.
   */
  readonly unseenFacts: ReadonlySet<string>;
}

/** All proposals with amounts in one currency, and where the rules of a policy match among them. */
export interface Landscape {
  readonly space: Space;
  /** In the order of the policy; without those that cannot be seen through. */
  readonly rules: readonly PlacedRule[];
  /** Where some rule cannot be evaluated. */
  readonly doubtful: readonly Box[];
  /** Where no proposal can be. */
  readonly impossible: readonly Box[];
}

// As many steps as loading a policy may take for the same regions.
const MAX_STEPS = 5_000_000;

/** The landscapes of a policy, one for each currency that it names; nothing if they are too much work. */
export function landscapesOf(document: PolicyDocument, maxSteps = MAX_STEPS): readonly Landscape[] | undefined {
  const clear = { ...document, rules: document.rules.filter((rule) => !isOpaque(rule)) };
  const effort = new Effort(maxSteps);
  const mentions = new Mentions(clear);
  const currencies = mentions.currencies.size === 0 ? [undefined] : [...mentions.currencies].toSorted();
  const landscapes = currencies.map((currency) => landscapeIn(clear, new Space(clear, mentions, currency), effort));
  return effort.exhausted ? undefined : landscapes;
}

/** Whether nobody can tell where a rule matches, because its condition has an expression in it. */
export function isOpaque({ when }: RuleDocument): boolean {
  return when !== undefined && hasExpression(when);
}

function hasExpression(document: ConditionDocument): boolean {
  return partsOf(document).some(({ fact, parts }) => fact === "cel" || parts.some(hasExpression));
}

function landscapeIn(document: PolicyDocument, space: Space, effort: Effort): Landscape {
  const known = factKindsOf(document.facts);
  const rules = document.rules.map((rule): PlacedRule => {
    const region = new RuleRegion(rule, space, effort);
    const { id, strictness, matching, doubtful } = region;
    return { id, rule, strictness, matching, doubtful, unseenFacts: unseenIn(rule.when ?? {}, space, known) };
  });
  return { space, rules, doubtful: rules.flatMap(({ doubtful }) => doubtful), impossible: [...space.impossible()] };
}

function unseenIn(document: ConditionDocument, space: Space, known: ReadonlyMap<string, unknown>): ReadonlySet<string> {
  const unseen = new Set<string>();
  for (const { fact, test, parts } of partsOf(document)) {
    for (const part of parts) for (const inner of unseenIn(part, space, known)) unseen.add(inner);
    if (test === undefined || test.has !== undefined) continue;
    if (known.has(fact)) {
      const axis = space.axis(fact);
      const splits = operatorsOf(test).map((operator) => axis.split(comparison(fact, 0, operator, test)));
      if (splits.some(({ yes, no }) => yes === axis.all || no === axis.all)) unseen.add(fact);
    } else unseen.add(fact);
  }
  return unseen;
}

function operatorsOf(test: TestDocument): readonly Operator[] {
  return OPERATORS.filter((operator) => test[operator] !== undefined);
}

/** One proposal out of a box that there is one in, as plain as it can be. */
export function exampleIn(box: Box, space: Space): PolicyInput {
  const point = space.axes().map((axis): [Axis, number] => [axis, plainest(axis, box.get(axis) ?? axis.all)]);
  return inputAt(new Map(point), space);
}

/** The least risky of some cells, but where another says more. */
function plainest(axis: Axis, cells: Cells): number {
  const kind = axis.values[0]?.kind;
  // A text that no rule names; the most of earlier cases, so that the sum leaves room for this one.
  const isText = kind === "string" && axis.fact !== "action" && axis.fact !== "agent";
  if (isText || kind === "history") return highestCell(cells);
  // Noon: what expressions say of the time is mostly about the night.
  const noon = axis.values.findIndex((value, cell) => {
    return value.kind === "time" && value.at.slice(11, 13) === "12" && ((cells >> BigInt(cell)) & 1n) === 1n;
  });
  return noon < 0 ? lowestCell(cells) : noon;
}

/** The facts that a box says something about. */
export function factsOf(box: Box): ReadonlySet<string> {
  return new Set([...box.keys()].map(({ fact }) => fact));
}

/** A box in which one axis may have any value. */
export function opened(box: Box, axis: Axis): Box {
  const wider = new Map<Axis, Cells>(box);
  wider.delete(axis);
  return wider;
}

/** How strict asking a person is: whatever is laxer gives way to a rule that cannot be evaluated. */
export const REVIEW = ROUTES.indexOf("review");
