import { AssentError } from "../model/error.js";
import { isPlainText } from "./plain-text.js";
import { isMoment } from "./queue-place.js";
import { URGENCIES, type HandleRequest, type QueueFilter } from "./queueing.js";

/** The longest that somebody looks at a review without saying so again, in milliseconds: a day. */
const LEASE_MAX_MS = 86_400_000;
/** The longest that a review is put aside, in milliseconds: 90 days. */
const SNOOZE_MAX_MS = 90 * 86_400_000;

/**
 * Refuses a filter that means nothing, before any store sees it.
 *
 * @throws AssentError `query_invalid`, naming what it cannot read.
 */
export function requireFilter(filter: QueueFilter): void {
  const { for: asked = {}, stage, riskAtLeast, dueBefore, urgencyAtLeast } = filter;
  const { assignee, action, agent, kind, group, claimedBy, notOf, notVotedBy } = filter;
  const names = { assignee, action, agent, kind, group, claimedBy, notOf, notVotedBy, "for.person": asked.person };
  for (const [where, name] of Object.entries(names)) {
    if (name !== undefined && name !== null && !isName(name)) throw unreadable("This is a text", where, name);
  }
  for (const [where, list] of Object.entries({ "for.roles": asked.roles, "for.groups": asked.groups })) {
    if (list !== undefined && !(Array.isArray(list) && list.every(isName)))
      throw unreadable("These are texts", where, list);
  }
  if (stage !== undefined && !(Number.isInteger(stage) && stage >= 0 && stage <= 1_000)) {
    throw unreadable("This is the number of a stage", "stage", stage);
  }
  if (riskAtLeast !== undefined && !(riskAtLeast >= 0 && riskAtLeast <= 1)) {
    throw unreadable("A risk is a number between 0 and 1", "riskAtLeast", riskAtLeast);
  }
  if (dueBefore !== undefined && !isMoment(dueBefore)) {
    throw unreadable("This is a moment such as 2026-03-30T10:30:00.000Z", "dueBefore", dueBefore);
  }
  if (urgencyAtLeast !== undefined && !URGENCIES.includes(urgencyAtLeast)) {
    throw unreadable(`This is one of: ${URGENCIES.join(", ")}`, "urgencyAtLeast", urgencyAtLeast);
  }
}

/**
 * Refuses a claim or a snooze that would hold for longer than somebody may keep a review from others.
 *
 * @throws AssentError `query_invalid`.
 */
export function requireHandling({ handling, at }: HandleRequest): void {
  if (handling.what === "claim" || (handling.what === "assign" && handling.leaseMs !== undefined)) {
    const { leaseMs } = handling;
    if (!(Number.isSafeInteger(leaseMs) && Number(leaseMs) >= 1 && Number(leaseMs) <= LEASE_MAX_MS)) {
      const what = `A lease is a whole number of milliseconds, 1 at least and ${LEASE_MAX_MS}, a day, at most`;
      throw unreadable(what, "leaseMs", leaseMs);
    }
  }
  if (handling.what === "assign" && handling.to === null && handling.leaseMs !== undefined) {
    throw unreadable("Nobody looks at what is nobody's", "leaseMs", handling.leaseMs);
  }
  if (handling.what !== "snooze") return;
  const { until } = handling;
  if (isMoment(until) && Date.parse(until) - Date.parse(at) <= SNOOZE_MAX_MS) return;
  throw unreadable("A review is put aside until a moment within the next 90 days", "until", until);
}

function isName(value: unknown): boolean {
  return typeof value === "string" && isPlainText(value);
}

function unreadable(what: string, where: string, seen: unknown): AssentError {
  return new AssentError("query_invalid", { what, where, seen });
}
