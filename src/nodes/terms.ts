import { requirementOf } from "../policy/requirements.js";
import type { ReviewTerms } from "../policy/review-terms.js";
import { durationMs, A_DURATION } from "../policy/duration.js";
import { AssentError } from "../model/error.js";
import type { Requirement } from "../model/requirement.js";

/** Who decides, by when, and what happens otherwise: the words of a policy's `review`, for a gate. */
export type GateTerms = Pick<ReviewTerms, "by" | "within" | "otherwise" | "reasonCodes">;

/** The keys of {@link GateTerms}, without whatever else an options object has. */
export function termsIn({ by, within, otherwise, reasonCodes }: GateTerms): GateTerms {
  return {
    ...(by === undefined ? {} : { by }),
    ...(within === undefined ? {} : { within }),
    ...(otherwise === undefined ? {} : { otherwise }),
    ...(reasonCodes === undefined ? {} : { reasonCodes }),
  };
}

/**
 * What a gate asks of people.
 *
 * @throws AssentError `gate_invalid` for a duration that is none, and for `escalate`, which needs a policy.
 */
export function gateRequirement(gate: string, terms: ReviewTerms): Requirement {
  for (const name of ["within", "window"] as const) {
    const text = terms[name];
    if (text === undefined || durationMs(text) !== undefined) continue;
    throw new AssentError("gate_invalid", { what: `\`${name}\` is ${A_DURATION}`, where: `gate ${gate}`, seen: text });
  }
  if (terms.otherwise === "escalate") {
    throw new AssentError("gate_invalid", {
      what: "A gate does not say to whom it escalates",
      where: `gate ${gate}`,
      fix: "Write `otherwise: escalate` with `escalateTo` into the policy, under `review`",
    });
  }
  return requirementOf(terms, null);
}
