import type { PolicyInput } from "../model/facts.js";
import type { Route, Routing } from "../model/routing.js";
import { compileCondition } from "./condition.js";
import type { RuleDocument } from "./document.js";
import { factKindsOf } from "./fact-kinds.js";
import { FactTable, type Subject } from "./fact-row.js";
import type { Policy } from "./policy.js";
import { listed, quoted } from "./quoted.js";

/** What one rule had to do with a routing. */
export interface RuleTrace {
  readonly id: string;
  readonly route: Route;
  /**
   * `decides`: it matched, and nothing stricter did. `overruled`: it matched, but something stricter decided.
   * `unmatched`: it does not match. `unclear`: it cannot be evaluated, because facts are missing or unfit.
   */
  readonly result: "decides" | "overruled" | "unmatched" | "unclear";
  /** Why it matched, why it did not, or why that cannot be told. */
  readonly reasons: readonly string[];
}

/** A routing with what every rule had to do with it. */
export interface PolicyTrace {
  readonly routing: Routing;
  /** Every rule, in the order of the policy. */
  readonly rules: readonly RuleTrace[];
}

/** Why a policy routes a proposal as it does, rule by rule. */
export function tracePolicy(policy: Policy, input: PolicyInput): PolicyTrace {
  const routing = policy.evaluate(input);
  const facts = new FactTable(factKindsOf(policy.source.facts), policy.source.timeZone);
  const conditions = policy.source.rules.map((rule) => ({
    rule,
    when: rule.when && compileCondition(rule.when, facts),
  }));
  const subject = facts.read(input);
  const rules = conditions.map(({ rule, when }): RuleTrace => {
    const { id, route } = rule;
    const missed = missedScopes(rule, subject);
    if (missed.length > 0) return { id, route, result: "unmatched", reasons: missed };
    const held = when === undefined ? true : when.holds(subject.row);
    const unread = held === false ? [] : unreadScopes(rule, subject);
    const doubts = distinct([...unread, ...(held === undefined ? (when?.doubts(subject.row) ?? []) : [])]);
    if (held === undefined || doubts.length > 0) return { id, route, result: "unclear", reasons: doubts };
    const reasons = distinct(when?.because(subject.row, held) ?? ["it has no condition"]);
    if (!held) return { id, route, result: "unmatched", reasons };
    const decides = routing.rules.includes(id) && route === routing.route;
    return { id, route, result: decides ? "decides" : "overruled", reasons };
  });
  return { routing, rules };
}

/** In what a rule is not about this proposal. */
function missedScopes(rule: RuleDocument, subject: Subject): readonly string[] {
  return SCOPES.flatMap((word) => {
    const [names, seen] = [rule[word], subject[word]];
    if (names === undefined || seen === undefined || names.includes(seen)) return [];
    return [`it is about ${word} ${listed(names, quoted, "or")}, not ${quoted(seen)}`];
  });
}

function unreadScopes(rule: RuleDocument, subject: Subject): readonly string[] {
  const unread = SCOPES.filter((word) => rule[word] !== undefined && subject[word] === undefined);
  return unread.map((word) => `${word} is not a string`);
}

const SCOPES = ["action", "agent"] as const;

function distinct(reasons: readonly string[]): string[] {
  return [...new Set(reasons)];
}
