import type { Decision, Verdict } from "../model/decision.js";
import type { PrincipalRecord } from "../model/principal.js";
import type { Requirement, Selector } from "../model/requirement.js";

/**
 * Whether a policy lets somebody say this: why not, or null. What lets an action run needs everybody whom the policy
 * asks for, and one person may be all of them; to say no, it is enough to be one of them. An escalated review is
 * decided by the people of its step. Whom it excludes says nothing at all.
 */
export function whyNotAllowed(
  requires: Requirement | undefined,
  step: number,
  { by, verdict }: Pick<Decision, "by" | "verdict">,
): string | null {
  if (isExcluded(requires, by)) return `${by.name} had a part in what this is about, and may not decide on it`;
  const asked = peopleOf(requires, step);
  if (asked.length === 0) return null;
  const isAsked = (selectors: readonly Selector[]): boolean => selectors.some((selector) => isMeant(selector, by));
  if (letsRun(verdict) ? asked.every(isAsked) : asked.some(isAsked)) return null;
  return `${by.name} is none of those who may decide: ${asked.map(inWords).join(", and ")}`;
}

/** Whether who says this lets the action run, now or with other arguments. */
export function letsRun(verdict: Verdict): boolean {
  switch (verdict) {
    case "approve":
    case "modify":
    case "answer":
      return true;
    case "reject":
    case "revise":
    case "escalate":
    case "abstain":
      return false;
    default:
      return verdict satisfies never;
  }
}

/** Whether a requirement excludes somebody, whoever else it asks for. */
export function isExcluded(requires: Requirement | undefined, { id }: Pick<PrincipalRecord, "id">): boolean {
  return requires?.excludes?.includes(id) === true;
}

/** The people whom a review is for, panel by panel; none where anybody may decide. */
export function peopleOf(requires: Requirement | undefined, step: number): (readonly Selector[])[] {
  if (requires === undefined) return [];
  const later = step === 0 ? undefined : requires.escalateTo[step - 1];
  const panels = later === undefined ? requires.panels.map(({ by }) => by) : [later.by];
  return panels.filter((by) => by.length > 0);
}

/** Those whom selectors mean, as people say it. */
export function inWords(selectors: readonly Selector[]): string {
  return selectors
    .map((selector) => {
      if ("role" in selector) return `role ${selector.role}`;
      return "group" in selector ? `group ${selector.group}` : selector.person;
    })
    .join(" or ");
}

/** Whether a selector means somebody. */
export function isMeant(
  selector: Selector,
  { id, roles, groups = [] }: Pick<PrincipalRecord, "id" | "roles" | "groups">,
): boolean {
  if ("role" in selector) return roles.includes(selector.role);
  return "group" in selector ? groups.includes(selector.group) : selector.person === id;
}
