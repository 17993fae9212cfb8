import type { PolicyInput } from "../model/facts.js";
import type { Route, Routing } from "../model/routing.js";
import { type Axis, type Cells, highestCell, lowestCell } from "./axis.js";
import type { PolicyDocument, RuleDocument } from "./document.js";
import type { Descent } from "./monotonicity.js";
import { sumOf } from "./history.js";
import { listed, quoted } from "./quoted.js";
import { strictnessOf } from "./review-terms.js";
import { Mentions, type Space, THE_TIME } from "./space.js";

/** A proposal of a counterexample, and what the policy does with it. */
export interface Routed {
  readonly input: PolicyInput;
  readonly route: Route;
  /** Whether it executes if nobody decides in time. */
  readonly executes: boolean;
  /** The first rule that decided; `undefined` if the default did. */
  readonly rule: RuleDocument | undefined;
}

/** Two proposals of which the riskier one is routed laxer, and what to say about them. */
export interface Counterexample {
  readonly safer: Routed;
  readonly riskier: Routed;
  /** The facts that differ, and for both proposals the others that matter. */
  readonly differing: readonly Axis[];
  readonly shared: readonly Axis[];
  readonly text: string;
}

/** One cell on each axis. */
type Point = ReadonlyMap<Axis, number>;

/** Picks two proposals out of what the analysis found; if one fact can make the difference, they differ in that one. */
export function counterexampleOf(
  { space, safer, riskier }: Descent,
  document: PolicyDocument,
  evaluate: (input: PolicyInput) => Routing,
): Counterexample {
  const axes = space.axes();
  const low = new Map<Axis, number>();
  const high = new Map<Axis, number>();
  for (const axis of axes) {
    const [from, to] = cellsBetween(axis, safer.get(axis) ?? axis.all, riskier.get(axis) ?? axis.all);
    low.set(axis, from);
    high.set(axis, to);
  }
  const [from, to] = oneStep(low, high, (point) => evaluate(inputAt(point, space)));
  const differing = axes.filter((axis) => from.get(axis) !== to.get(axis));
  const [one, other] = [from, to].map((point): Routed => {
    const input = inputAt(point, space);
    const { route, rules, requires } = evaluate(input);
    const executes = route === "review" && requires?.otherwise === "execute";
    return {
      input,
      route,
      executes,
      rule: document.rules.find((rule) => rule.route === route && rules.includes(rule.id)),
    };
  }) as [Routed, Routed];
  const read = [one.rule, other.rule].map(
    (rule) => new Mentions({ ...document, rules: rule === undefined ? [] : [rule] }),
  );
  const shared = axes.filter((axis) => {
    const matters = safer.has(axis) || riskier.has(axis) || read.some((mentions) => mentions.reads(axis));
    return matters && !differing.includes(axis);
  });
  const example = { safer: one, riskier: other, differing, shared };
  return { ...example, text: textOf(example, from, to) };
}

// The same cell if there is one, else two that are as near as can be. Of several the one at the end is taken that a
// rule set; the least risky of all values does not call any further rule in.
function cellsBetween({ all, risk }: Axis, safer: Cells, riskier: Cells): [number, number] {
  const common = safer & riskier;
  if (common !== 0n) {
    const cell = risk === undefined || common === all ? lowestCell(common) : highestCell(common);
    return [cell, cell];
  }
  const above = riskier >> BigInt(lowestCell(safer));
  const to = lowestCell(above) + lowestCell(safer);
  return [highestCell(safer & ((1n << BigInt(to)) - 1n)), to];
}

// Somewhere on the way from the one to the other, one fact at a time, the route gets laxer; unless what lies between
// cannot be evaluated, that is one step of the way.
function oneStep(from: Point, to: Point, evaluate: (point: Point) => Routing): [Point, Point] {
  let last = from;
  for (const [axis, cell] of to) {
    if (cell === last.get(axis)) continue;
    const next = new Map(last).set(axis, cell);
    const [before, after] = [evaluate(last), evaluate(next)];
    const isEvaluated = before.failedClosed !== true && after.failedClosed !== true;
    if (isEvaluated && strictnessIn(after) < strictnessIn(before)) return [last, next];
    last = next;
  }
  return [from, to];
}

