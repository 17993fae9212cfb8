import { AuditEvent, GENESIS_HASH, linkHash, type AuditRow } from "../model/audit-event.js";
import { canonicalJson } from "../model/canonical-json.js";
import type { Ledger } from "../ledger/ledger.js";
import { readEventData } from "./event-data.js";
import { HaltsInLog } from "./halts-in-log.js";
import { Life } from "./life.js";
import { ReviewersInLog } from "./reviewers-in-log.js";
import { StagesInLog } from "./stages-in-log.js";
import type { Problems } from "./problems.js";

const PAGE_ROWS = 1_000;

/** Who looks on while the log is read. */
export interface LogWatch {
  onRow: (row: AuditRow) => void;
  /** Told how many rows have been read so far. */
  onPage: (rows: number) => void;
}

/**
 * Reads the log from its first row and judges each row by the ones before it: its number, its link, its entry and its
 * place in its proposal's life, or among the halts, stages and reviewers. Only these are kept, never the rows.
 */
export class LogReader {
  readonly lives = new Map<string, Life>();
  readonly halts = new HaltsInLog();
  readonly stages = new StagesInLog();
  readonly reviewers = new ReviewersInLog();
  /** The last row that was read. */
  last: { seq: number; hash: string } = { seq: 0, hash: GENESIS_HASH };
  /** How many rows were read. */
  rows = 0;
  readonly #ledger: Ledger;
  readonly #problems: Problems;
  readonly #watch: LogWatch;

  constructor(ledger: Ledger, problems: Problems, watch: LogWatch) {
    this.#ledger = ledger;
    this.#problems = problems;
    this.#watch = watch;
  }

  /** Reads on to the end of the log as it is now. */
  async readOn(): Promise<void> {
    for (;;) {
      const page = await this.#ledger.auditRows({ afterSeq: this.last.seq, limit: PAGE_ROWS });
      if (page.length === 0) return;
      for (const row of page) this.#judge(row);
      this.#watch.onPage(this.rows);
    }
  }

  #judge(row: AuditRow): void {
    const { seq, hash } = row;
    this.#link(row);
    this.last = { seq, hash };
    this.rows += 1;
    this.#watch.onRow(row);
    const event = this.#event(row);
    if (event === null) return;
    const known = readEventData(event);
    if (known?.kind === "halted" || known?.kind === "lifted") {
      const illegal = this.halts.add(event.proposal, known);
      if (illegal !== null) this.#problems.add(`Out of order: ${illegal}`, { seq });
      return;
    }
    if (known?.kind === "staged") {
      const illegal = this.stages.add(event.proposal, known.data);
      if (illegal !== null) this.#problems.add(`Out of order: ${illegal}`, { seq });
      return;
    }
    if (known?.kind === "registered") {
      const illegal = this.reviewers.add(event.proposal, known.data);
      if (illegal !== null) this.#problems.add(`Out of order: ${illegal}`, { seq });
      return;
    }
    this.stages.note(event);
    const at = { seq, proposalId: event.proposal };
    if (known === null) {
      this.#problems.add(`The data of "${event.kind}" are incomplete`, at);
      return;
    }
    const life = this.lives.get(event.proposal) ?? new Life(event.proposal);
    this.lives.set(event.proposal, life);
    const illegal = life.add(known);
    if (illegal !== null) this.#problems.add(`Out of order: ${illegal}`, at);
  }

  #link({ seq, hash, entry }: AuditRow): void {
    const expected = this.last.seq + 1;
    if (seq !== expected) {
      // What the missing rows' last hash was is not known, so the link across the gap cannot be checked.
      const missing = seq - 1 === expected ? `Row ${expected} is` : `Rows ${expected} to ${seq - 1} are`;
      this.#problems.add(`${missing} missing`, { seq: expected });
    } else if (hash !== linkHash(this.last.hash, entry)) {
      this.#problems.add("The hash does not follow from the entry and the row before: one of them was altered", {
        seq,
      });
    }
  }

  #event({ seq, kind, proposalId, entry }: AuditRow): AuditEvent | null {
    const event = parse(entry);
    if (event === null) {
      this.#problems.add("The entry is not the canonical text of an audit event", { seq, proposalId });
      return null;
    }
    if (event.kind !== kind || event.proposal !== proposalId) {
      this.#problems.add(`The row says "${kind}" of ${proposalId}, its entry says otherwise`, {
        seq,
        proposalId: event.proposal,
      });
    }
    return event;
  }
}

function parse(entry: string): AuditEvent | null {
  try {
    const parsed = AuditEvent.safeParse(JSON.parse(entry));
    return parsed.success && canonicalJson(parsed.data) === entry ? parsed.data : null;
  } catch {
    return null;
  }
}
