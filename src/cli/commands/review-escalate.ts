import { decidingCommand } from "../review-deciding.js";

/** `assent review escalate ID`. */
export const reviewEscalateCommand = decidingCommand({
  verdict: "escalate",
  summary: "hand it to the people of the next step",
  details: `Hands it to the people of the next step, where the policy names some.`,
});
