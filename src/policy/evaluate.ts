import type { PolicyInput } from "../model/facts.js";
import { ROUTES, type Routing } from "../model/routing.js";
import type { Truth } from "./comparison.js";
import { compileCondition } from "./condition.js";
import type { PolicyDocument, RuleDocument } from "./document.js";
import { type ExplainedRule, explainDefault, explainFailure, explainMatch, type Found } from "./explain.js";
import { factKindsOf } from "./fact-kinds.js";
import { type FactRow, FactTable, type Subject } from "./fact-row.js";
import { listed, quoted } from "./quoted.js";

interface CompiledRule extends ExplainedRule {
  /** The place of the route in the order of strictness. */
  readonly strictness: number;
  readonly actions: ReadonlySet<string> | undefined;
  readonly agents: ReadonlySet<string> | undefined;
  readonly holds: (row: FactRow) => Truth;
}

const REVIEW = ROUTES.indexOf("review");

/**
 * Compiles a policy into the function that answers for it. The function is total: whatever it is given, it returns a
 * routing and throws nothing.
 */
export function compilePolicy(document: PolicyDocument, policyDigest: string): (input: PolicyInput) => Routing {
  const facts = new FactTable(factKindsOf(document.facts));
  const rules = document.rules.map((rule) => compileRule(rule, facts));
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
      return { route, rules: [], explanation: explainDefault(route), policyDigest };
    }
    const deciding = matches.filter((rule) => rule.strictness === strictest);
    const laxer = matches.filter((rule) => rule.strictness < strictest);
    const found = { subject, deciding, laxer, unclear };
    // What cannot be evaluated asks for a person; a rule that did match may ask for more, never for less.
    if (failedClosed && strictest < REVIEW) {
      return { route: "review", rules: [], explanation: explainFailure(found), policyDigest, failedClosed };
    }
    const rulesMatched = matches.map(({ id }) => id);
    return decide(found, rulesMatched, policyDigest, failedClosed);
  };
}

function decide(found: Found, rules: string[], policyDigest: string, failedClosed: boolean): Routing {
  // There is a deciding rule; should that ever be wrong, the strictest route stands in.
  const route = found.deciding[0]?.route ?? "block";
  const routing = { route, rules, explanation: explainMatch(found), policyDigest };
  return failedClosed ? { ...routing, failedClosed } : routing;
}

function compileRule(rule: RuleDocument, facts: FactTable): CompiledRule {
  const when = rule.when && compileCondition(rule.when, facts);
  return {
    id: rule.id,
    route: rule.route,
    explain: rule.explain,
    strictness: ROUTES.indexOf(rule.route),
    actions: rule.action && new Set(rule.action),
    agents: rule.agent && new Set(rule.agent),
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