function strictnessIn({ route, requires }: Routing): number {
  return strictnessOf(route, requires?.otherwise);
}

/** The proposal at a point of a space. */
export function inputAt(point: Point, space: Space): PolicyInput {
  const names: Record<string, string> = {};
  const facts: Record<string, unknown> = Object.fromEntries(space.tagFacts().map((fact) => [fact, []]));
  for (const [axis, cell] of point) {
    const { fact } = axis;
    const seen = axis.values[cell];
    if (seen?.kind === "tags") facts[fact] = [...(facts[fact] as string[]), ...seen.value];
    else if (seen?.kind === "amount") facts[fact] = { value: seen.value, currency: seen.currency };
    else if (seen?.kind === "string" && (fact === "action" || fact === "agent")) names[fact] = seen.value;
    else if (seen?.kind === "string" || seen?.kind === "number" || seen?.kind === "boolean") facts[fact] = seen.value;
  }
  const input = { action: names.action ?? "any", agent: names.agent ?? "any", facts: facts as PolicyInput["facts"] };
  return { ...input, ...surroundingsAt(point, input) };
}

// When it is asked, and what came before: what a sum comes to, without this proposal's own part.
function surroundingsAt(point: Point, { facts: { amount } }: PolicyInput): Pick<PolicyInput, "at" | "history"> {
  const history: Record<string, number> = {};
  let at: string | undefined;
  for (const [{ values, query }, cell] of point) {
    const seen = values[cell];
    if (seen?.kind === "time") at = seen.at;
    if (seen?.kind !== "history" || query === undefined) continue;
    const past = sumOf(seen.total, query.of === "count" ? -1 : -(amount?.value ?? 0));
    if (past >= 0) history[query.name] = past;
  }
  return { ...(at === undefined ? {} : { at }), ...(Object.keys(history).length === 0 ? {} : { history }) };
}

type Told = Omit<Counterexample, "text">;

function textOf({ safer, riskier, differing, shared }: Told, from: Point, to: Point): string {
  const moves = listed(differing, ({ fact, risk }) => `a ${risk === "down" ? "lower" : "higher"} ${fact}`);
  const seen = (axes: readonly Axis[], point: Point): string => listed(axes, (axis) => phrase(axis, point.get(axis)));
  const both = shared.length === 0 ? "" : `, both with ${seen(shared, to)}`;
  return (
    `expected ${moves} never to be routed laxer; seen ${seen(differing, from)} routed to ${decided(safer)} but ` +
    `${seen(differing, to)} to ${decided(riskier)}${both}: ${remedy(safer, riskier)}`
  );
}

function decided({ route, rule, executes }: Routed): string {
  const by = rule === undefined ? "the default" : `rule ${JSON.stringify(rule.id)}`;
  return `${route} by ${by}${executes ? " (executed if nobody decides)" : ""}`;
}

function remedy(safer: Routed, riskier: Routed): string {
  const { rule } = safer;
  if (riskier.executes && safer.route === riskier.route) {
    const who = riskier.rule === undefined ? "the default" : `rule ${JSON.stringify(riskier.rule.id)}`;
    return `let ${who} do something else than execute if nobody decides`;
  }
  if (rule === undefined) return `give rule ${JSON.stringify(riskier.rule?.id)} a route no laxer than ${safer.route}`;
  return `let rule ${JSON.stringify(rule.id)} match there too, or write another rule that routes it no laxer than ${safer.route}`;
}

function phrase({ fact, tag, values }: Axis, cell: number | undefined): string {
  const seen = values[cell ?? 0];
  if (seen?.kind === "tags") return `${quoted(tag ?? "")} ${seen.value.size === 0 ? "not " : ""}among ${fact}`;
  if (seen?.kind === "amount") return `${fact} ${seen.value} ${seen.currency}`;
  if (seen?.kind === "string") return `${fact} ${quoted(seen.value)}`;
  if (seen?.kind === "history") return `${fact} ${seen.total}`;
  if (seen?.kind === "time") return `${THE_TIME} ${seen.at}`;
  return `${fact} ${seen?.kind === "number" || seen?.kind === "boolean" ? seen.value : ""}`;
}
