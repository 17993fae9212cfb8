import {
  type EscalationStep,
  type Fallback,
  FALLBACKS,
  ONE_PERSON,
  type Panel,
  type Requirement,
} from "../model/requirement.js";
import { durationMs } from "./duration.js";
import { type ReviewTerms, STEP_UPS, type StepUp } from "./review-terms.js";

/** What one rule's terms ask for; `rule` is null for the default. */
export function requirementOf(terms: ReviewTerms, rule: string | null): Requirement {
  const { by = [], quorum = "any", tieBreak = "reject" } = terms;
  return {
    panels: [{ rule, by: [...by], quorum, tieBreak }],
    withinMs: msOf(terms.within),
    otherwise: terms.otherwise ?? "hold",
    escalateTo: (terms.escalateTo ?? []).map((step) => ({
      by: [...step.by],
      withinMs: msOf(step.within),
      otherwise: step.otherwise ?? "hold",
    })),
    windowMs: msOf(terms.window),
    stepUp: terms.stepUp ?? null,
    reasonCodes: terms.reasonCodes === undefined ? null : [...terms.reasonCodes],
    answer: (terms.answer as Requirement["answer"] | undefined) ?? null,
    show: [...(terms.show ?? [])],
  };
}

function msOf(text: string | undefined): number | null {
  return text === undefined ? null : (durationMs(text) ?? null);
}

/**
 * What several rules of one route ask for together; the order of the rules does not matter.
 *
 * Every panel has to agree. The earliest deadline and the strictest fallback count, and a rule that names no deadline
 * means to hold. If rules escalate in different ways none of them can be followed without leaving the others out, so it
 * is held. The longest window and the strongest step-up count. A decision gives a reason code that every rule with a
 * list allows; if there is none, one of any of the lists, since otherwise nobody could decide at all. What any rule
 * wants shown is shown, whom any excludes is excluded, there are no more drafts than any allows, and an answer has to
 * satisfy every form.
 */
export function merged(requirements: readonly Requirement[]): Requirement {
  const [first = ONE_PERSON] = requirements;
  if (requirements.length <= 1) return first;
  return {
    panels: mergedPanels(requirements.flatMap(({ panels }) => panels)),
    withinMs: least(requirements.map(({ withinMs }) => withinMs)),
    ...mergedFallback(requirements),
    windowMs: most(requirements.map(({ windowMs }) => windowMs)),
    stepUp: strongest(requirements.map(({ stepUp }) => stepUp)),
    reasonCodes: mergedCodes(requirements.flatMap(({ reasonCodes }) => (reasonCodes === null ? [] : [reasonCodes]))),
    answer: mergedAnswer(requirements.flatMap(({ answer }) => (answer === null ? [] : [answer]))),
    show: [...new Set(requirements.flatMap(({ show }) => show))].toSorted(),
    ...mergedExclusion(requirements),
    ...mergedDrafts(requirements),
  };
}

/** Whether a requirement is no more than what a review needs where no policy says anything. */
export function asksNothing(requirement: Requirement): boolean {
  const [panel, ...others] = requirement.panels;
  const rest = { ...requirement, panels: ONE_PERSON.panels };
  return others.length === 0 && panel !== undefined && isAnybody(panel) && keyOf(rest) === keyOf(ONE_PERSON);
}

/** The same, but what nobody decides is never executed: for where a policy could not be evaluated. */
export function neverExecuting(requirement: Requirement): Requirement {
  return requirement.otherwise === "execute" ? { ...requirement, otherwise: "hold" } : requirement;
}

function isAnybody({ by, quorum }: Panel): boolean {
  return by.length === 0 && quorum === "any";
}

// A panel of which anyone will do is met by whoever decides for a larger one of the same people; one of everybody by any.
function mergedPanels(panels: readonly Panel[]): Panel[] {
  const kept = new Map<string, Panel>();
  for (const panel of panels.toSorted(byRule)) {
    const key = keyOf([peopleOf(panel), panel.quorum, panel.tieBreak]);
    if (!kept.has(key)) kept.set(key, panel);
  }
  const all = [...kept.values()];
  const strict = all.filter(
    (panel) =>
      panel.quorum !== "any" ||
      !all.some(
        (other) =>
          other !== panel &&
          (isAnybody(panel) ? !isAnybody(other) : other.quorum !== "any" && peopleOf(other) === peopleOf(panel)),
      ),
  );
  // Two panels of whoever may differ in their tie-break only, and one vote has no tie.
  const anybody = strict.filter(isAnybody);
  return strict.filter((panel) => !isAnybody(panel) || panel === anybody[0]);
}

function byRule(a: Panel, b: Panel): number {
  const [one, other] = [a, b].map((panel) => keyOf([panel.rule === null, panel.rule, peopleOf(panel), panel]));
  return (one ?? "") < (other ?? "") ? -1 : 1;
}

function peopleOf({ by }: Panel): string {
  return keyOf(by.map(keyOf).toSorted());
}

function mergedFallback(requirements: readonly Requirement[]): { otherwise: Fallback; escalateTo: EscalationStep[] } {
  const otherwise = FALLBACKS[Math.max(...requirements.map((each) => FALLBACKS.indexOf(each.otherwise)))] ?? "hold";
  if (otherwise !== "escalate") return { otherwise, escalateTo: [] };
  const ways = new Map(
    requirements
      .filter((each) => each.otherwise === "escalate")
      .map(({ escalateTo }): [string, EscalationStep[]] => [keyOf(escalateTo), escalateTo]),
  );
  const [way] = ways.values();
  return ways.size === 1 && way !== undefined ? { otherwise, escalateTo: way } : { otherwise: "hold", escalateTo: [] };
}

function least(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.min(...known);
}

function most(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}

function strongest(words: readonly (string | null)[]): string | null {
  const ranked = words.filter((word) => word !== null).toSorted((a, b) => rank(b) - rank(a));
  return ranked[0] ?? null;
}

function rank(word: string): number {
  return STEP_UPS.indexOf(word as StepUp);
}

function mergedCodes(lists: readonly string[][]): string[] | null {
  const [first, ...others] = lists;
  if (first === undefined || others.length === 0) return first ?? null;
  const common = first.filter((code) => others.every((list) => list.includes(code)));
  return (common.length > 0 ? common : [...new Set(lists.flat())]).toSorted();
}

function mergedDrafts(requirements: readonly Requirement[]): Pick<Requirement, "draftsMax"> {
  const draftsMax = least(requirements.map((each) => each.draftsMax ?? null));
  return draftsMax === null ? {} : { draftsMax };
}

function mergedExclusion(requirements: readonly Requirement[]): Pick<Requirement, "excludes"> {
  const excludes = [...new Set(requirements.flatMap((each) => each.excludes ?? []))].toSorted();
  return excludes.length === 0 ? {} : { excludes };
}

function mergedAnswer(forms: readonly NonNullable<Requirement["answer"]>[]): Requirement["answer"] {
  const distinct = new Map(forms.map((form) => [keyOf(form), form]));
  const [only, ...others] = [...distinct].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, form]) => form);
  return only === undefined || others.length === 0 ? (only ?? null) : { allOf: [only, ...others] };
}

// Everything here was read by the policy's own reader, which writes keys in one order.
function keyOf(value: unknown): string {
  return JSON.stringify(value);
}
