import { createHash } from "node:crypto";
import { z } from "zod";
import { canonicalJson } from "./canonical-json.js";

/** What the audit log records. */
export const AuditKind = z.enum([
  "proposed",
  "routed",
  "asked",
  "decided",
  "expired",
  "withdrawn",
  "redrafted",
  "refused",
  "permitted",
  "claimed",
  "executed",
  "failed",
  "closed",
  "halted",
  "lifted",
  "staged",
  "registered",
  "handled",
]);
/**
 * What the audit log records. `closed` ends a case without an attempt: rejected, blocked, suggested, expired. `withdrawn`
 * ends a review whose thread no longer asks, and not its case. `halted` and `lifted` are about a halt, `staged` is about a
 * stage, `registered` about a reviewer; their ids stand in place of a proposal's.
 */
export type AuditKind = z.infer<typeof AuditKind>;

/** One thing that happened; its canonical JSON is the log's entry, kept byte for byte. */
export const AuditEvent = z.strictObject({
  v: z.literal(1),
  kind: AuditKind,
  at: z.string(),
  /** The proposal's id; for `halted` and `lifted` the halt's, for `staged` the stage's, for `registered` the reviewer's. */
  proposal: z.string(),
  data: z.record(z.string(), z.json()),
});
/** One thing that happened. */
export type AuditEvent = z.infer<typeof AuditEvent>;

/** One row of the log: the entry and its link to everything before it. */
export interface AuditRow {
  /** Position in the log, from 1, without gaps. */
  seq: number;
  kind: AuditKind;
  proposalId: string;
  /** The canonical text of the event. */
  entry: string;
  /** Hex SHA-256 over the previous row's hash and this entry's hash. */
  hash: string;
}

/** The hash before the first row. */
export const GENESIS_HASH = "0".repeat(64);

/** The canonical text of an event. */
export function auditEntry(event: Omit<AuditEvent, "v">): string {
  return canonicalJson({ v: 1, ...event });
}

/** The hash that links `entry` to the row before it. The Postgres ledger computes the same in SQL. */
export function linkHash(previousHash: string, entry: string): string {
  const entryHash = createHash("sha256").update(entry, "utf8").digest();
  return createHash("sha256").update(Buffer.from(previousHash, "hex")).update(entryHash).digest("hex");
}
