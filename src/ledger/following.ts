import type { Outcome } from "../model/outcome.js";
import type { Fallback } from "../model/requirement.js";
import type { ReviewKind } from "../model/review.js";
import type { Case } from "../model/case.js";
import { followUpId, undoId } from "../model/follow-up.js";
import type { AskRequest, Ledger, NewProposal } from "./ledger.js";

/** A case that opens after another: recorded, routed and asked about at once, without a thread that runs to it. */
export interface NewFollowUp extends NewProposal {
  /** The name under which it is asked, as that of a gate. */
  gate: string;
  kind: ReviewKind;
  /** How long there is to decide; null for as long as it takes. */
  withinMs: number | null;
  /** What happens when nobody has decided by then. */
  otherwise: Fallback;
  /** How it ends at once, where its routing lets nobody decide; null asks. */
  outcome: Outcome | null;
}

/** The request by which its review opens. Nobody waits there, so its address names only itself. */
export function askOf({ proposal, round, gate, kind, withinMs, otherwise }: NewFollowUp): AskRequest {
  const address = { threadId: proposal.threadId, checkpointNs: "", checkpointId: "", interruptId: proposal.id };
  const at = proposal.proposedAt;
  return {
    proposalId: proposal.id,
    round: round.round,
    gate,
    kind,
    address,
    withinMs,
    otherwise,
    reason: null,
    at,
  };
}

/** The undos of a case, in the order in which they were asked for. */
export async function undosOf(ledger: Pick<Ledger, "read">, proposalId: string): Promise<Case[]> {
  const undos: Case[] = [];
  for (;;) {
    const undo = await ledger.read(undoId(proposalId, undos.length + 1));
    if (undo === null) return undos;
    undos.push(undo);
  }
}

/** A case, and each in which it was run again because the one before was in doubt. */
export async function runsOf(ledger: Pick<Ledger, "read">, held: Case): Promise<Case[]> {
  const runs: Case[] = [];
  for (let run: Case | null = held; run !== null; run = await ledger.read(followUpId("again", run.proposal.id))) {
    runs.push(run);
  }
  return runs;
}

/** The case as it is from its first moment on, before it is asked about. */
export function caseOf({ proposal, round }: NewProposal): Case {
  const begun = { ...proposal, gate: null, round: round.round, state: "open" as const };
  return { proposal: begun, round, review: null, decisions: [], permit: null, outcome: null };
}
