import { Command } from "@langchain/langgraph";
import { attempt, type Attack } from "../attack.js";
import type { Pending, Victim } from "../victim.js";

/** An answer that counted once: for the small payment. */
export const earlierAnswer: Attack = {
  title: "An earlier answer, sent again with its interrupt id",
  harmsPlain: true,
  ways: [
    {
      name: "while the same gate asks about the second payment",
      shape: "twoPayments",
      async carryOut(victim) {
        await victim.start();
        const first = await victim.decideAndResume("approve");
        await sendAgain(victim, first);
      },
    },
    {
      name: "while a second gate asks",
      shape: "twoGates",
      async carryOut(victim) {
        await victim.start();
        const first = await victim.decideAndResume("approve");
        await sendAgain(victim, first);
      },
    },
    {
      name: "while the same review is asked again",
      async carryOut(victim) {
        await victim.start();
        const [first] = await victim.pending();
        if (first === undefined) throw new TypeError("nothing was asked");
        await attempt(() => victim.graph.invoke(new Command({ resume: "what?" }), victim.config));
        await sendAgain(victim, first);
      },
    },
    {
      name: "after the second payment was decided",
      shape: "twoPayments",
      async carryOut(victim, verdict) {
        await victim.start();
        const first = await victim.decideAndResume("approve");
        await victim.decideAndResume(verdict);
        await sendAgain(victim, first);
      },
    },
  ],
};

async function sendAgain({ graph, config }: Victim, { interruptId }: Pending): Promise<void> {
  for (const strict of [false, true]) {
    const run = { configurable: { ...config.configurable, __pregel_strict_resume: strict } };
    await attempt(() => graph.invoke(new Command({ resume: { [interruptId]: "approve" } }), run));
  }
  await attempt(() => graph.invoke(null, config));
}
