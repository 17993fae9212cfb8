import { decidingCommand } from "../review-deciding.js";

/** `assent review revise ID`. */
export const reviewReviseCommand = decidingCommand({
  verdict: "revise",
  summary: "ask for another draft",
  details: `Asks the agent for another draft, where a draft is refined. Say in --note what
has to change.`,
  needs: "--note TEXT",
});
