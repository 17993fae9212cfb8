import type { Case } from "assent";

/** What a run did, as `--json` prints it. */
export interface Summary {
  /** Messages whose threads finished in this run. */
  messages: number;
  /** Of these: run by policy alone. */
  executed: number;
  /** Of these: run by policy, to be looked at afterwards. */
  flagged: number;
  /** Of these: decided by a person. */
  asked: number;
  /** Decisions that were made in this run. */
  decisions: number;
  /** Messages that really moved, counted on disk. */
  effects: number;
  /** The agent was wrong and a person put it right. */
  errorsCaught: number;
  /** The agent was wrong and nobody was asked, or the person agreed. */
  errorsSlipped: number;
  auditOk: boolean;
  perSecond: number;
  /** Second looks that were taken at what was flagged, left from before included. */
  secondLooks: number;
}

/** Counts finished messages by what happened to them. */
export class Tally {
  readonly counts = { messages: 0, executed: 0, flagged: 0, asked: 0, errorsCaught: 0, errorsSlipped: 0 };
  decisions = 0;

  /** Counts one closed case, given whether the agent's first proposal and what was done in the end were right. */
  add(closed: Case, right: { proposed: boolean; done: boolean }): void {
    const { counts } = this;
    counts.messages += 1;
    if (closed.decisions.length > 0) counts.asked += 1;
    else if (closed.round.routing?.route === "flag") counts.flagged += 1;
    else counts.executed += 1;
    if (right.proposed) return;
    if (right.done) counts.errorsCaught += 1;
    else counts.errorsSlipped += 1;
  }

  /** The words before the prompt. */
  line(waiting: number, total: number): string {
    const { messages, executed, flagged } = this.counts;
    return `[${messages}/${total} done, ${executed} by policy, ${flagged} flagged, ${waiting} waiting]`;
  }
}

/** The summary in words, for people. */
export function renderSummary(summary: Summary): string {
  const { messages, executed, flagged, asked } = summary;
  const share = (count: number): string => `${((100 * count) / Math.max(messages, 1)).toFixed(1)} %`.padStart(7);
  const row = (name: string, count: number, rest = ""): string =>
    `  ${name.padEnd(34)}${String(count).padStart(6)} ${rest}`;
  return [
    row("messages", messages, ` ${summary.perSecond.toFixed(1)} per second`),
    row("executed   (confidence > 0.90)", executed, share(executed)),
    row("flagged    (0.70 to 0.90)", flagged, share(flagged)),
    row("asked      (< 0.70)", asked, share(asked)),
    row("decisions made", summary.decisions),
    row("effects on disk", summary.effects),
    row("second looks at what was flagged", summary.secondLooks),
    row("agent errors that people caught", summary.errorsCaught),
    row("agent errors that slipped through", summary.errorsSlipped),
    `  audit log                           ${summary.auditOk ? "checks out" : "BROKEN"}`,
  ].join("\n");
}
