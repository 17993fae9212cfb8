import { isMeant } from "../authority/allowed.js";
import { auditEntry } from "../model/audit-event.js";
import { canonicalJson } from "../model/canonical-json.js";
import { AssentError } from "../model/error.js";
import type { PrincipalRecord } from "../model/principal.js";
import type { Selector } from "../model/requirement.js";
import { isAway, Reviewer, reviewerId } from "../model/reviewer.js";
import type { JournalEntry } from "./journal.js";
import { requirePlainText } from "./plain-text.js";

/** What is to be known of a reviewer from now on. */
export interface RegisterRequest {
  reviewer: Reviewer;
  by: PrincipalRecord;
  reason: string;
  at: string;
}

/** People to count, panel by panel. */
export interface SeatsRequest {
  panels: readonly (readonly Selector[])[];
  /** Ids of people who may not vote. */
  excludes: readonly string[];
  /** Ids of those whose vote counts in each panel: they keep their seat there. Left out for none. */
  voted?: readonly (readonly string[])[];
}

/** Somebody said what is to be known of a reviewer. */
export function registeredEntry({ reviewer, by, reason, at }: RegisterRequest): JournalEntry {
  const id = reviewerId(reviewer.id);
  const data = { reviewer: structuredClone(reviewer), by: { ...by }, reason };
  return { kind: "registered", proposalId: id, text: auditEntry({ kind: "registered", at, proposal: id, data }) };
}

/** Whether a request says what is known already. */
export function isKnown(known: Reviewer | null, { reviewer }: RegisterRequest): known is Reviewer {
  return known !== null && canonicalJson(known) === canonicalJson(reviewer);
}

/**
 * How many seats each panel has: one for each of these reviewers whom it means, who decides at all, is there and is not
 * excluded, and one for everybody who has voted in it. So nobody reaches a majority because others leave after they voted.
 */
export function countSeats(
  reviewers: Iterable<Reviewer>,
  { panels, excludes, voted = [] }: SeatsRequest,
  now: string,
): number[] {
  const there = [...reviewers].filter((each) => each.active && !isAway(each, now) && !excludes.includes(each.id));
  return panels.map((by, index) => {
    const meant = there.filter((each) => by.length === 0 || by.some((selector) => isMeant(selector, each)));
    return new Set([...meant.map(({ id }) => id), ...(voted[index] ?? [])]).size;
  });
}

/**
 * What a ledger can keep of a reviewer.
 *
 * @throws AssentError `reviewer_invalid`, `json_invalid`.
 */
export function requireReviewer({ reviewer, reason, by }: RegisterRequest): void {
  const parsed = Reviewer.safeParse(reviewer);
  if (!parsed.success) {
    throw new AssentError("reviewer_invalid", {
      what: `The reviewer cannot be read: ${parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ")}`,
      where: "reviewer",
      seen: reviewer,
      cause: parsed.error,
    });
  }
  const granted = [...reviewer.licences, ...reviewer.training].map(({ name }) => name);
  const texts = [
    reviewer.id,
    reviewer.name,
    ...reviewer.roles,
    ...reviewer.groups,
    ...granted,
    reviewer.away?.to ?? "",
  ];
  requirePlainText({ reason, by: by.id, name: by.name, reviewer: texts.join(" ") });
}
