import { recordOf, type Principal } from "../../authority/authenticator.js";
import { AssentError } from "../../model/error.js";
import type { Assent } from "../../nodes/assent.js";
import { whyNotTheirs } from "../../nodes/having-a-say.js";
import type { ReviewItem } from "../../nodes/reviews.js";
import { answerFormOf } from "../answer-form.js";
import type { Command } from "../command.js";
import { pageFor } from "../page.js";
import { renderReview, waysOf } from "../review-page.js";
import { idIn, osUser, REVIEW_CODES, REVIEW_ID, wholeId, withAssent } from "../reviewing.js";

/** `assent review show ID`. */
export const reviewShowCommand: Command = {
  name: "review show",
  takes: "ID",
  summary: "one review: all that a reviewer has to see",
  details: `Shows what would happen, why it is asked, the agent's own words, who is asked,
and what may be said with which command. What others have said to it is not
shown while it is open.

${REVIEW_ID}

${REVIEW_CODES}`,
  options: ["config", "json"],
  endsProcess: true,
  async run(run) {
    const id = idIn(run, "review show");
    return withAssent(run, async (assent) => {
      const item = await assent.reviews.get(await wholeId(assent, id));
      const queued = await assent.ledger.queueItem(item.review.id);
      const form = answerFormOf(assent, item);
      const answer = typeof form === "string" ? null : form;
      const ways = waysOf(item, run.options.config);
      const whyNotYours = ways.why === null ? await whyNotOf(assent, item) : null;
      if (run.options.json) {
        const { verdicts, commands } = ways;
        const more = { answerSchema: answer?.schema ?? null, whyNotYours };
        const lines = commands.map((parts) => parts.map((part) => part.replace(/ \\$/, "").trim()).join(" "));
        run.print(JSON.stringify({ ...item, queued, verdicts, commands: lines, ...more }));
      } else {
        run.print(renderReview(item, { queued, ways, form, whyNotYours }, pageFor(run)));
      }
      return 0;
    });
  },
};

/** Why whoever runs this may not decide on a review, as far as it can be told before they say anything; null if they may. */
async function whyNotOf(assent: Assent, { review }: ReviewItem): Promise<string | null> {
  let me: Principal;
  try {
    me = await osUser(assent);
  } catch (error) {
    if (!AssentError.isInstance(error)) throw error;
    return "you act here as the user of this operating system, whom the configuration does not accept (localUser)";
  }
  const by = recordOf(me);
  // With what others have said, which is not shown: who has voted is found among it.
  const held = await assent.ledger.review(review.id);
  return held === null ? null : whyNotTheirs(assent, held, { by, reviewer: await assent.reviewers.get(by.id) });
}
