import { decidingCommand } from "../review-deciding.js";
import { jsonIn } from "../reviewing.js";

/** `assent review modify ID`. */
export const reviewModifyCommand = decidingCommand({
  verdict: "modify",
  summary: "change the arguments; the policy looks at them anew",
  details: `Puts your own arguments in the place of the agent's: the whole of them, as one
JSON object. The action's schema and the policy look at them anew; they count
as approved by you where you may approve them.`,
  options: ["args"],
  needs: "--args JSON",
  said: async ({ args }) => ({ args: await jsonIn("args", args) }),
});
