import { decidingCommand } from "../review-deciding.js";
import { jsonIn } from "../reviewing.js";

/** `assent review answer ID`. */
export const reviewAnswerCommand = decidingCommand({
  verdict: "answer",
  summary: "answer what is asked",
  details: `Answers a question, or says what was meant: as JSON, so a text stands in quotes
of its own, as in --answer '"Tuesday"'. What became of an effect in doubt is
answered with what happened (executed, failed or again) and what shows it:
--answer '{"happened":"executed","evidence":"it is on the statement"}'. That
stands in place of a note.`,
  options: ["answer"],
  needs: "--answer JSON",
  said: async ({ answer }) => ({ answer: await jsonIn("answer", answer) }),
});
