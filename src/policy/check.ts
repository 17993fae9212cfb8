import type { PolicyInput } from "../model/facts.js";
import { gapsOf } from "./gaps.js";
import { isOpaque, type Landscape, landscapesOf } from "./landscape.js";
import { overlapsOf } from "./overlaps.js";
import type { Policy } from "./policy.js";
import { listed } from "./quoted.js";
import { Effort } from "./region.js";
import { type Obstacle, unreachableRules } from "./unreachable.js";

/** What a check of a policy looks for. */
export type PolicyFindingKind = "unreachable" | "gap" | "overlap";

/** Something in a policy that may not be what its author meant. */
export interface PolicyFinding {
  /**
   * `unreachable`: a rule that never decides. `gap`: bands of numbers that no rule matches, so that the default applies.
   * `overlap`: two rules of different routes that match the same proposals, so that the stricter one wins.
   */
  readonly kind: PolicyFindingKind;
  /** The unreachable rule, then those that overrule it; the rules beside a gap; of an overlap the winner, then the other. */
  readonly rules: readonly string[];
  /** One sentence for people. */
  readonly what: string;
  /** A proposal that shows it; `null` for a condition that nothing can meet. */
  readonly example: PolicyInput | null;
}

/** What a check of a policy found. */
export interface PolicyCheck {
  /** Whether nothing was found and everything was looked at. */
  readonly ok: boolean;
  readonly findings: readonly PolicyFinding[];
  /** What was not looked at to the end, because there would be too much to go through or to tell. */
  readonly unfinished: readonly PolicyFindingKind[];
  /** Rules whose conditions cannot be seen through, such as those in CEL; of these nothing is said. */
  readonly opaque: readonly string[];
}

/** How far a check goes, for each kind of finding. */
export interface PolicyCheckLimits {
  readonly steps: number;
  readonly findings: number;
}

const LIMITS: PolicyCheckLimits = { steps: 2_000_000, findings: 200 };

/**
 * Looks for what a policy says that its author may not have meant: rules that never decide, bands of numbers that no rule
 * matches, rules of different routes that match the same. None of it is an error: a policy that is wrong does not load.
 * What is told is true, each with a proposal to try; a policy with very many combinations may have more of it.
 *
 * @example
 * ```ts
 * import { checkPolicy, loadPolicy } from "assent";
 *
 * const { findings } = checkPolicy(await loadPolicy("./policy.yaml"));
 * const dead = findings.filter(({ kind }) => kind === "unreachable");
 * if (dead.length > 0) throw new Error(dead.map(({ what }) => what).join("\n"));
 * ```
 */
export function checkPolicy(policy: Policy): PolicyCheck {
  return checkWithin(policy, LIMITS);
}

/** {@link checkPolicy} with limits of one's own. */
export function checkWithin(policy: Policy, limits: PolicyCheckLimits): PolicyCheck {
  const landscapes = landscapesOf(policy.source);
  if (landscapes === undefined) return { ok: false, findings: [], unfinished: KINDS, opaque: [] };
  const dead = collected(limits, (effort) => unreachableIn(policy, landscapes, effort));
  const deadRules = new Set(dead.findings.flatMap(({ rules }) => rules.slice(0, 1)));
  const found: Record<PolicyFindingKind, Collected> = {
    unreachable: dead,
    gap: collected(limits, (effort) => gapsIn(policy, landscapes, effort)),
    overlap: collected(limits, (effort) => overlapsIn(policy, landscapes, deadRules, effort)),
  };
  const findings = KINDS.flatMap((kind) => found[kind].findings);
  const unfinished = KINDS.filter((kind) => !found[kind].isComplete);
  const opaque = policy.source.rules.filter(isOpaque).map(({ id }) => id);
  return { ok: findings.length === 0 && unfinished.length === 0, findings, unfinished, opaque };
}

const KINDS: readonly PolicyFindingKind[] = ["unreachable", "gap", "overlap"];

