import type { Axis, Cells } from "./axis.js";
import type { ConditionDocument, PolicyDocument, RuleDocument } from "./document.js";
import { type Box, Effort, meet, stretched, uncovered } from "./region.js";
import { strictnessOf } from "./review-terms.js";
import { RuleRegion } from "./rule-region.js";
import { Mentions, Space } from "./space.js";

/**
 * Two parts of a space where more risk may be routed laxer: for some proposal of the one there is a proposal of the
 * other that differs only in being riskier, and goes a laxer way.
 */
export interface Descent {
  readonly space: Space;
  readonly safer: Box;
  readonly riskier: Box;
}

/** What the analysis of a policy found. */
export interface Analysis {
  readonly descents: readonly Descent[];
  /** The id of the rule at which the work became too much; nothing is known of the rules that had not had their turn. */
  readonly unfinished: string | undefined;
  /** How much work it was, in steps. */
  readonly steps: number;
}

/** How many steps an analysis may take; a hundred ordinary rules take some ten thousand of them. */
const MAX_STEPS = 5_000_000;

/**
 * Finds where a policy routes a riskier proposal laxer than a less risky one: one with a higher amount of the same
 * currency, a higher risk or novelty, a lower confidence, or a declared number moved in its direction of risk, and
 * otherwise the same. It speaks of the proposals that can be evaluated; all others go to a person anyway.
 *
 * What earlier cases and a proposal add up to counts as a fact of its own that is riskier when it is higher; no time is
 * riskier than another. A review that executes when nobody decides in time counts as laxer than other reviews. Rules with
 * CEL are left out, since nobody can tell where they match; see {@link laxUnknowns}.
 *
 * The rules may stand in any order. The answer is exact: none of the thresholds is skipped, and what is found is real.
 */
export function analyse(whole: PolicyDocument, maxSteps = MAX_STEPS): Analysis {
  const document = withoutCel(whole);
  const effort = new Effort(maxSteps);
  const mentions = new Mentions(document);
  const currencies = mentions.currencies.size === 0 ? [undefined] : [...mentions.currencies].toSorted();
  const found = new Map<string, Descent>();
  for (const currency of currencies) {
    const world = new World(document, new Space(document, mentions, currency), effort);
    for (const { id, descents } of world.search()) {
      if (effort.exhausted) return { descents: [...found.values()], unfinished: id, steps: effort.spent };
      for (const [kind, descent] of Object.entries(descents)) {
        const key = JSON.stringify([id, kind]);
        if (descent !== undefined && !found.has(key)) found.set(key, descent);
      }
    }
  }
  return { descents: [...found.values()], unfinished: undefined, steps: effort.spent };
}

/** The rules that nobody can tell the meaning of and that are laxer than the default, so that they may not be loaded. */
export function laxUnknowns(document: PolicyDocument): readonly RuleDocument[] {
  const { default: fallback } = document;
  return document.rules.filter(
    (rule) => readsCel(rule.when) && strictnessIn(rule, fallback) < strictnessIn(fallback, fallback),
  );
}

/** A policy without its rules with CEL. */
export function withoutCel(document: PolicyDocument): PolicyDocument {
  return { ...document, rules: document.rules.filter(({ when }) => !readsCel(when)) };
}

function readsCel(when: ConditionDocument | undefined): boolean {
  if (when === undefined) return false;
  const { cel, not, all = [], any = [] } = when;
  return cel !== undefined || readsCel(not) || all.some(readsCel) || any.some(readsCel);
}

type Asking = Pick<RuleDocument, "route" | "review">;

function strictnessIn({ route, review }: Asking, fallback: Asking): number {
  const terms = review ?? (route === fallback.route ? fallback.review : undefined);
  return strictnessOf(route, terms?.otherwise);
}

interface Searched {
  readonly id: string;
  readonly descents: { readonly fromRule: Descent | undefined; readonly fromDefault: Descent | undefined };
}

