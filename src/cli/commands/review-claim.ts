import { handlingCommand } from "../review-handling.js";
import { numberIn } from "../reviewing.js";

const MINUTE_MS = 60_000;

/** `assent review claim ID`. */
export const reviewClaimCommand = handlingCommand({
  what: "claim",
  summary: "say that you look at it, so that nobody else need",
  details: `Says that you look at it, for 15 minutes or for --minutes. It keeps others from
looking at it too, not from deciding. Again, it holds from now on.`,
  options: ["minutes"],
  said: ({ minutes }) => numberIn("minutes", minutes, { least: 1, most: 1440, isWhole: true }),
  handle: (assent, reviewId, { by, said: minutes }) =>
    assent.queue.claim(reviewId, { by, ...(minutes !== undefined && { leaseMs: minutes * MINUTE_MS }) }),
  told: ({ id, claim, summary }) => `You look at ${id} until ${claim?.until ?? "now"}: ${summary}`,
});
