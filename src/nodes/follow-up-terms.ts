import { AssentError } from "../model/error.js";
import { ONE_PERSON, type Requirement, type Selector } from "../model/requirement.js";
import type { Routing } from "../model/routing.js";
import { gateRequirement, termsIn, type GateTerms } from "./terms.js";

/**
 * Who is asked about what is over, by when, and what happens otherwise. Unless said, those whom the old case's routing
 * asked for, or whoever may decide, for as long as it takes. What nobody decides never executes.
 *
 * @example
 * ```ts
 * import type { FollowUpTerms } from "assent";
 *
 * export const followUps: FollowUpTerms = {
 *   reconciliation: { by: [{ role: "treasurer" }], within: "P1D" },
 *   secondLook: { by: [{ role: "auditor" }] },
 *   undo: { by: [{ role: "manager" }], within: "PT4H", otherwise: "reject" },
 * };
 * ```
 */
export interface FollowUpTerms {
  /** Whether an effect in doubt took place. Its answer is a code of its own, so it takes no `reasonCodes`. */
  reconciliation?: GateTerms;
  /** Whether what ran by itself was right, and what to make of a reported incident. */
  secondLook?: GateTerms;
  /** Whether an effect is taken back. */
  undo?: GateTerms;
}

/**
 * Refuses terms by which something would happen without a person, or that cannot be read.
 *
 * @throws AssentError `gate_invalid`.
 */
export function requireFollowUpTerms(terms: FollowUpTerms): void {
  for (const name of ["reconciliation", "secondLook", "undo"] as const) {
    const { [name]: said } = terms;
    if (said === undefined) continue;
    const where = `followUps.${name}`;
    if (said.otherwise === "execute") {
      throw new AssentError("gate_invalid", {
        what: "What follows on a case asks a person, and nothing executes for want of an answer",
        where,
        fix: 'Say otherwise: "hold" or "reject"',
      });
    }
    if (name === "reconciliation" && said.reasonCodes !== undefined) {
      throw new AssentError("gate_invalid", {
        what: "What a reconciliation finds is its reason code: executed, failed or again",
        where,
        fix: "Leave `reasonCodes` out",
      });
    }
    gateRequirement(where, said);
  }
}

/** What is asked of people about a case that was routed so. One of those who are asked is enough. */
export function requirementAfter(
  old: Routing | null,
  terms: GateTerms | undefined,
  excludes: string[] = [],
): Requirement {
  const said = terms === undefined ? ONE_PERSON : gateRequirement("followUps", termsIn(terms));
  const panels =
    terms?.by === undefined
      ? [{ rule: null, by: peopleIn(old), quorum: "any", tieBreak: "reject" } as const]
      : said.panels;
  return { ...said, panels: [...panels], ...(excludes.length > 0 && { excludes }) };
}

function peopleIn(old: Routing | null): Selector[] {
  const all = (old?.requires?.panels ?? []).flatMap(({ by }) => by);
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}
