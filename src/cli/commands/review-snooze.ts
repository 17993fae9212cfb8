import { AssentError } from "../../model/error.js";
import { durationMs } from "../../policy/duration.js";
import { handlingCommand } from "../review-handling.js";

const HOUR_MS = 3_600_000;
const A_MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/;

/** `assent review snooze ID`. */
export const reviewSnoozeCommand = handlingCommand({
  what: "snooze",
  summary: "put it aside until later",
  details: `Puts it aside: until --until, \`assent review ls\` leaves it out, and with
--snoozed shows it. Its deadline stays, and whoever may decide on it still may.
With --until now, or a moment that is past, it is put aside no more.`,
  options: ["until"],
  needs: "--until WHEN",
  said: ({ until }) => untilIn(until),
  handle: async (assent, reviewId, { by, said }) => {
    const now = assent.clock.now().getTime();
    const at = said.at ?? now + said.forMs;
    if (at > now) return assent.queue.snooze(reviewId, { by, until: new Date(at) });
    // The ledger may go by another clock than this machine's.
    const past = new Date(Math.min(at, now - HOUR_MS));
    const item = await assent.queue.snooze(reviewId, { by, until: past });
    // Else it shows only when a worker has looked at the queue.
    await assent.ledger.refreshQueue();
    return (await assent.ledger.queueItem(reviewId)) ?? { ...item, snoozedUntil: null };
  },
  told: ({ id, snoozedUntil, summary }) =>
    snoozedUntil === null
      ? `${id} is put aside no more: ${summary}`
      : `${id} is put aside until ${snoozedUntil}: ${summary}`,
  warning: ({ snoozedUntil, deadlineAt }) =>
    snoozedUntil === null || deadlineAt === null || Date.parse(deadlineAt) > Date.parse(snoozedUntil)
      ? null
      : `its deadline comes first, at ${deadlineAt}; what the policy says for that case does not wait.`,
});

type Until = { at: number } | { at?: undefined; forMs: number };

function untilIn(text: string | undefined): Until {
  if (text === "now") return { forMs: 0 };
  const forMs = durationMs(text ?? "");
  if (forMs !== undefined) return { forMs };
  const at = A_MOMENT.test(text ?? "") ? Date.parse(text ?? "") : NaN;
  if (!Number.isNaN(at)) return { at };
  throw new AssentError("usage", {
    what: "`review snooze` takes a moment or a while: --until 2027-01-31T09:00:00Z, PT4H, or now",
    ...(text !== undefined && { seen: text }),
  });
}
