import { Command } from "@langchain/langgraph";
import { checkpointsOf } from "../checkpoints.js";
import { attempt, type Attack } from "../attack.js";
import type { ThreadConfig, Verdict, Victim } from "../victim.js";

/** Runs a finished thread again from each place that it ever was at. */
export const timeTravel: Attack = {
  title: "Time travel: every checkpoint of a finished thread, run again",
  harmsPlain: true,
  ways: [
    {
      name: "going on",
      async carryOut(victim, verdict) {
        for (const checkpoint of await finishedPast(victim, verdict)) {
          await attempt(() => victim.graph.invoke(null, checkpoint));
        }
      },
    },
    {
      name: "with an answer",
      async carryOut(victim, verdict) {
        for (const checkpoint of await finishedPast(victim, verdict)) {
          await attempt(() => victim.graph.invoke(new Command({ resume: "approve" }), checkpoint));
        }
      },
    },
    {
      name: "as a fork",
      async carryOut(victim, verdict) {
        for (const checkpoint of await finishedPast(victim, verdict)) {
          await attempt(async () => {
            const fork = await victim.graph.updateState(checkpoint, null);
            await victim.graph.invoke(null, fork);
          });
        }
      },
    },
    {
      name: "all of them at once",
      async carryOut(victim, verdict) {
        const past = await finishedPast(victim, verdict);
        await Promise.all(past.map((checkpoint) => attempt(() => victim.graph.invoke(null, checkpoint))));
      },
    },
    {
      name: "from inside the gate, while it was still asking",
      async carryOut(victim, verdict) {
        await victim.start();
        const inside = await checkpointsOf(victim);
        await victim.decideAndResume(verdict);
        for (const checkpoint of inside) {
          await attempt(() => victim.graph.invoke(null, checkpoint));
          await attempt(() => victim.graph.invoke(new Command({ resume: "approve" }), checkpoint));
        }
      },
    },
  ],
};

async function finishedPast(victim: Victim, verdict: Verdict): Promise<ThreadConfig[]> {
  await victim.start();
  await victim.decideAndResume(verdict);
  return checkpointsOf(victim);
}
