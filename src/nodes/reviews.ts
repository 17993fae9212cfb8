import { whyAltered } from "../authority/standing.js";
import { requirePrincipal, type Principal } from "../authority/authenticator.js";
import { blind } from "../authority/blind.js";
import type { Case } from "../model/case.js";
import { readable, type Decision, type Verdict } from "../model/decision.js";
import { AssentError } from "../model/error.js";
import type { Review } from "../model/review.js";
import type { DecideResult, ReviewFilter } from "../ledger/ledger.js";
import type { Assent } from "./assent.js";
import { withFinding } from "./finding.js";
import { buildDecision, nextRound, seatsFor, signed } from "./deciding.js";

/**
 * A review with everything that a reviewer has to see. Where several vote, nobody sees what others have said before all
 * of it is settled.
 */
export interface ReviewItem {
  review: Review;
  case: Case;
}

/** One principal's decision on a review. */
export interface DecideOptions {
  /** Who decides: a principal from an accepted authenticator, never a string. */
  by: Principal;
  decision: Verdict;
  /** The review's `digest`, as it was shown: what was seen is what is decided. */
  digest: string;
  /**
   * The version that was seen; left out, any. With it an `escalate` that is repeated, because its answer was lost, never
   * hands on once more what has come to its author again.
   */
  version?: number;
  /** For `modify`: the whole new arguments. */
  args?: unknown;
  /**
   * For `answer`: what is answered. On a reconciliation `{ happened, evidence }`: whether the effect in doubt `executed` or
   * `failed`, or is to be run `again`, and what shows it.
   */
  answer?: unknown;
  /** A short code for reports, such as `duplicate`. */
  reasonCode?: string;
  /** Free text for whoever reads the case. */
  note?: string;
}

/** What a decision did. */
export interface Decided {
  /** As reviewers see it: while others are still to vote, without what anybody has said. */
  case: Case;
  /** What was recorded. */
  decision: Decision;
  /** True if this very decision had been made before, and nothing changed. */
  repeated: boolean;
}

/** Listing and deciding reviews; `assent.reviews`. */
export interface Reviews {
  /** Reviews, oldest first; open ones unless said. */
  list(filter?: Partial<ReviewFilter>): Promise<{ items: ReviewItem[] }>;
  /**
   * One review.
   *
   * @throws AssentError `review_unknown`.
   */
  get(reviewId: string): Promise<ReviewItem>;
  /**
   * Writes one decision. It is durable when this returns; the thread is resumed afterwards, by whoever runs it, and a
   * resume that fails loses nothing. Calling it again with the same words changes nothing; only who is asked at the next step
   * as well escalates from there, unless they say which `version` they saw.
   *
   * @throws AssentError `principal_unverified`, `not_allowed`, `review_unknown`, `review_closed`, `review_expired`,
   *   `review_changed`, `digest_mismatch`, `decision_invalid`, `args_invalid`, `keys_missing` where nothing can be signed.
   */
  decide(reviewId: string, options: DecideOptions): Promise<Decided>;
}

/** The reviews of one Assent. */
export function reviewsOf(assent: Assent): Reviews {
  return {
    async list({ status = "open", limit = 50, ...rest } = {}) {
      const found = await assent.ledger.reviews({ status, limit, ...rest });
      return { items: found.map((item) => ({ review: item.review, case: blind(item.case) })) };
    },
    async get(reviewId) {
      const item = await getReview(assent, reviewId);
      return { review: item.review, case: blind(item.case) };
    },
    decide: (reviewId, options) => decide(assent, reviewId, options),
  };
}

async function getReview(assent: Assent, reviewId: string): Promise<ReviewItem> {
  const item = await assent.ledger.review(reviewId);
  if (item !== null) return item;
  throw new AssentError("review_unknown", { what: "There is no such review", where: "reviewId", seen: reviewId });
}

async function decide(assent: Assent, reviewId: string, options: DecideOptions): Promise<Decided> {
  const by = requirePrincipal(options.by, assent.authenticators);
  requireText("note", options.note);
  requireText("reasonCode", options.reasonCode);
  const item = await getReview(assent, reviewId);
  requireShown(item);
  // A review of an earlier round shows the case's current one; deciding it is refused by the ledger below.
  const said = withFinding(item.review, { ...options, verdict: options.decision });
  const next = await nextRound(assent, item, said);
  const made = { next, answeredAt: null, seats: await seatsFor(assent, item) };
  const built = await signed(assent, buildDecision(assent, item, by, said, made));
  const result = await assent.ledger.decide({
    ...built,
    seen: item,
    digest: options.digest,
    ...(options.version === undefined ? {} : { version: options.version }),
  });
  if (result.ok) {
    const { decision } = built;
    const recorded = result.case.decisions.find(({ id }) => id === decision.id) ?? decision;
    return { case: blind(result.case), decision: recorded, repeated: result.repeated };
  }
  const error = refusal(result, reviewId);
  await assent.ledger.refuse({
    proposalId: item.review.proposalId,
    what: "decision",
    reason: error.code,
    by: by.name,
    at: assent.clock.now().toISOString(),
  });
  throw error;
}

/** Nobody signs for what is not, byte for byte, what its digests say: rows may have been altered since it was shown. */
function requireShown({ review, case: held }: ReviewItem): void {
  const altered = whyAltered(held.round);
  if (altered === null) return;
  throw new AssentError("digest_mismatch", {
    what: `The review cannot be decided: ${altered}`,
    where: `review ${review.id}`,
    fix: "Somebody changed the ledger's rows; find out who, and let the agent propose again",
  });
}

function requireText(where: string, value: unknown): void {
  if (value === undefined || value === null || typeof value === "string") return;
  throw new AssentError("decision_invalid", { what: `A decision's ${where} is a text`, where, seen: value });
}

function refusal(result: DecideResult & { ok: false }, reviewId: string): AssentError {
  const where = `review ${reviewId}`;
  const last = readable(result.case?.decisions ?? []).at(-1);
  const { requires } = result.case?.round.routing ?? {};
  switch (result.why) {
    case "unknown":
      return new AssentError("review_unknown", { what: "There is no such review", where });
    case "closed":
      return new AssentError("review_closed", {
        what: last ? `${last.by.name} already decided: ${last.verdict}, at ${last.decidedAt}` : "The case is closed",
        where,
        fix: "Nothing is left to decide here",
      });
    case "late":
      return new AssentError("review_expired", {
        what: `The time to decide ended at ${result.case?.review?.deadlineAt ?? "its deadline"}`,
        where,
        fix: "Nothing is left to decide here: what the policy says for that case has taken its place",
      });
    case "forbidden":
      return new AssentError("not_allowed", {
        what: result.because ?? "The policy asks for other people than the decision's author",
        where,
        seen: { by: requires?.panels.map(({ by }) => by) ?? null, notBy: requires?.excludes ?? [] },
        fix: "Leave it to somebody who may",
      });
    case "changed":
      return new AssentError("review_changed", {
        what: "The review, or who has a seat in it, is not what the decision saw",
        where,
        fix: "Show it again and decide on what it says now",
      });
    case "digest":
    case "ambiguous":
      return new AssentError("digest_mismatch", {
        what: "The decision quotes another digest than the review has",
        where,
        fix: "Quote the `digest` of the review that was shown",
      });
    default:
      return result.why satisfies never;
  }
}
