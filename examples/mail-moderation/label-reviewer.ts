import type { Assent, Principal, ReviewItem } from "assent";
import { FOLDER_OF, type ModerateArgs } from "../../graphs/mail-moderation/agent.js";
import { isRight, type MailVerdict } from "../../graphs/mail-moderation/classifier.js";
import type { Label } from "../../graphs/mail-moderation/corpus.js";
import type { Folder } from "../../graphs/mail-moderation/maildir.js";

/** Whether a message in a folder is where its label wants it. */
export function isRightFolder(folder: Folder, label: Label): boolean {
  return (Object.keys(FOLDER_OF) as MailVerdict[]).some(
    (verdict) => FOLDER_OF[verdict] === folder && isRight(verdict, label),
  );
}

/** How many reviews are looked at in one go. */
const PAGE = 200;

/** Takes every second look that is open, as the corpus is labelled: what was flagged was right, or it was wrong. Gives their number. */
export async function lookAgain(assent: Assent, by: Principal, labelOf: (messageId: string) => Label): Promise<number> {
  let looks = 0;
  let after: ReviewItem["review"] | undefined;
  for (;;) {
    const { items } = await assent.reviews.list({ limit: PAGE, ...(after && { after }) });
    for (const { review, case: held } of items) {
      if (review.kind !== "second-look") continue;
      const { messageId, verdict } = held.round.args as ModerateArgs;
      const label = labelOf(messageId);
      const decision = isRight(verdict, label) ? "approve" : "reject";
      const note = `labelled ${label} in the corpus`;
      await assent.reviews.decide(review.id, { by, decision, digest: review.digest, note });
      looks += 1;
    }
    if (items.length < PAGE) return looks;
    after = items.at(-1)?.review;
  }
}

/** A reviewer that answers every open review of a thread as the corpus is labelled. Gives the number of decisions. */
export function labelReviewer(assent: Assent, by: Principal, labelOf: (messageId: string) => Label) {
  return async (threadId: string): Promise<number> => {
    const { items } = await assent.reviews.list({ threadId });
    for (const { review, case: held } of items) {
      const args = held.round.args as ModerateArgs;
      const label = labelOf(args.messageId);
      const said = { by, digest: review.digest, note: `labelled ${label} in the corpus` };
      if (isRight(args.verdict, label)) {
        await assent.reviews.decide(review.id, { ...said, decision: "approve" });
      } else {
        const verdict = label === "ham" ? "deliver" : "quarantine";
        await assent.reviews.decide(review.id, { ...said, decision: "modify", args: { ...args, verdict } });
      }
    }
    return items.length;
  };
}
