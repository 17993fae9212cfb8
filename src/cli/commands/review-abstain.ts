import { decidingCommand } from "../review-deciding.js";

/** `assent review abstain ID`. */
export const reviewAbstainCommand = decidingCommand({
  verdict: "abstain",
  summary: "take no side in a vote",
  details: `Takes no side where several have to agree: your seat counts as filled.`,
});
