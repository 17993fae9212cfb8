import { z } from "zod";
import { blind, isWithheld } from "../authority/blind.js";
import { AuditEvent, type AuditRow } from "../model/audit-event.js";
import { appealId, auditId, caseRecord, type Case, type CaseRecord } from "../model/case.js";
import { afterWhat, followUpId, SINGLE_FOLLOW_UPS, type FollowUpKind } from "../model/follow-up.js";
import { digestText } from "../model/digest.js";
import { AssentError } from "../model/error.js";
import type { Outcome } from "../model/outcome.js";
import { undosOf } from "../ledger/following.js";
import type { Ledger } from "../ledger/ledger.js";
import { readCaseRecord } from "./compare-case.js";

/** One row of the log with its entry read. */
export interface CaseReportRow extends AuditRow {
  /** The entry; null if it is not that of an audit event. */
  event: AuditEvent | null;
}

/** Everything about one case. */
export interface CaseReport {
  auditId: string;
  proposalId: string;
  /** The stored record; for an open case, or where the stored one cannot be read, as it follows from the ledger now. */
  record: CaseRecord;
  /** The case in which somebody appealed against this one; null if nobody has. */
  appeal: { auditId: string; proposalId: string; status: Outcome["status"] | "open" } | null;
  /** What followed on the case, in order, but for reported incidents: of these there may be any number. */
  followUps: { kind: FollowUpKind; auditId: string; proposalId: string; status: Outcome["status"] | "open" }[];
  /** What the case itself follows on: its kind, and the older case, if there is one; null for every other case. */
  after: { kind: FollowUpKind; auditId: string | null; proposalId: string | null } | null;
  /** The case's rows of the log, in order. */
  rows: CaseReportRow[];
  /** How many rows are left out: what was said to an open review, which nobody sees who may still vote on it. */
  withheld: number;
  /**
   * Whether the stored record is the one that the closing row binds: `matches` or `differs`; `missing` if a closed
   * case lacks its record or its closing row; `open` if there is nothing to compare yet.
   */
  integrity: "open" | "matches" | "differs" | "missing";
}

/**
 * Gathers one case: its record, its rows of the audit log, and whether the two fit.
 *
 * @param id - an audit id (`au_…`) of a closed case, or a proposal id (`pr_…`) or review id (`rv_…`) of any case.
 * @throws AssentError `proposal_unknown` or `review_unknown` if the ledger has nothing by that id, and what it throws
 *   if it cannot be read.
 */
export async function showCase(ledger: Ledger, id: string): Promise<CaseReport> {
  const held = await findCase(ledger, id);
  const proposalId = held.proposal.id;
  const all = await rowsOf(ledger, proposalId);
  const rows = all.filter(({ event }) => !isVoteWithheld(held, event));
  const stored = await ledger.caseRecordText(auditId(proposalId));
  const derived = caseRecord(blind(held));
  const record = stored === null ? derived : (readCaseRecord(stored.text) ?? derived);
  const appeal = await appealOf(ledger, proposalId);
  const followUps = await followUpsOf(ledger, proposalId);
  const integrity = integrityOf(held, rows, stored?.text);
  const withheld = all.length - rows.length;
  const related = { appeal, followUps, after: afterOf(held) };
  return { auditId: auditId(proposalId), proposalId, record, ...related, rows, withheld, integrity };
}

const Said = z.object({ round: z.number(), newArgsDigest: z.string().nullable() });

function isVoteWithheld(held: Case, event: AuditEvent | null): boolean {
  const said = event?.kind === "decided" ? Said.safeParse(event.data).data : undefined;
  return said !== undefined && isWithheld(held, said);
}

async function followUpsOf(ledger: Ledger, proposalId: string): Promise<CaseReport["followUps"]> {
  const found: CaseReport["followUps"] = [];
  for (const kind of SINGLE_FOLLOW_UPS) {
    const held = await ledger.read(followUpId(kind, proposalId));
    if (held !== null) found.push(followUpShown(kind, held));
  }
  return [...found, ...(await undosOf(ledger, proposalId)).map((held) => followUpShown("undo", held))];
}

function followUpShown(kind: FollowUpKind, { proposal, outcome }: Case): CaseReport["followUps"][number] {
  return { kind, auditId: auditId(proposal.id), proposalId: proposal.id, status: outcome?.status ?? "open" };
}

function afterOf(held: Case): CaseReport["after"] {
  const about = afterWhat(held);
  if (about === null) return null;
  const { kind, proposal } = about;
  return { kind, auditId: proposal === null ? null : auditId(proposal), proposalId: proposal };
}

async function appealOf(ledger: Ledger, proposalId: string): Promise<CaseReport["appeal"]> {
  const appeal = await ledger.read(appealId(proposalId));
  if (appeal === null) return null;
  const { id } = appeal.proposal;
  return { auditId: auditId(id), proposalId: id, status: appeal.outcome?.status ?? "open" };
}

async function findCase(ledger: Ledger, id: string): Promise<Case> {
  if (id.startsWith("rv_")) {
    const found = await ledger.review(id);
    if (found !== null) return found.case;
    throw new AssentError("review_unknown", { what: "The ledger holds no such review", seen: id });
  }
  const proposalId = id.startsWith("au_") ? (await ledger.caseRecordText(id))?.proposalId : id;
  const held = proposalId === undefined ? null : await ledger.read(proposalId);
  if (held !== null) return held;
  throw new AssentError("proposal_unknown", {
    what: id.startsWith("au_") ? "No closed case has this audit id" : "The ledger holds no such proposal",
    seen: id,
    fix: "Check the id and the schema; an open case is found by its proposal's or its review's id",
  });
}

async function rowsOf(ledger: Ledger, proposalId: string): Promise<CaseReportRow[]> {
  const rows: CaseReportRow[] = [];
  for (;;) {
    const page = await ledger.auditRows({ afterSeq: rows.at(-1)?.seq ?? 0, limit: 500, proposalId });
    if (page.length === 0) return rows;
    rows.push(...page.map((row) => ({ ...row, event: readEvent(row.entry) })));
  }
}

function readEvent(entry: string): AuditEvent | null {
  try {
    return AuditEvent.safeParse(JSON.parse(entry)).data ?? null;
  } catch {
    return null;
  }
}

function integrityOf({ proposal }: Case, rows: CaseReportRow[], stored: string | undefined): CaseReport["integrity"] {
  const bound = rows.map(({ event }) => event?.data["caseDigest"]).find((digest) => digest !== undefined);
  if (bound === undefined && stored === undefined && proposal.state === "open") return "open";
  if (bound === undefined || stored === undefined) return "missing";
  return digestText(stored) === bound ? "matches" : "differs";
}
