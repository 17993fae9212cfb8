import { AssentError } from "../model/error.js";
import type { PolicyDocument } from "./document.js";
import type { Policy } from "./policy.js";
import { listed } from "./quoted.js";
import type { ReviewTerms } from "./review-terms.js";

/**
 * What a policy asks for that takes a queue of reviewers with roles, votes and proofs behind it: one sentence each, none
 * if a single decision of one authenticated person settles everything that it sends to people.
 *
 * @example
 * ```ts
 * import { needsQueue, policy } from "assent";
 *
 * const review = { by: [{ role: "manager" }], quorum: "two-person" } as const;
 * console.log(needsQueue(policy({ default: { route: "review", review } })));
 * ```
 */
export function needsQueue({ source }: Pick<Policy, "source">): string[] {
  const needs: string[] = [];
  const where = (asks: (terms: ReviewTerms) => boolean): string | undefined => placesOf(source, asks);
  const quorum = where((terms) => (terms.quorum ?? "any") !== "any");
  if (quorum !== undefined) needs.push(`A quorum of several people is asked for by ${quorum}.`);
  const escalation = where((terms) => terms.escalateTo !== undefined);
  if (escalation !== undefined) needs.push(`An escalation to others is asked for by ${escalation}.`);
  const stepUp = where((terms) => terms.stepUp !== undefined);
  if (stepUp !== undefined) needs.push(`A step-up before deciding is asked for by ${stepUp}.`);
  if (source.sample !== undefined) {
    needs.push(`A second look at a share of ${source.sample.executed} of what executed is asked for by \`sample\`.`);
  }
  return needs;
}

/**
 * Refuses a policy that asks for what nobody here enforces.
 *
 * @throws AssentError `policy_unsupported` with every sentence of {@link needsQueue}.
 */
export function refuseQueueNeeds(policy: Pick<Policy, "source">): void {
  const needs = needsQueue(policy);
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
