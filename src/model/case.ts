import { z } from "zod";
import { canonicalJson } from "./canonical-json.js";
import { readable, type Decision } from "./decision.js";
import { identifier } from "./identifier.js";
import type { Outcome } from "./outcome.js";
import type { Permit } from "./permit.js";
import type { Proposal, Round } from "./proposal.js";
import type { Review } from "./review.js";

/** Everything the ledger knows about one proposal, as of one read. */
export interface Case {
  proposal: Proposal;
  /** The current round. */
  round: Round;
  /** The current round's review, if one was asked for. */
  review: Review | null;
  /** Every decision on the proposal, oldest first. */
  decisions: Decision[];
  /** The current round's permit, if one was issued. */
  permit: Permit | null;
  outcome: Outcome | null;
}

/** The record that stays of a case: what the agent did, who intervened, how it ended. */
export const CaseRecord = z.strictObject({
  audit_id: z.string(),
  timestamp: z.string(),
  agent_action: z.strictObject({
    type: z.string(),
    proposal_id: z.string(),
    thread_id: z.string(),
    agent: z.string(),
    requested_by: z.string().nullable(),
    summary: z.string(),
    args: z.record(z.string(), z.json()),
    args_digest: z.string(),
    facts: z.record(z.string(), z.json()),
    route: z.string().nullable(),
    rules: z.array(z.string()),
    policy_digest: z.string().nullable(),
  }),
  human_intervention: z
    .strictObject({
      reviewer: z.string(),
      level: z.enum(["unverified", "system"]),
      decision: z.string(),
      reason_code: z.string().nullable(),
      timestamp: z.string(),
      notes: z.string().nullable(),
    })
    .nullable(),
  outcome: z.record(z.string(), z.json()).nullable(),
});
/** The record that stays of a case. */
export type CaseRecord = z.infer<typeof CaseRecord>;

/** The case record's id for a proposal. */
export function auditId(proposalId: string): string {
  return identifier("case", [proposalId]);
}

/** The one proposal by which somebody appeals against a case. */
export function appealId(proposalId: string): string {
  return identifier("proposal", ["appeal", proposalId]);
}

/** Renders a case as its record; pure, so every ledger writes the same one. */
export function caseRecord({ proposal, round, decisions, outcome }: Omit<Case, "review" | "permit">): CaseRecord {
  const last = readable(decisions).at(-1);
  return {
    audit_id: auditId(proposal.id),
    timestamp: proposal.proposedAt,
    agent_action: {
      type: proposal.action,
      proposal_id: proposal.id,
      thread_id: proposal.threadId,
      agent: proposal.agent,
      requested_by: proposal.requestedBy,
      summary: round.display.summary,
      args: round.args,
      args_digest: round.argsDigest,
      facts: round.facts as CaseRecord["agent_action"]["facts"],
      route: round.routing?.route ?? null,
      rules: round.routing?.rules ?? [],
      policy_digest: round.routing?.policyDigest ?? null,
    },
    human_intervention:
      last === undefined
        ? null
        : {
            reviewer: last.by.name,
            level: last.by.level,
            decision: last.verdict,
            reason_code: last.reasonCode,
            timestamp: last.decidedAt,
            notes: last.note,
          },
    outcome,
  };
}

/** The canonical text of a case record: what is stored and digested. */
export function caseRecordText(closed: Omit<Case, "review" | "permit">): string {
  return canonicalJson(caseRecord(closed), { maxBytes: CASE_BYTES_MAX });
}

/** A case record holds arguments and a result of up to 64 KiB each, and its own fields. */
export const CASE_BYTES_MAX = 256 * 1024;
