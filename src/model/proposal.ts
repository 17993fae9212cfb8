import { z } from "zod";
import { canonicalJson, MAX_JSON_BYTES } from "./canonical-json.js";
import { digest, digestText } from "./digest.js";
import { Facts } from "./facts.js";
import { Routing } from "./routing.js";
import { Trust } from "./trust.js";

/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What a reviewer is shown; its digest is part of what they decide on. */
export const Display = z.strictObject({
  /** The effect in one sentence, rendered by the action from the arguments. */
  summary: z.string(),
  action: z.string(),
  args: z.record(z.string(), z.json()),
  agent: z.string(),
  requestedBy: z.string().nullable(),
  facts: Facts,
  /** The agent's own words and evidence: untrusted, shown as quoted text. */
  context: z.json(),
});
/** What a reviewer is shown. */
export type Display = z.infer<typeof Display>;

/** One version of what is proposed. Round 1 is the agent's; `modify` makes the next one. */
export const Round = z.strictObject({
  round: z.int().min(1),
  args: z.record(z.string(), z.json()),
  argsDigest: z.string(),
  facts: Facts,
  display: Display,
  displayDigest: z.string(),
  /** What the policy said about this round; null until the gate's `policy` node was there. */
  routing: Routing.nullable(),
});
/** One version of what is proposed. */
export type Round = z.infer<typeof Round>;

/** What an agent wants to do, as the ledger keeps it. */
export const Proposal = z.strictObject({
  id: z.string(),
  threadId: z.string(),
  action: z.string(),
  agent: z.string(),
  requestedBy: z.string().nullable(),
  trust: Trust,
  /** Name of the gate that took it; the first one wins. */
  gate: z.string().nullable(),
  /** The current round. */
  round: z.int().min(1),
  state: z.enum(["open", "closed"]),
  proposedAt: z.string(),
});
/** What an agent wants to do, as the ledger keeps it. */
export type Proposal = z.infer<typeof Proposal>;

/** What makes up a round before the policy has seen it. */
export interface RoundDraft {
  round: number;
  action: string;
  args: Record<string, Json>;
  agent: string;
  requestedBy: string | null;
  facts: Facts;
  summary: string;
  context: Json;
}

/** What may be shown takes no more than this: an agent's own proposal half of it, what is told of an older case the rest. */
export const DISPLAY_BYTES_MAX = 2 * MAX_JSON_BYTES;

/**
 * Fixes a round: takes a deep copy through canonical JSON, so later changes to the caller's objects change nothing,
 * and digests the arguments and what will be displayed.
 *
 * @throws AssentError `json_invalid`, `json_too_deep`, `json_too_large`.
 */
export function fixRound({ round, ...shownParts }: RoundDraft, maxBytes = MAX_JSON_BYTES): Round {
  const text = canonicalJson(shownParts, { maxBytes });
  const display = JSON.parse(text) as Display;
  return {
    round,
    args: display.args,
    argsDigest: digest(display.args),
    facts: display.facts,
    display,
    displayDigest: digestText(text),
    routing: null,
  };
}

/** The digest that a decision quotes: these arguments, shown this way, in this round of this proposal. */
export function reviewDigest(proposalId: string, round: Pick<Round, "round" | "argsDigest" | "displayDigest">): string {
  const { argsDigest, displayDigest } = round;
  return digest({ proposal: proposalId, round: round.round, args: argsDigest, display: displayDigest });
}
