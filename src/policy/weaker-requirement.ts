import { FALLBACKS, ONE_PERSON, type Panel, type Requirement } from "../model/requirement.js";
import { STEP_UPS } from "./review-terms.js";
import { listed, quoted } from "./quoted.js";

/**
 * In what a review asks for less than another one, in phrases; none if it asks for at least as much. What cannot be
 * compared, such as other people on a panel, counts as less: somebody should look at it.
 */
export function weakenings(before: Requirement = ONE_PERSON, after: Requirement = ONE_PERSON): string[] {
  const kept = new Set(after.panels.map(keyOf));
  // One decision by anybody is part of what any panel asks for.
  if (kept.size > 0) kept.add(keyOf(ANYBODY));
  const phrases = before.panels
    .filter((panel) => !kept.has(keyOf(panel)))
    .map((panel) => `no longer ${inWords(panel)}`);
  const shown = before.show.filter((member) => !after.show.includes(member));
  if (shown.length > 0) phrases.push(`no longer shows ${listed(shown, quoted)}`);
  if (FALLBACKS.indexOf(after.otherwise) < FALLBACKS.indexOf(before.otherwise)) {
    phrases.push(`if nobody decides, ${after.otherwise} instead of ${before.otherwise}`);
  }
  if ((after.withinMs ?? Infinity) > (before.withinMs ?? Infinity)) phrases.push("a later deadline");
  if ((after.windowMs ?? 0) < (before.windowMs ?? 0)) phrases.push("a shorter window for objections");
  if (strengthOf(after) < strengthOf(before)) phrases.push(`no longer a step-up by ${before.stepUp}`);
  const codes = before.reasonCodes;
  if (codes !== null && after.reasonCodes?.every((code) => codes.includes(code)) !== true) {
    phrases.push("other reason codes, or none");
  }
  if (before.escalateTo.length > 0 && JSON.stringify(before.escalateTo) !== JSON.stringify(after.escalateTo)) {
    phrases.push("another escalation");
  }
  return phrases;
}

const ANYBODY: Panel = { rule: null, by: [], quorum: "any", tieBreak: "reject" };

function strengthOf({ stepUp }: Requirement): number {
  return (STEP_UPS as readonly (string | null)[]).indexOf(stepUp);
}

// Which rule asks for a panel makes no difference to who has to agree.
function keyOf({ by, quorum, tieBreak }: Panel): string {
  return JSON.stringify([by.map((selector) => JSON.stringify(selector)).toSorted(), quorum, tieBreak]);
}

function inWords({ by, quorum, tieBreak }: Panel): string {
  const people = listed(by, (selector) => Object.entries(selector).flat().join(" "), "or");
  return `${people === "" ? "whoever may decide" : people} (quorum ${quorum}, tie-break ${tieBreak})`;
}
