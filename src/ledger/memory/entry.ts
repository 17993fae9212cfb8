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
  permits: Map<number, Permit>;
  decisions: Decision[];
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
    permits: new Map(),
    decisions: [],
    outcome: null,
    recordText: null,
    spentAt: null,
    delivered: false,
  };
}

/** The review that a thread asks for; null where there is nothing to ask. */
export function newReview(entry: Entry, request: AskRequest, deadlineAt: string | null): Review | null {
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

/** A withdrawn review that its thread asks for again: open, as if it were new. */
export function askedAgain(known: Review, request: AskRequest, deadlineAt: string | null): Review {
  const { address, otherwise } = request;
  const { version, asks } = known;
  const open = { status: "open", version: version + 1, asks: asks + 1, step: 0 } as const;
  return { ...known, ...open, address: { ...address }, deadlineAt, otherwise };
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
