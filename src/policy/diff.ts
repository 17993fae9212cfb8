import type { PolicyInput } from "../model/facts.js";
import { type Route, ROUTES, type Routing } from "../model/routing.js";
import type { Policy } from "./policy.js";
import { weakenings } from "./weaker-requirement.js";

/** How a routing changed: `asks-less` is the same route with a review that asks for less, or for something else. */
export type PolicyChange = "laxer" | "asks-less" | "stricter" | "same";

/** One proposal that two policies were asked about. */
export interface ComparedProposal {
  /** Its place among the proposals, from 0. */
  readonly index: number;
  readonly input: PolicyInput;
  readonly before: Routing;
  readonly after: Routing;
  /** In what the review asks for less; empty unless the change is `asks-less`. */
  readonly weaker: readonly string[];
}

/** The proposals that went from one route to another. */
export interface PolicyMove {
  readonly change: PolicyChange;
  readonly from: Route;
  readonly to: Route;
  readonly count: number;
  /** The first few of them; none for `same`. */
  readonly examples: readonly ComparedProposal[];
}

/** What a new version of a policy changes for some proposals. */
export interface PolicyDiff {
  /** How many proposals there were. */
  readonly proposals: number;
  /** How many of them each change happened to. */
  readonly counts: Readonly<Record<PolicyChange, number>>;
  /** Those that became laxer first, the furthest moves before the others. */
  readonly moves: readonly PolicyMove[];
}

const MAX_EXAMPLES = 5;
const CHANGES: readonly PolicyChange[] = ["laxer", "asks-less", "stricter", "same"];

/**
 * Asks two versions of a policy about the same proposals, for instance those of last month, and counts what became of
 * them. What became laxer comes first, each move with some of its proposals and both explanations.
 *
 * @example
 * ```ts
 * import { diffPolicies, loadPolicy, type PolicyInput } from "assent";
 *
 * declare const lastMonth: PolicyInput[];
 * const [before, after] = [await loadPolicy("./policy.yaml"), await loadPolicy("./policy.next.yaml")];
 * const { counts, moves } = diffPolicies(before, after, lastMonth);
 * if (counts.laxer > 0) throw new Error(moves[0]?.examples[0]?.after.explanation);
 * ```
 */
export function diffPolicies(before: Policy, after: Policy, proposals: Iterable<PolicyInput>): PolicyDiff {
  const counts: Record<PolicyChange, number> = { laxer: 0, "asks-less": 0, stricter: 0, same: 0 };
  const moves = new Map<string, PolicyMove & { examples: ComparedProposal[] }>();
  let index = 0;
  for (const input of proposals) {
    const routed = { index, input, before: before.evaluate(input), after: after.evaluate(input) };
    const weaker = routed.before.route === routed.after.route ? weakerIn(routed) : [];
    const change = changeOf(routed, weaker);
    counts[change] += 1;
    const key = JSON.stringify([change, routed.before.route, routed.after.route]);
    const { count = 0, examples = [] } = moves.get(key) ?? {};
    if (change !== "same" && examples.length < MAX_EXAMPLES) examples.push({ ...routed, weaker });
    moves.set(key, { change, from: routed.before.route, to: routed.after.route, count: count + 1, examples });
    index += 1;
  }
  return { proposals: index, counts, moves: [...moves.values()].toSorted(byConcern) };
}

type Routed = Omit<ComparedProposal, "weaker">;

function weakerIn({ before, after }: Routed): string[] {
  return weakenings(before.requires, after.requires);
}

function changeOf({ before, after }: Routed, weaker: readonly string[]): PolicyChange {
  const steps = stepsBetween(before.route, after.route);
  if (steps !== 0) return steps < 0 ? "laxer" : "stricter";
  return weaker.length > 0 ? "asks-less" : "same";
}

function stepsBetween(from: Route, to: Route): number {
  return ROUTES.indexOf(to) - ROUTES.indexOf(from);
}

function byConcern(a: PolicyMove, b: PolicyMove): number {
  return (
    CHANGES.indexOf(a.change) - CHANGES.indexOf(b.change) ||
    stepsBetween(a.from, a.to) - stepsBetween(b.from, b.to) ||
    b.count - a.count
  );
}
