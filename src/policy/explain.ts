import type { Route } from "../model/routing.js";
import type { FactRow, Subject } from "./fact-row.js";
import { listed } from "./quoted.js";

/** A rule as an explanation speaks of it. Its reasons are asked for only if they are going to be told. */
export interface ExplainedRule {
  readonly id: string;
  readonly route: Route;
  /** The author's own reason. */
  readonly explain?: string | undefined;
  /** Why it matched these facts, given that it did. */
  readonly reasons: (row: FactRow) => readonly string[];
  /** Why it cannot be evaluated for these facts, given that it cannot. */
  readonly doubts: (row: FactRow) => readonly string[];
}

/** What an evaluation found. */
export interface Found {
  /** The facts, and what is wrong with the proposal as a whole. */
  readonly subject: Subject;
  /** The matching rules of the strictest route among them. */
  readonly deciding: readonly ExplainedRule[];
  /** The other matching rules. */
  readonly laxer: readonly ExplainedRule[];
  /** The rules that cannot be evaluated. */
  readonly unclear: readonly ExplainedRule[];
}

// Each rule tells its reason up to here; the others are counted.
const MAX_REASONS = 3;

const ONE: Record<Route, string> = {
  execute: "lets it execute",
  flag: "lets it execute and flags it",
  veto: "lets it execute unless somebody objects",
  clarify: "has it clarified first",
  review: "sends it to review",
  suggest: "makes it a suggestion",
  block: "blocks it",
};
const SEVERAL: Record<Route, string> = {
  execute: "let it execute",
  flag: "let it execute and flag it",
  veto: "let it execute unless somebody objects",
  clarify: "have it clarified first",
  review: "send it to review",
  suggest: "make it a suggestion",
  block: "block it",
};

/** Why the default applied. */
export function explainDefault(route: Route): string {
  return `No rule matches; the default is ${route}.`;
}

/** Why the matching rules of the strictest route decided, which laxer ones matched too, and what stayed unclear. */
export function explainMatch({ subject, deciding, laxer, unclear }: Found): string {
  const [first] = deciding;
  if (first === undefined) return "";
  const verb = (deciding.length === 1 ? ONE : SEVERAL)[first.route];
  const reasons = because(deciding, (rule) => matched(rule, subject.row));
  const sentences = [`${capital(names(deciding))} ${verb}: ${reasons}`, ...alsoMatched(laxer)];
  if (subject.doubt !== undefined) sentences.push(`the proposal cannot be read: ${subject.doubt}`);
  else if (unclear.length > 0) {
    sentences.push(`${names(unclear)} cannot be evaluated: ${because(unclear, (rule) => unknown(rule, subject.row))}`);
  }
  return `${sentences.join("; ")}.`;
}

/** Why it goes to review although no matching rule is as strict as that. */
export function explainFailure({ subject, deciding, laxer, unclear }: Found): string {
  const failure =
    subject.doubt === undefined
      ? `${capital(names(unclear))} cannot be evaluated, so it goes to review: ${because(unclear, (rule) => unknown(rule, subject.row))}`
      : `The proposal cannot be read, so it goes to review: ${subject.doubt}`;
  return `${[failure, ...alsoMatched([...deciding, ...laxer])].join("; ")}.`;
}

function alsoMatched(laxer: readonly ExplainedRule[]): string[] {
  if (laxer.length === 0) return [];
  const rules = listed(laxer, ({ id, route }) => `${JSON.stringify(id)} (${route})`);
  return [laxer.length === 1 ? `rule ${rules} matched too but is laxer` : `rules ${rules} matched too but are laxer`];
}

function names(rules: readonly ExplainedRule[]): string {
  return `${rules.length === 1 ? "rule" : "rules"} ${listed(rules, ({ id }) => JSON.stringify(id))}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

// What is true of every rule that is told is said once.
function because(rules: readonly ExplainedRule[], reason: (rule: ExplainedRule) => string): string {
  const told = rules.slice(0, MAX_REASONS).map((rule) => ({ id: rule.id, text: reason(rule) }));
  const texts = new Set(told.map(({ text }) => text));
  if (texts.size === 1) return [...texts].join("");
  return told.map(({ id, text }) => `${JSON.stringify(id)} because ${text}`).join(", ");
}

function matched(rule: ExplainedRule, row: FactRow): string {
  const facts = listed(rule.reasons(row), String);
  return rule.explain === undefined ? facts : `${facts} (${JSON.stringify(rule.explain)})`;
}

// A route stricter than review is told, for then the rule could have meant more than asking a person.
function unknown(rule: ExplainedRule, row: FactRow): string {
  const doubts = listed([...new Set(rule.doubts(row))], String);
  return rule.route === "suggest" || rule.route === "block" ? `${doubts} (its route is ${rule.route})` : doubts;
}
