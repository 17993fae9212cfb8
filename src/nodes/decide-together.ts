import { requirePrincipal, type Principal } from "../authority/authenticator.js";
import type { QueueItem } from "../ledger/queueing.js";
import { canonicalJson } from "../model/canonical-json.js";
import { AssentError } from "../model/error.js";
import type { Assent } from "./assent.js";
import type { Decided, ReviewItem } from "./reviews.js";

/** What is said of several reviews in the same words. */
export interface DecideTogetherOptions {
  by: Principal;
  decision: "approve" | "reject";
  reasonCode?: string;
  note?: string;
  /** The highest risk that may be decided together; 0.3 unless said. What has no known risk may not. */
  riskMax?: number;
}

/** What became of one of them. */
export type DecidedTogether =
  | { id: string; ok: true; decided: Decided }
  | { id: string; ok: false; error: AssentError };

/** The most that are decided together. */
const TOGETHER_MAX = 500;

/** Decides on several reviews, one after the other; see `assent.queue`. */
export async function decideTogether(
  assent: Assent,
  items: readonly Pick<QueueItem, "id" | "digest">[],
  { by, decision, riskMax = 0.3, ...words }: DecideTogetherOptions,
): Promise<DecidedTogether[]> {
  requirePrincipal(by, assent.authenticators);
  if (items.length > TOGETHER_MAX) {
    throw new AssentError("query_invalid", {
      what: `At most ${TOGETHER_MAX} reviews are decided together`,
      where: "items",
      seen: items.length,
    });
  }
  const results: DecidedTogether[] = [];
  let signature: string | null = null;
  for (const { id, digest } of items) {
    try {
      const item = await assent.reviews.get(id);
      signature ??= signatureOf(item);
      requireAlike(item, signature, riskMax);
      results.push({ id, ok: true, decided: await assent.reviews.decide(id, { by, decision, digest, ...words }) });
    } catch (error) {
      results.push({ id, ok: false, error: AssentError.isInstance(error) ? error : failure(id, error) });
    }
  }
  return results;
}

/** What fails beside Assent, such as a signer or an action's summary, is of the one review that it failed for. */
function failure(id: string, cause: unknown): AssentError {
  return new AssentError("decision_failed", {
    what: `It could not be decided: ${cause instanceof Error ? cause.message : String(cause)}`,
    where: `review ${id}`,
    fix: "Decide on it again in the same words: what was recorded after all is not recorded twice",
    cause,
  });
}

/** What reviews that are decided together have in common: what kind of thing they are, and why people are asked. */
function signatureOf({ review, case: { proposal, round } }: ReviewItem): string {
  const { kind, gate } = review;
  const { route, rules } = round.routing ?? { route: null, rules: [] };
  return canonicalJson({ kind, gate, action: proposal.action, route, rules });
}

function requireAlike(item: ReviewItem, signature: string, riskMax: number): void {
  const { id } = item.review;
  if (signatureOf(item) !== signature) {
    throw new AssentError("not_alike", {
      what: "It is not of the same kind, action, gate and rules as the first one",
      where: `review ${id}`,
      fix: "Decide on it by itself",
    });
  }
  const { risk } = item.case.round.facts;
  if (risk !== undefined && risk <= riskMax) return;
  throw new AssentError("not_alike", {
    what: "Its risk is too high to decide on it together with others, or is not known",
    where: `review ${id}`,
    seen: { risk: risk ?? null, riskMax },
    fix: "Decide on it by itself",
  });
}
