import { AssentError } from "../model/error.js";
import type { PolicyDocument } from "./document.js";
import type { Policy } from "./policy.js";
import { listed } from "./quoted.js";
import type { ReviewTerms } from "./review-terms.js";

/**
 * What a policy asks for that this version does not enforce in verified trust: one sentence each, none if it enforces all
 * of it.
 *
 * @example
 * ```ts
 * import { policy, unenforced } from "assent";
 *
 * const review = { by: [{ role: "manager" }], stepUp: "passkey" } as const;
 * console.log(unenforced(policy({ default: { route: "review", review } })));
 * ```
 */
export function unenforced({ source }: Pick<Policy, "source">): string[] {
  const stepUp = placesOf(source, (terms) => terms.stepUp !== undefined);
  return stepUp === undefined ? [] : [`A step-up before deciding is asked for by ${stepUp}.`];
}

/**
 * Refuses a policy that asks for what nobody enforces.
 *
 * @throws AssentError `policy_unsupported` with every sentence of {@link unenforced}.
 */
export function refuseUnenforced(policy: Pick<Policy, "source">): void {
  const needs = unenforced(policy);
  if (needs.length === 0) return;
  throw new AssentError("policy_unsupported", {
    what: `The policy asks for more than this host enforces:\n  ${needs.join("\n  ")}`,
    fix: 'Leave these terms out, or use trust "open" to try the policy.',
  });
}

function placesOf(
  { rules, default: fallback }: PolicyDocument,
  asks: (terms: ReviewTerms) => boolean,
): string | undefined {
  const ids = rules.filter(({ review }) => review !== undefined && asks(review)).map(({ id }) => id);
  const named =
    ids.length === 0 ? [] : [`rule${ids.length === 1 ? "" : "s"} ${listed(ids, (id) => JSON.stringify(id))}`];
  const places = fallback.review !== undefined && asks(fallback.review) ? [...named, "the default"] : named;
  return places.length === 0 ? undefined : places.join(" and ");
}