interface Collected {
  readonly findings: readonly PolicyFinding[];
  readonly isComplete: boolean;
}

function collected(
  { steps, findings: max }: PolicyCheckLimits,
  find: (effort: Effort) => Generator<PolicyFinding>,
): Collected {
  const effort = new Effort(steps);
  const findings: PolicyFinding[] = [];
  for (const finding of find(effort)) {
    if (findings.length === max) return { findings, isComplete: false };
    findings.push(finding);
  }
  return { findings, isComplete: !effort.exhausted };
}

function* unreachableIn(
  { source }: Policy,
  landscapes: readonly Landscape[],
  effort: Effort,
): Generator<PolicyFinding> {
  for (const { id, overruledBy, example } of unreachableRules(landscapes, effort)) {
    const route = source.rules.find((rule) => rule.id === id)?.route ?? "";
    const why =
      example === null
        ? "its condition contradicts itself, so that no proposal meets it"
        : `wherever it matches, ${overruling(overruledBy)}`;
    const what = `Rule ${JSON.stringify(id)} (${route}) never decides: ${why}.`;
    const others = new Set(overruledBy.map((obstacle) => obstacle.id));
    yield { kind: "unreachable", rules: [id, ...others], what, example };
  }
}

function overruling(obstacles: readonly Obstacle[]): string {
  const stricter = obstacles.filter(({ isStricter }) => isStricter);
  const unclear = obstacles.filter(({ isStricter }) => !isStricter);
  const phrases = [
    stricter.length === 0 ? [] : [`${named(stricter)} ${stricter.length === 1 ? "is" : "are"} stricter`],
    unclear.length === 0 ? [] : [`${named(unclear)} cannot be evaluated`],
  ];
  return phrases.flat().join(", or ");
}

function named(obstacles: readonly Obstacle[]): string {
  return `${obstacles.length === 1 ? "rule" : "rules"} ${listed(obstacles, ({ id }) => JSON.stringify(id))}`;
}

function* gapsIn(policy: Policy, landscapes: readonly Landscape[], effort: Effort): Generator<PolicyFinding> {
  for (const { where, beside, example: found } of gapsOf(landscapes, effort)) {
    const example = timed(found, policy);
    // A rule that cannot be seen through may match after all.
    const { rules, failedClosed } = policy.evaluate(example);
    if (rules.length > 0 || failedClosed === true) continue;
    const near = beside.length === 0 ? "" : `; beside it: ${listed(beside, (id) => JSON.stringify(id))}`;
    const what = `No rule matches ${where}, so the default applies: ${policy.source.default.route}${near}.`;
    yield { kind: "gap", rules: beside, what, example };
  }
}

function* overlapsIn(
  policy: Policy,
  landscapes: readonly Landscape[],
  deadRules: ReadonlySet<string>,
  effort: Effort,
): Generator<PolicyFinding> {
  const routeOf = new Map(policy.source.rules.map(({ id, route }) => [id, route]));
  const withRoute = (id: string): string => `${JSON.stringify(id)} (${routeOf.get(id)})`;
  for (const { winner, loser, where, example: found } of overlapsOf(landscapes, deadRules, effort)) {
    const example = timed(found, policy);
    const { rules } = policy.evaluate(example);
    if (!rules.includes(winner) || !rules.includes(loser)) continue;
    const both = where === "" ? "match everything" : `both match ${where}`;
    const what = `Rules ${withRoute(winner)} and ${withRoute(loser)} ${both}: ${JSON.stringify(winner)} wins, for it is stricter.`;
    yield { kind: "overlap", rules: [winner, loser], what, example };
  }
}

/** A proposal at some moment, where a rule that cannot be seen through may ask for it: a Monday at noon. */
function timed(input: PolicyInput, { source }: Policy): PolicyInput {
  return source.rules.some(isOpaque) ? { at: "2026-01-05T12:00:00.000Z", ...input } : input;
}
