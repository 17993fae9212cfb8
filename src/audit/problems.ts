import { auditId } from "../model/case.js";

/** One thing that does not check out. */
export interface AuditProblem {
  /** The row of the log, if it is about one. */
  seq?: number;
  /** The case's audit id, if it is about one. */
  auditId?: string;
  /** The proposal's id, if it is about one. */
  proposalId?: string;
  /** What is wrong, in one sentence. */
  what: string;
}

/** How many problems are listed; a log that is altogether wrong has as many as rows. */
export const PROBLEMS_MAX = 1_000;

/** Collects problems up to {@link PROBLEMS_MAX} and counts the rest. */
export class Problems {
  readonly listed: AuditProblem[] = [];
  more = 0;

  /** Notes a problem, at a row or with a case or both. */
  add(what: string, { seq, proposalId }: { seq?: number; proposalId?: string } = {}): void {
    if (this.listed.length >= PROBLEMS_MAX) {
      this.more += 1;
      return;
    }
    this.listed.push({
      ...(seq === undefined ? {} : { seq }),
      ...(proposalId === undefined ? {} : { auditId: auditId(proposalId), proposalId }),
      what,
    });
  }
}
