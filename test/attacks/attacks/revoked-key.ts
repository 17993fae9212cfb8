import { Command } from "@langchain/langgraph";
import { manualClock } from "assent/testing";
import { attempt, type Attack } from "../attack.js";
import type { Pending } from "../victim.js";
import type { GatedVictim } from "../victims/gated.js";

const HOUR_MS = 3_600_000;

const notPlain = "nothing is signed";

/** A key that the reviewers lost, and what it signed before and after that was known. */
export const revokedKey: Attack = {
  title: "A decision signed with a key that is revoked before the payment is made",
  harmsPlain: false,
  ways: [
    {
      name: "after the decision, before the thread is resumed",
      notPlain,
      async carryOut(victim) {
        await victim.start();
        const decided = await victim.decide("approve", undefined, {});
        await revoke(victim);
        await resume(victim, decided);
      },
    },
    {
      name: "while the thread is being resumed",
      notPlain,
      async carryOut(victim) {
        const { thread_id: threadId } = victim.config.configurable;
        await victim.start();
        const decided = await victim.decide("approve", undefined, {});
        victim.faults.holdAt("answered", threadId);
        const resuming = resume(victim, decided);
        await victim.faults.untilHeld("answered", threadId);
        await revoke(victim);
        victim.faults.letGo("answered", threadId);
        await resuming;
      },
    },
    {
      name: "by somebody who stole it and signs afterwards",
      notPlain,
      async carryOut(victim) {
        await victim.start();
        const keys = await victim.keys.steal();
        await revoke(victim);
        await resume(victim, await victim.decideWith({ keys }, "approve"));
      },
    },
    {
      name: "by somebody who stole it and writes an earlier time into what they sign",
      notPlain,
      async carryOut(victim) {
        await victim.start();
        const keys = await victim.keys.steal();
        await revoke(victim);
        const clock = manualClock(new Date(Date.now() - HOUR_MS).toISOString());
        await resume(victim, await victim.decideWith({ keys, clock }, "approve"));
      },
    },
  ],
};

async function revoke(victim: GatedVictim): Promise<void> {
  await victim.keys.revoke();
  victim.annul();
}

async function resume({ graph, config }: GatedVictim, { interruptId }: Pending): Promise<void> {
  await attempt(() => graph.invoke(new Command({ resume: { [interruptId]: "approve" } }), config));
  await attempt(() => graph.invoke(null, config));
}
