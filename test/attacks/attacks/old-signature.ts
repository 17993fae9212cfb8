import { Command } from "@langchain/langgraph";
import type { Decision } from "assent";
import { canonicalJson } from "../../../src/model/canonical-json.js";
import { attempt, type Attack } from "../attack.js";
import { recordOf, reviewed, statementOn, writeDecision, type Reviewed } from "../forged-decision.js";
import type { GatedVictim } from "../victims/gated.js";

const notPlain = "nothing is signed";

/** What the reviewer once signed, written under something that they never saw. */
export const oldSignature: Attack = {
  title: "An old signature under a new proposal",
  harmsPlain: false,
  ways: [
    {
      name: "of another thread, as it is",
      notPlain,
      carryOut: (victim) => transplantFrom(victim, (old, { review }) => ({ ...old, reviewId: review.id })),
    },
    {
      name: "of another thread, in a record that is about the new one",
      notPlain,
      carryOut: (victim) => transplantFrom(victim, (old, onto) => ({ ...old, ...recordOf(onto) })),
    },
    {
      name: "of another thread, with a statement that is about the new one",
      notPlain,
      carryOut: (victim) =>
        transplantFrom(victim, ({ decidedAt, ...old }, onto) => ({
          ...old,
          ...recordOf(onto),
          decidedAt,
          statement: canonicalJson({ ...statementOn(onto), decidedAt }),
        })),
    },
    {
      name: "of the same gate's other payment",
      shape: "twoPayments",
      notPlain,
      async carryOut(victim) {
        await victim.start();
        await victim.decideAndResume("approve", undefined, {});
        const both = await reviewed(victim);
        const old = both.find(({ review }) => review.status === "decided");
        const onto = both.find(({ review }) => review.status === "open");
        await transplant(victim, { ...decisionOn(old), ...recordOf(asked(onto)) }, asked(onto));
      },
    },
    {
      name: "of an earlier round, which was taken back",
      needs: "a permit",
      notPlain,
      async carryOut(victim) {
        await victim.start();
        await victim.decide("approve", undefined, {});
        const [first] = await reviewed(victim);
        const { id: proposalId, proposedAt: at } = asked(first).case.proposal;
        const { round } = asked(first).case.round;
        await victim.ledger.reroute({ proposalId, round, reason: "the policy was changed", at });
        victim.annul();
        await attempt(() => victim.graph.invoke(new Command({ resume: "approve" }), victim.config));
        const [, second] = await reviewed(victim);
        await transplant(victim, { ...decisionOn(first), ...recordOf(asked(second)) }, asked(second));
      },
    },
    {
      name: "of another thread, as rows of the deciders' database user",
      notPlain,
      notOn: { MemorySaver: "the ledger is in the memory of one process, and has no database users" },
      carryOut: (victim) =>
        transplantFrom(
          victim,
          (old, onto) => ({ ...old, ...recordOf(onto) }),
          async (_, decision) => writeDecision(await victim.intrude("decider"), decision),
        ),
    },
  ],
};

function asked(review: Reviewed | undefined): Reviewed {
  if (review === undefined) throw new TypeError("nothing was asked");
  return review;
}

function decisionOn(review: Reviewed | undefined): Decision {
  const { review: about, case: held } = asked(review);
  const decision = held.decisions.find(({ reviewId }) => reviewId === about.id);
  if (decision === undefined) throw new TypeError("nothing was decided");
  return decision;
}

/** Takes the decision of another thread, whose payment was approved and made, and writes it under this one's. */
async function transplantFrom(
  victim: GatedVictim,
  alter: (old: Decision, onto: Reviewed) => Decision,
  write?: typeof decide,
): Promise<void> {
  const other = victim.another();
  await other.start();
  await other.decideAndResume("approve", undefined, {});
  await victim.start();
  const [[old], [onto]] = [await reviewed(other), await reviewed(victim)];
  await transplant(victim, alter(decisionOn(old), asked(onto)), asked(onto), write);
}

async function transplant(
  victim: GatedVictim,
  decision: Decision,
  onto: Reviewed,
  write: typeof decide = decide,
): Promise<void> {
  await write(victim, decision, onto);
  await attempt(() => victim.graph.invoke(new Command({ resume: "approve" }), victim.config));
  await attempt(() => victim.graph.invoke(null, victim.config));
}

async function decide({ ledger }: GatedVictim, decision: Decision, { review }: Reviewed): Promise<void> {
  await ledger.decide({ decision, digest: review.digest, outcome: null });
}
