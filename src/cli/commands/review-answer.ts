import { decidingCommand } from "../review-deciding.js";
import { jsonIn } from "../reviewing.js";

/** `assent review answer ID`. */
export const reviewAnswerCommand = decidingCommand({
  verdict: "answer",
  summary: "answer what is asked",
  details: `Answers a question, or says what was meant: as JSON, so a text stands in quotes
of its own, as in --answer '"Tuesday"'.`,
  options: ["answer"],
  said: async ({ answer }) => ({ answer: await jsonIn("answer", answer) }),
});
