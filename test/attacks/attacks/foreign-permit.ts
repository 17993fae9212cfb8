import { Command, Send } from "@langchain/langgraph";
import { attempt, type Attack } from "../attack.js";
import type { Pending, Victim } from "../victim.js";

/** What was approved on one thread, claimed by another. */
export const foreignPermit: Attack = {
  title: "Another thread's permit",
  harmsPlain: true,
  ways: [
    {
      name: "by the id of the interrupt that was approved",
      carryOut: (victim) =>
        claim(victim, ({ graph, config }, _, { interruptId }) =>
          attempt(() => graph.invoke(new Command({ resume: { [interruptId]: "approve" } }), config)),
        ),
    },
    {
      name: "by `Command({ goto })` to the gate and to the node after it",
      carryOut: (victim) =>
        claim(victim, async ({ graph, config, anatomy }, other) => {
          const update = { ...(await other.forgedInput()), ...(await other.forgery()) };
          for (const goto of [anatomy.gate, anatomy.after]) {
            await attempt(() => graph.invoke(new Command({ goto, update, resume: "approve" }), config));
          }
        }),
    },
    {
      name: "by `Send`, to every node",
      carryOut: (victim) =>
        claim(victim, async ({ graph, config, anatomy: { gate, after, inside } }, other) => {
          const input = await other.forgedInput();
          for (const node of [gate, after, ...inside]) {
            await attempt(() => graph.invoke(new Command({ goto: new Send(node, input) }), config));
          }
        }),
    },
    {
      name: "by `updateState`, in the name of the agent",
      carryOut: (victim) => claim(victim, (self, other) => edit(self, other, self.anatomy.agent)),
    },
    {
      name: "by `updateState`, in the name of the gate",
      leadsPast: true,
      carryOut: (victim) => claim(victim, (self, other) => edit(self, other, self.anatomy.gate)),
    },
    {
      name: "while its own thread is using it",
      needs: "a payment",
      async carryOut(victim) {
        const { faults } = victim;
        const other = victim.another();
        const otherId = other.config.configurable.thread_id;
        await other.start();
        await victim.start();
        faults.holdAt("paid", otherId);
        const paying = other.decideAndResume("approve");
        await faults.untilHeld("paid", otherId);
        await edit(victim, other, victim.anatomy.agent);
        faults.letGo("paid", otherId);
        await paying;
      },
    },
  ],
};

/** Has another thread's payment approved, but not made, and lets this thread try to make it. */
async function claim(
  victim: Victim,
  tryTo: (victim: Victim, other: Victim, approved: Pending) => Promise<void>,
): Promise<void> {
  const other = victim.another();
  await other.start();
  const approved = await other.decide("approve");
  await victim.start();
  await tryTo(victim, other, approved);
  await attempt(() => victim.graph.invoke(null, victim.config));
}

async function edit({ graph, config }: Victim, other: Victim, asNode: string): Promise<void> {
  const forged = { ...(await other.forgedInput()), ...(await other.forgery()) };
  await graph.updateState(config, forged, asNode);
  await attempt(() => graph.invoke(null, config));
}
