import type { Command } from "../command.js";
import { pageFor } from "../page.js";
import { renderReview, waysOf } from "../review-page.js";
import { idIn, REVIEW_CODES, REVIEW_ID, wholeId, withAssent } from "../reviewing.js";

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
      const ways = waysOf(item, run.options.config);
      if (run.options.json) {
        const { verdicts, commands } = ways;
        const lines = commands.map((parts) => parts.map((part) => part.replace(/ \\$/, "").trim()).join(" "));
        run.print(JSON.stringify({ ...item, queued, verdicts, commands: lines }));
      } else {
        run.print(renderReview(item, queued, ways, pageFor(run)));
      }
      return 0;
    });
  },
};
