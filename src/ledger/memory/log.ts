import { GENESIS_HASH, linkHash, type AuditRow } from "../../model/audit-event.js";
import type { JournalEntry } from "../journal.js";

/** The audit log of a memory ledger. */
export class MemoryLog {
  readonly #rows: AuditRow[] = [];

  append({ kind, proposalId, text }: JournalEntry): void {
    const { seq, hash } = this.head();
    this.#rows.push({ seq: seq + 1, kind, proposalId, entry: text, hash: linkHash(hash, text) });
  }

  holds({ text }: JournalEntry): boolean {
    return this.#rows.some((row) => row.entry === text);
  }

  rows(afterSeq: number, limit: number, proposalId?: string): AuditRow[] {
    return this.#rows
      .slice(afterSeq)
      .filter((row) => proposalId === undefined || row.proposalId === proposalId)
      .slice(0, limit)
      .map((row) => ({ ...row }));
  }

  head(): { seq: number; hash: string } {
    const { seq, hash } = this.#rows.at(-1) ?? { seq: 0, hash: GENESIS_HASH };
    return { seq, hash };
  }

  /** Takes back what was appended after `seq`, for a change that failed half-way. */
  takeBack(seq: number): void {
    this.#rows.length = seq;
  }
}