/** The rules of a policy in the space of one currency. */
class World {
  readonly #space: Space;
  readonly #effort: Effort;
  /** The strictest first. */
  readonly #rules: readonly RuleRegion[];
  /** How strict the default is. */
  readonly #fallback: number;
  #doubtful: readonly Box[] | undefined;

  constructor(document: PolicyDocument, space: Space, effort: Effort) {
    this.#space = space;
    this.#effort = effort;
    this.#fallback = strictnessIn(document.default, document.default);
    // An order of its own, so that the answer does not depend on that of the policy.
    this.#rules = document.rules
      .map((rule) => new RuleRegion(rule, space, effort, strictnessIn(rule, document.default)))
      .toSorted((a, b) => b.strictness - a.strictness || (a.id < b.id ? -1 : 1));
  }

  /** Goes through the rules one by one. */
  *search(): Generator<Searched> {
    for (const rule of this.#rules) {
      yield { id: rule.id, descents: { fromRule: this.#fromRule(rule), fromDefault: this.#fromDefault(rule) } };
    }
  }

  // From where a rule matches to where, with more risk, nothing as strict does.
  #fromRule(rule: RuleRegion): Descent | undefined {
    const laxer = this.#rules.filter(({ strictness }) => strictness < rule.strictness);
    const defaultIsLaxer = this.#fallback < rule.strictness;
    if ((laxer.length === 0 && !defaultIsLaxer) || rule.isRising) return undefined;
    const covers = [...rule.matching, ...this.#strict(rule.strictness), ...this.#doubts()];
    for (const match of rule.matching) {
      for (const safer of uncovered(match, this.#doubts(), this.#effort)) {
        const reach = stretched(safer, riskier);
        const targets = defaultIsLaxer ? [reach] : this.#meeting(reach, laxer);
        const riskierBox = first(targets, (target) => uncovered(target, covers, this.#effort));
        if (riskierBox !== undefined) return { space: this.#space, safer, riskier: riskierBox };
      }
    }
    return undefined;
  }

  // From where nothing matches to where, with more risk, a rule laxer than the default decides.
  #fromDefault(rule: RuleRegion): Descent | undefined {
    if (rule.strictness >= this.#fallback || rule.isFalling) return undefined;
    const stricter = [...this.#strict(this.#fallback), ...this.#doubts()];
    const covers = [...rule.matching, ...this.#strict(0), ...this.#doubts()];
    for (const match of rule.matching) {
      for (const riskierBox of uncovered(match, stricter, this.#effort)) {
        const safer = first([stretched(riskierBox, lessRisky)], (box) => uncovered(box, covers, this.#effort));
        if (safer !== undefined) return { space: this.#space, safer, riskier: riskierBox };
      }
    }
    return undefined;
  }

  // Where rules match that are at least as strict.
  #strict(strictness: number): readonly Box[] {
    return this.#rules.filter((rule) => rule.strictness >= strictness).flatMap(({ matching }) => matching);
  }

  #meeting(box: Box, rules: readonly RuleRegion[]): readonly Box[] {
    return rules.flatMap(({ matching }) => matching.flatMap((match) => meet(box, match, this.#effort) ?? []));
  }

  // Where some rule cannot be evaluated, so that a person is asked, and what no proposal can be.
  #doubts(): readonly Box[] {
    this.#doubtful ??= [...this.#space.impossible(), ...this.#rules.flatMap(({ doubtful }) => doubtful)];
    return this.#doubtful;
  }
}

function riskier(axis: Axis, cells: Cells): Cells {
  return axis.riskier(cells);
}

function lessRisky(axis: Axis, cells: Cells): Cells {
  return axis.safer(cells);
}

function first(boxes: readonly Box[], among: (box: Box) => Generator<Box>): Box | undefined {
  for (const box of boxes) for (const found of among(box)) return found;
  return undefined;
}
