import { AssentError } from "../../model/error.js";
import { durationMs } from "../../policy/duration.js";
import { handlingCommand } from "../review-handling.js";

const A_MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/;

/** `assent review snooze ID`. */
export const reviewSnoozeCommand = handlingCommand({
  what: "snooze",
  summary: "put it aside until later",
  details: `Puts it aside: until --until, \`assent review ls\` leaves it out. Its deadline
stays, and whoever may decide on it still may.`,
  options: ["until"],
  said: ({ until }) => untilIn(until),
  handle: (assent, reviewId, { by, said }) => {
    const now = assent.clock.now().getTime();
    const at = said.forMs === undefined ? said.at : now + said.forMs;
    if (at > now) return assent.queue.snooze(reviewId, { by, until: new Date(at) });
    throw new AssentError("usage", { what: "`--until` takes a moment that is still to come", seen: said.text });
  },
  told: ({ id, snoozedUntil, deadlineAt, summary }) =>
    `${id} is put aside until ${snoozedUntil ?? "now"}${due(snoozedUntil, deadlineAt)}: ${summary}`,
});

type Until = { text: string; at: number; forMs?: undefined } | { text: string; forMs: number };

function untilIn(text: string | undefined): Until {
  const forMs = durationMs(text ?? "");
  if (text !== undefined && forMs !== undefined) return { text, forMs };
  const at = A_MOMENT.test(text ?? "") ? Date.parse(text ?? "") : NaN;
  if (text !== undefined && !Number.isNaN(at)) return { text, at };
  throw new AssentError("usage", {
    what: "`review snooze` takes a moment or a while: --until 2027-01-31T09:00:00Z, or --until PT4H",
    ...(text !== undefined && { seen: text }),
  });
}

function due(snoozedUntil: string | null, deadlineAt: string | null): string {
  if (deadlineAt === null || snoozedUntil === null || Date.parse(deadlineAt) > Date.parse(snoozedUntil)) return "";
  return `, after its deadline at ${deadlineAt}`;
}
