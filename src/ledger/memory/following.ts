import { closing, followUpEntries, type JournalEntry } from "../journal.js";
import { askOf, caseOf, type NewFollowUp } from "../following.js";
import { afterAsking, newEntry, type Entry } from "./entry.js";

/** What is kept of a case that opens after another, and what the log says of it. */
export function followUpEntry(
  request: NewFollowUp,
  deadlineIn: (ms: number) => string,
): { entry: Entry; made: JournalEntry[] } {
  const { round, outcome, withinMs } = request;
  const entry = newEntry(request);
  const made = followUpEntries(request);
  if (outcome !== null) {
    entry.outcome = structuredClone(outcome);
    entry.recordText = closing({ ...caseOf(request), outcome }, outcome.at).text;
    entry.proposal.state = "closed";
    return { entry, made };
  }
  const review = afterAsking(entry, askOf(request), withinMs === null ? null : deadlineIn(withinMs));
  if (review !== null) entry.reviews.set(round.round, review);
  return { entry, made };
}
