import { Command } from "@langchain/langgraph";
import { waitingInside } from "../checkpoints.js";
import { attempt, type Attack } from "../attack.js";
import type { Victim } from "../victim.js";

/** Writes into an interrupted thread's state in a node's name, then lets it run. */
export const stateEdit: Attack = {
  title: "`updateState(asNode)` with forged state, then `invoke(null)`",
  harmsPlain: true,
  ways: [
    {
      name: "as the gate",
      leadsPast: true,
      carryOut: (victim) => edit(victim, victim.anatomy.gate),
    },
    {
      name: "as the node after the gate",
      leadsPast: true,
      carryOut: (victim) => edit(victim, victim.anatomy.after),
    },
    {
      name: "as the agent, with what the gate would write",
      carryOut: (victim) => edit(victim, victim.anatomy.agent),
    },
    {
      name: "as the gate, with an answer as well",
      leadsPast: true,
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
      carryOut: (victim) => editInside(victim, INSIDE, (thread) => thread.forgedInside()),
    },
    {
      name: "inside the gate, going on from the edit itself",
      carryOut: (victim) => editInside(victim, INSIDE_TO_EXECUTE, (thread) => thread.forgedInside(), "edit"),
    },
    {
      name: "inside the gate, to its end",
      leadsPast: true,
      carryOut: (victim) => editInside(victim, INSIDE_TO_THE_END, (thread) => thread.forgedInside()),
    },
    {
      name: "inside the gate, with another thread's approved proposal in hand",
      // The gate's own list of proposals is overwritten with the other thread's, so that it finds none of its own.
      leadsPast: true,
      async carryOut(victim) {
        const other = victim.another();
        await other.start();
        await other.decide("approve");
        await editInside(victim, INSIDE_TO_EXECUTE, () => other.forgedInside());
      },
    },
  ],
};

/** One of the gate's nodes, and the step that the edit makes it choose. */
interface InsideEdit {
  asNode: string;
  step: string;
}

const INSIDE_TO_EXECUTE: readonly InsideEdit[] = [
  { asNode: "policy", step: "execute" },
  { asNode: "review", step: "execute" },
];
const INSIDE: readonly InsideEdit[] = [
  ...INSIDE_TO_EXECUTE,
  { asNode: "policy", step: "audit" },
  { asNode: "review", step: "policy" },
  { asNode: "execute", step: "audit" },
  { asNode: "audit", step: "policy" },
];
const INSIDE_TO_THE_END: readonly InsideEdit[] = [
  { asNode: "policy", step: "end" },
  { asNode: "audit", step: "end" },
];

/** Writes into the gate's own state, each edit on a thread of its own, and goes on: as the thread is, or from the edit. */
async function editInside(
  victim: Victim,
  edits: readonly InsideEdit[],
  forgedFor: (thread: Victim) => Promise<Record<string, unknown>>,
  from: "thread" | "edit" = "thread",
): Promise<void> {
  if (victim.anatomy.inside.length === 0) return;
  for (const [nth, { asNode, step }] of edits.entries()) {
    const thread = nth === 0 ? victim : victim.another();
    await thread.start();
    const place = await waitingInside(thread);
    const edited = await thread.graph.updateState(place, { ...(await forgedFor(thread)), step }, asNode);
    await attempt(() => thread.graph.invoke(null, from === "edit" ? edited : thread.config));
  }
}

async function edit(victim: Victim, asNode: string): Promise<void> {
  await victim.start();
  const forged = await victim.forgery();
  await victim.graph.updateState(victim.config, forged, asNode);
  await attempt(() => victim.graph.invoke(null, victim.config));
}

async function propose(victim: Victim, other: Victim | null): Promise<void> {
  const forged = await victim.forgedProposal(other);
  await victim.graph.updateState(victim.config, forged, victim.anatomy.agent);
  await attempt(() => victim.graph.invoke(null, victim.config));
}
