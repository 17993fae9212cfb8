import { decidingCommand } from "../review-deciding.js";

/** `assent review approve ID`. */
export const reviewApproveCommand = decidingCommand({
  verdict: "approve",
  summary: "let it run, exactly as it was shown",
  details: `Lets the action run with exactly the arguments that were shown; where several
have to agree, says that you do.`,
});
