/** Several people in one process who decide one review at the same moment, each in their own words. */
import { AssentError, systemClock } from "assent";
import { openPaymentAgent } from "../payment.js";
import type { DecidingOrder, Told } from "../race.js";
import { say, untilGo } from "../together.js";

const order = JSON.parse(process.argv[2] ?? "{}") as DecidingOrder;
const { assent, people, postgres } = await openPaymentAgent(order.ground, order.url, "deciders");
const { review, case: held } = await assent.reviews.get(order.reviewId);

async function decide({ id, decision }: DecidingOrder["people"][number]): Promise<Told> {
  const by = await people.authenticate({ id });
  const amount = 10 + Number.parseInt(id.replaceAll(/\D/g, ""), 10);
  const args = decision === "modify" ? { args: { ...held.round.args, amount } } : {};
  for (;;) {
    try {
      const { decision: made, repeated } = await assent.reviews.decide(review.id, {
        by,
        decision,
        digest: review.digest,
        note: `${id} says so`,
        ...args,
      });
      return {
        told: repeated ? "repeated" : "decided",
        acknowledged: { proposalId: made.proposalId, decisionId: made.id },
      };
    } catch (error) {
      if (!AssentError.isInstance(error)) throw error;
      if (!error.retryable) return { told: error.code, acknowledged: null };
      await systemClock.sleep(10);
    }
  }
}

await untilGo(order);
for (const told of await Promise.all(order.people.map(decide))) say(told);
await postgres.close();
