import type { Ledger } from "../ledger/ledger.js";
import { Comparison } from "./comparison.js";
import { LogReader } from "./log-reader.js";
import { Problems, type AuditProblem } from "./problems.js";

/** What a check of the audit log found. */
export interface AuditCheck {
  /** True if nothing is wrong. */
  ok: boolean;
  /** How many rows of the log were read. */
  rows: number;
  /** How many cases were compared with it. */
  cases: number;
  /** What is wrong, in the order in which it was found: the log by its rows, then the cases by their proposals' ids. */
  problems: AuditProblem[];
  /** How many more problems there are than are listed. */
  more: number;
}

/** How a check reports. */
export interface CheckAuditOptions {
  /** Told how many rows have been read, and how many the log had when the check began. */
  onProgress?: (progress: { rows: number; of: number }) => void;
}

/**
 * Checks the whole audit log against itself and against the ledger's tables:
 *
 * - rows are numbered without gaps, up to the recorded end; every hash follows from its entry and the hash before;
 * - every entry is the canonical text of an event, and the events of each proposal come in an order that the ledger can produce;
 * - every closed case has its record, and the record the digest that the closing row binds, and the other way round;
 * - every decision is in the log, its statement has the digest that the log binds, and its columns say what it states;
 * - arguments, routings, permits and outcomes in the tables are those of the log;
 * - what is halted is so by the log, and the other way round;
 * - so are stages, and each was changed on as many judgements as the log had by then.
 *
 * Somebody who can rewrite the tables can also rewrite the log from some row to its end, hashes included; only a copy
 * of an earlier end of the log, kept elsewhere, shows that. Everything else that is changed, removed or added is found
 * here and named.
 *
 * The ledger may be written to meanwhile. Memory grows with the number of proposals, not of rows.
 *
 * @throws AssentError what the ledger throws when it cannot be read.
 */
export async function checkAudit(ledger: Ledger, { onProgress }: CheckAuditOptions = {}): Promise<AuditCheck> {
  const problems = new Problems();
  const head = await ledger.auditHead();
  let hashAtHead: string | undefined;
  const log = new LogReader(ledger, problems, {
    onRow: ({ seq, hash }) => {
      if (seq === head.seq) hashAtHead = hash;
    },
    onPage: (rows) => onProgress?.({ rows, of: head.seq }),
  });
  await log.readOn();
  if (log.last.seq < head.seq) {
    problems.add(`The log ends at row ${log.last.seq} and should reach row ${head.seq}`, { seq: log.last.seq + 1 });
  } else if (head.seq > 0 && hashAtHead !== head.hash) {
    problems.add("The row has another hash than the recorded end of the log", { seq: head.seq });
  }
  const comparison = new Comparison(ledger, log, problems);
  await comparison.run();
  const end = await ledger.auditHead();
  if (end.seq < log.last.seq) problems.add("The log goes on after its recorded end", { seq: end.seq + 1 });
  const { listed, more } = problems;
  return { ok: listed.length === 0, rows: log.rows, cases: comparison.cases, problems: listed, more };
}
