import { Command } from "@langchain/langgraph";
import { waitingInside } from "../checkpoints.js";
import { attempt, type Attack, type Victim } from "../victim.js";

/** Writes into an interrupted thread's state in a node's name, then lets it run. */
export const stateEdit: Attack = {
  title: "`updateState(asNode)` with forged state, then `invoke(null)`",
  harmsPlain: true,
  ways: [
    {
      name: "as the gate",
      carryOut: (victim) => edit(victim, victim.anatomy.gate),
    },
    {
      name: "as the node after the gate",
      carryOut: (victim) => edit(victim, victim.anatomy.after),
    },
    {
      name: "as the agent, with what the gate would write",
      carryOut: (victim) => edit(victim, victim.anatomy.agent),
    },
    {
      name: "as the gate, with an answer as well",
      async carryOut(victim) {
        await edit(victim, victim.anatomy.gate);
        await attempt(() => victim.graph.invoke(new Command({ resume: "approve" }), victim.config));
      },
    },
    {
      name: "as the agent, with a proposal that nobody made",
      async carryOut(victim) {
        await victim.start();
        await propose(victim, null);
      },
    },
    {
      name: "as the agent, with another thread's proposal that is not decided",
      async carryOut(victim) {
        const other = victim.another();
        await other.start();
        await victim.start();
        await propose(victim, other);
      },
    },
    {
      name: "as the agent, with another thread's proposal that is approved and not yet executed",
      async carryOut(victim) {
        const other = victim.another();
        await other.start();
        await other.decide("approve");
        await victim.start();
        await propose(victim, other);
      },
    },
    {
      name: "as the agent, with another thread's proposal that is executed",
      async carryOut(victim) {
        const other = victim.another();
        await other.start();
        await other.decideAndResume("approve");
        await victim.start();
        await propose(victim, other);
      },
    },
    {
      name: "inside the gate, as each of its nodes",
      async carryOut(victim) {
        await victim.start();
        const forged = await victim.forgery();
        for (const asNode of victim.anatomy.inside) await editInside(victim, asNode, forged);
      },
    },
    {
      name: "inside the gate, with another thread's approved proposal in hand",
      async carryOut(victim) {
        const other = victim.another();
        await other.start();
        await other.decide("approve");
        await victim.start();
        const forged = await other.forgery();
        for (const asNode of victim.anatomy.inside) await editInside(victim, asNode, forged);
      },
    },
  ],
};

async function edit(victim: Victim, asNode: string): Promise<void> {
  await victim.start();
  const forged = await victim.forgery();
  await attempt(() => victim.graph.updateState(victim.config, forged, asNode));
  await attempt(() => victim.graph.invoke(null, victim.config));
}

async function propose(victim: Victim, other: Victim | null): Promise<void> {
  const forged = await victim.forgedProposal(other);
  await attempt(() => victim.graph.updateState(victim.config, forged, victim.anatomy.agent));
  await attempt(() => victim.graph.invoke(null, victim.config));
}

async function editInside(victim: Victim, asNode: string, forged: Record<string, unknown>): Promise<void> {
  for (const step of ["execute", "audit", "policy", "end"]) {
    for (const place of await waitingInside(victim)) {
      await attempt(() => victim.graph.updateState(place, { ...forged, step }, asNode));
      await attempt(() => victim.graph.invoke(null, victim.config));
    }
  }
}
