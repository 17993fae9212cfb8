import { Command, Send } from "@langchain/langgraph";
import { attempt, type Attack } from "../attack.js";
import { waitingInside } from "../checkpoints.js";
import type { Pending, Victim } from "../victim.js";

/** The small payment is approved; before the thread hears of it, its state is made to speak of the large one. */
export const swap: Attack = {
  title: "The proposal's id swapped between approval and resume",
  harmsPlain: true,
  ways: [
    {
      name: "by `updateState`, in the name of the agent",
      shape: "twoPayments",
      carryOut: (victim) => swapBy(victim, (swapped) => edit(victim, swapped, victim.anatomy.agent)),
    },
    {
      name: "by `updateState`, in the name of the gate",
      shape: "twoPayments",
      leadsPast: true,
      carryOut: (victim) => swapBy(victim, (swapped) => edit(victim, swapped, victim.anatomy.gate)),
    },
    {
      name: "by `updateState` inside the gate",
      shape: "twoPayments",
      // The gate's own list of proposals is overwritten, so that it does not come back to the approved one.
      leadsPast: true,
      notPlain: "nothing is inside it",
      carryOut: (victim) =>
        swapBy(victim, async (swapped) => {
          await victim.graph.updateState(await waitingInside(victim), swapped, "review");
        }),
    },
    {
      name: "in the command that brings the approval",
      shape: "twoPayments",
      carryOut: (victim) =>
        swapBy(victim, (update, { interruptId }) =>
          attempt(() =>
            victim.graph.invoke(new Command({ update, resume: { [interruptId]: "approve" } }), victim.config),
          ),
        ),
    },
    {
      name: "in a command that goes to the gate",
      shape: "twoPayments",
      carryOut: (victim) =>
        swapBy(victim, (update) =>
          attempt(() => victim.graph.invoke(new Command({ update, goto: victim.anatomy.gate }), victim.config)),
        ),
    },
    {
      name: "in a task with a state of its own",
      shape: "twoPayments",
      carryOut: (victim) =>
        swapBy(victim, (swapped) =>
          attempt(() =>
            victim.graph.invoke(new Command({ goto: new Send(victim.anatomy.gate, swapped) }), victim.config),
          ),
        ),
    },
    {
      name: "while two gates ask side by side",
      shape: "sideBySide",
      carryOut: (victim) => swapBy(victim, (swapped) => edit(victim, swapped, victim.anatomy.agent)),
    },
  ],
};

async function swapBy(
  victim: Victim,
  exchange: (swapped: Record<string, unknown>, approved: Pending) => Promise<void>,
): Promise<void> {
  const { graph, config } = victim;
  await victim.start();
  const approved = await victim.decide("approve");
  await exchange(await victim.forgedSwap(), approved);
  for (const resume of [{ [approved.interruptId]: "approve" }, "approve"]) {
    await attempt(() => graph.invoke(new Command({ resume }), config));
  }
  await attempt(() => graph.invoke(null, config));
}

async function edit({ graph, config }: Victim, swapped: Record<string, unknown>, asNode: string): Promise<void> {
  await graph.updateState(config, swapped, asNode);
}
