import { handlingCommand } from "../review-handling.js";

/** `assent review release ID`. */
export const reviewReleaseCommand = handlingCommand({
  what: "release",
  summary: "look at it no more",
  details: "Takes back that you look at it.",
  options: [],
  said: () => undefined,
  handle: (assent, reviewId, { by }) => assent.queue.release(reviewId, { by }),
  told: ({ id, summary }) => `Nobody looks at ${id}: ${summary}`,
});
