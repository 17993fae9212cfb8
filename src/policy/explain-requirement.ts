import type { EscalationStep, Fallback, Panel, Requirement, Selector } from "../model/requirement.js";
import type { Route } from "../model/routing.js";
import { durationInWords } from "./duration.js";
import { listed, quoted } from "./quoted.js";

const told = new WeakMap<Requirement, Map<Route, string>>();

/** What a routing asks of people, in sentences: who, by when, what happens otherwise. */
export function explainRequirement(route: Route, requirement: Requirement): string {
  const texts = told.get(requirement) ?? new Map<Route, string>();
  const text = texts.get(route) ?? sentences(route, requirement).join(" ");
  told.set(requirement, texts.set(route, text));
  return text;
}

function sentences(route: Route, requirement: Requirement): string[] {
  const { panels, withinMs, windowMs, otherwise, escalateTo, stepUp, reasonCodes, show } = requirement;
  const who = listed(panels, panelInWords);
  if (route === "suggest") return [`It is suggested to ${who}.`, ...shown(show)];
  if (route === "veto") {
    const window = windowMs === null ? "its window" : durationInWords(windowMs);
    return [`It executes after ${window} unless ${who} objects.`, ...reasons(reasonCodes), ...shown(show)];
  }
  const proof = stepUp === null ? "" : `, after a fresh ${stepUp}`;
  const task = route === "clarify" ? `It asks ${who}` : `It needs ${who}${proof}`;
  const deadline =
    withinMs === null
      ? ", for as long as it takes."
      : ` within ${durationInWords(withinMs)}${otherwiseInWords(otherwise, escalateTo)}.`;
  return [`${task}${deadline}`, ...reasons(reasonCodes), ...shown(show)];
}

function panelInWords({ by, quorum }: Panel): string {
  const who = by.length === 0 ? "" : ` ${selectorsInWords(by)}`;
  if (quorum === "any") return by.length === 0 ? "somebody" : `somebody${who}`;
  if (quorum === "two-person") return `two people${who}`;
  if (quorum === "unanimous") return `everybody${who}`;
  if (quorum === "majority") return `a majority of those${who}`;
  const [count = "", of = ""] = quorum.split("-of-");
  return `${count} of ${of} people${who}`;
}

function selectorsInWords(by: readonly Selector[]): string {
  return `with ${listed(by, selectorInWords, "or")}`;
}

function selectorInWords(selector: Selector): string {
  if ("role" in selector) return `role ${quoted(selector.role)}`;
  return "group" in selector ? `group ${quoted(selector.group)}` : `the name ${quoted(selector.person)}`;
}

const ENDINGS: Record<Exclude<Fallback, "escalate">, string> = {
  hold: "otherwise it is held",
  reject: "otherwise it is rejected",
  execute: "otherwise it executes",
};

function otherwiseInWords(otherwise: Fallback, steps: readonly EscalationStep[]): string {
  if (otherwise !== "escalate") return `; ${ENDINGS[otherwise]}`;
  const [step, ...others] = steps;
  if (step === undefined) return `; ${ENDINGS.hold}`;
  const who = `; otherwise it goes to somebody ${selectorsInWords(step.by)}`;
  if (step.withinMs === null) return `${who}, for as long as it takes`;
  return `${who} for ${durationInWords(step.withinMs)}${otherwiseInWords(step.otherwise, others)}`;
}

function reasons(codes: readonly string[] | null): string[] {
  return codes === null ? [] : [`A decision gives the reason ${listed(codes, quoted, "or")}.`];
}

function shown(show: readonly string[]): string[] {
  return show.length === 0 ? [] : [`Whoever is asked sees ${listed(show, quoted)}.`];
}
