import { decidingCommand } from "../review-deciding.js";

/** `assent review reject ID`. */
export const reviewRejectCommand = decidingCommand({
  verdict: "reject",
  summary: "do not let it run",
  details: `Keeps the action from running; where several have to agree, says that you do
not. Say why in --note.`,
});
