import type { Case } from "../../model/case.js";
import type { Decision } from "../../model/decision.js";
import { identifier } from "../../model/identifier.js";
import type { Outcome } from "../../model/outcome.js";
import type { Permit } from "../../model/permit.js";
import { reviewDigest, type Proposal, type Round } from "../../model/proposal.js";
import type { Review } from "../../model/review.js";
import type { AskRequest, NewProposal } from "../ledger.js";
import { unknownProposal } from "../unknown-proposal.js";

/** What is kept of one proposal. */
export interface Entry {
  proposal: Proposal;
  rounds: Map<number, Round>;
  reviews: Map<number, Review>;
  /** When its reviews were asked last, by the ledger's clock. */
  addressedAt: Map<string, string>;
  permits: Map<number, Permit>;
  decisions: Decision[];
  /** When each decision was recorded, by the ledger's clock. */
  decidedAt: Map<string, string>;
  /** When a deadline of each review first passed without a decision, by the ledger's clock. */
  missedAt: Map<string, string>;
  /** When each review ended by that. */
  expiredAt: Map<string, string>;
  outcome: Outcome | null;
  recordText: string | null;
  /** When its permit was used up, by the ledger's clock. */
  spentAt: string | null;
  delivered: boolean;
}

/** What is kept of a proposal that was just made. */
export function newEntry({ proposal, round }: NewProposal): Entry {
  return {
    proposal: { ...proposal, gate: null, round: round.round, state: "open" },
    rounds: new Map([[round.round, structuredClone(round)]]),
    reviews: new Map(),
    addressedAt: new Map(),
    permits: new Map(),
    decisions: [],
    decidedAt: new Map(),
    missedAt: new Map(),
    expiredAt: new Map(),
    outcome: null,
    recordText: null,
    spentAt: null,
    delivered: false,
  };
}

/** The review as it is once its thread has asked; null where asking changes nothing. */
export function afterAsking(entry: Entry, request: AskRequest, deadlineAt: string | null): Review | null {
  const { proposal, reviews } = entry;
  const isCurrent = proposal.state === "open" && proposal.round === request.round;
  if (!isCurrent || proposal.threadId !== request.address.threadId) return null;
  const known = reviews.get(request.round);
  if (known === undefined) return newReview(entry, request, deadlineAt);
  const address = { ...request.address };
  const asks = known.asks + 1;
  if (known.status === "withdrawn") {
    const open = { status: "open", version: known.version + 1, step: 0 } as const;
    return { ...known, ...open, asks, address, deadlineAt, otherwise: request.otherwise };
  }
  const isMoved = known.status === "open" && known.address.interruptId !== address.interruptId;
  return isMoved ? { ...known, asks, address } : null;
}

function newReview(entry: Entry, request: AskRequest, deadlineAt: string | null): Review | null {
  const { proposalId, round, gate, kind, address, otherwise, at } = request;
  const current = entry.rounds.get(round);
  if (current === undefined || current.routing === null || entry.permits.has(round)) return null;
  return {
    id: identifier("review", [proposalId, round]),
    proposalId,
    round,
    kind,
    status: "open",
    version: 1,
    digest: reviewDigest(proposalId, current),
    gate,
    trust: entry.proposal.trust,
    address: { ...address },
    asks: 1,
    askedAt: at,
    deadlineAt,
    otherwise,
    step: 0,
  };
}

/** Notes that nobody has decided by a review's deadline. */
export function noteMissed({ missedAt, expiredAt }: Entry, { id, status }: Review, now: string): void {
  if (!missedAt.has(id)) missedAt.set(id, now);
  if (status === "expired") expiredAt.set(id, now);
}

/** The case as of now, as a copy. */
export function view(entry: Entry): Case {
  const review = entry.reviews.get(entry.proposal.round) ?? null;
  const round = entry.rounds.get(entry.proposal.round);
  if (round === undefined) throw unknownProposal(entry.proposal.id);
  return structuredClone({
    proposal: entry.proposal,
    round,
    // One that was withdrawn is as if it had not been asked for, until it is again.
    review: review?.status === "withdrawn" ? null : review,
    decisions: entry.decisions,
    permit: entry.permits.get(entry.proposal.round) ?? null,
    outcome: entry.outcome,
  });
}
