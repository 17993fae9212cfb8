import type { PolicyInput } from "../model/facts.js";
import type { Requirement } from "../model/requirement.js";
import { type Route, ROUTES, type Routing } from "../model/routing.js";
import type { Truth } from "./comparison.js";
import { compileCondition } from "./condition.js";
import type { PolicyDocument, RuleDocument } from "./document.js";
import { explainRequirement } from "./explain-requirement.js";
import { type ExplainedRule, explainDefault, explainFailure, explainMatch } from "./explain.js";
import { factKindsOf } from "./fact-kinds.js";
import { type FactRow, FactTable, type Subject } from "./fact-row.js";
import { pastOf, queriesOf } from "./history.js";
import { listed, quoted } from "./quoted.js";
import { RequirementPool } from "./requirement-pool.js";

interface CompiledRule extends ExplainedRule {
  /** The place of the route in the order of strictness. */
  readonly strictness: number;
  readonly actions: ReadonlySet<string> | undefined;
  readonly agents: ReadonlySet<string> | undefined;
  readonly holds: (row: FactRow) => Truth;
  /** What it asks of people; nothing if its route asks nobody. */
  readonly requirement: Requirement | undefined;
}

const REVIEW = ROUTES.indexOf("review");

/**
 * Compiles a policy into the function that answers for it. The function is total: whatever it is given, it returns a
 * routing and throws nothing.
 */
export function compilePolicy(document: PolicyDocument, policyDigest: string): (input: PolicyInput) => Routing {
  const facts = new FactTable(factKindsOf(document.facts), document.timeZone);
  const pool = new RequirementPool(document);
  const rules = document.rules.map((rule) => compileRule(rule, pool, facts));
  const completed = completion(document, pool, policyDigest);
  return (input) => {
    const subject = facts.read(input);
    const matches: CompiledRule[] = [];
    const unclear: CompiledRule[] = [];
    let strictest = -1;
    for (const rule of rules) {
      const matched = applies(rule, subject);
      if (matched === true) {
        matches.push(rule);
        strictest = Math.max(strictest, rule.strictness);
      } else if (matched === undefined) unclear.push(rule);
    }
    const failedClosed = unclear.length > 0 || subject.doubt !== undefined;
    if (matches.length === 0 && !failedClosed) {
      const { route } = document.default;
      return completed(
        { route, rules: [], explanation: explainDefault(route), asked: [pool.byDefault], failedClosed },
        input,
      );
    }
    const deciding = matches.filter((rule) => rule.strictness === strictest);
    const laxer = matches.filter((rule) => rule.strictness < strictest);
    const found = { subject, deciding, laxer, unclear };
    // What cannot be evaluated asks for a person; a rule that did match may ask for more, never for less.
    if (failedClosed && strictest < REVIEW) {
      const asked = [document.default.route === "review" ? pool.byDefault : undefined];
      return completed({ route: "review", rules: [], explanation: explainFailure(found), asked, failedClosed }, input);
    }
    const asked = deciding.map(({ requirement }) => requirement);
    // There is a deciding rule; should that ever be wrong, the strictest route stands in.
    const route = deciding[0]?.route ?? "block";
    const answer = { route, rules: matches.map(({ id }) => id), explanation: explainMatch(found), asked, failedClosed };
    return completed(answer, input);
  };
}

/** An answer as the rules give it. */
interface Answer {
  readonly route: Route;
  readonly rules: string[];
  readonly explanation: string;
  /** What those who decided ask of people. */
  readonly asked: readonly (Requirement | undefined)[];
  readonly failedClosed: boolean;
}

// What is not asked for is left out, so that a policy that says nothing of it gives the same routing as ever.
function completion(
  document: PolicyDocument,
  pool: RequirementPool,
  policyDigest: string,
): (answer: Answer, input: PolicyInput) => Routing {
  const names = queriesOf(document).map(({ name }) => name);
  const { sample } = document;
  return ({ route, rules, explanation, asked, failedClosed }, input) => {
    const routing: Routing = { route, rules, explanation, policyDigest };
    if (failedClosed) routing.failedClosed = true;
    const requires = pool.together(asked, failedClosed);
    if (requires !== undefined) {
      routing.requires = requires;
      routing.explanation = `${explanation} ${explainRequirement(route, requires)}`;
    }
    const past = names.length === 0 ? undefined : pastOf(names, input);
    if (past !== undefined) routing.history = past;
    if (sample !== undefined && (route === "execute" || route === "veto")) routing.sample = sample.executed;
    return routing;
  };
}

function compileRule(rule: RuleDocument, pool: RequirementPool, facts: FactTable): CompiledRule {
  const when = rule.when && compileCondition(rule.when, facts);
  return {
    id: rule.id,
    route: rule.route,
    explain: rule.explain,
    strictness: ROUTES.indexOf(rule.route),
    actions: rule.action && new Set(rule.action),
    agents: rule.agent && new Set(rule.agent),
    requirement: pool.of(rule),
    holds: when?.holds ?? (() => true),
    reasons: (row) => when?.because(row, true) ?? [`it applies to ${scopeOf(rule)}`],
    doubts: (row) => when?.doubts(row) ?? [],
  };
}

// A rule for another action or agent is not evaluated at all, so a fact that it misses does not matter.
function applies({ actions, agents, holds }: CompiledRule, { action, agent, row }: Subject): Truth {
  const forAction = isAmong(action, actions);
  const forAgent = isAmong(agent, agents);
  if (forAction === false || forAgent === false) return false;
  const held = holds(row);
  if (held === false) return false;
  return forAction === undefined || forAgent === undefined ? undefined : held;
}

function isAmong(name: string | undefined, names: ReadonlySet<string> | undefined): Truth {
  if (names === undefined) return true;
  return name === undefined ? undefined : names.has(name);
}

function scopeOf({ action, agent }: RuleDocument): string {
  const what = action === undefined ? "everything" : `every ${listed(action, quoted)}`;
  return agent === undefined ? what : `${what} by ${listed(agent, quoted)}`;
}
