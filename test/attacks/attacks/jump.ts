import { Command, END, Send } from "@langchain/langgraph";
import { attempt, type Attack } from "../attack.js";
import type { Victim } from "../victim.js";

/** Sends an interrupted thread elsewhere, with a state that says that everything was approved. */
export const jump: Attack = {
  title: "`Command({ goto, update })` with forged state, on an interrupted thread",
  harmsPlain: true,
  ways: [
    {
      name: "to the gate",
      carryOut: (victim) => jumpTo(victim, (update) => ({ goto: victim.anatomy.gate, update })),
    },
    {
      name: "to the node after the gate",
      carryOut: (victim) => jumpTo(victim, (update) => ({ goto: victim.anatomy.after, update })),
    },
    {
      name: "to the node after the gate, with an answer as well",
      carryOut: (victim) => jumpTo(victim, (update) => ({ goto: victim.anatomy.after, update, resume: "approve" })),
    },
    {
      name: "to the node after the gate, as a task with a state of its own",
      carryOut: (victim) => jumpTo(victim, (_, input) => ({ goto: new Send(victim.anatomy.after, input) })),
    },
    {
      name: "to the gate, as a task with a state of its own",
      carryOut: (victim) => jumpTo(victim, (_, input) => ({ goto: new Send(victim.anatomy.gate, input) })),
    },
    {
      name: "back to the agent",
      carryOut: (victim) => jumpTo(victim, (update) => ({ goto: victim.anatomy.agent, update })),
    },
    {
      name: "to the end",
      carryOut: (victim) => jumpTo(victim, (update) => ({ goto: END, update })),
    },
    {
      name: "nowhere",
      carryOut: (victim) => jumpTo(victim, (update) => ({ update })),
    },
    {
      name: "to the nodes inside the gate",
      async carryOut(victim) {
        await victim.start();
        const update = await victim.forgery();
        for (const goto of victim.anatomy.inside) {
          await attempt(() => victim.graph.invoke(new Command({ goto, update }), victim.config));
          await attempt(() => victim.graph.invoke(new Command({ goto: new Send(goto, update) }), victim.config));
        }
        await attempt(() => victim.graph.invoke(null, victim.config));
      },
    },
  ],
};

type State = Record<string, unknown>;
type Jump = ConstructorParameters<typeof Command>[0];

async function jumpTo(victim: Victim, where: (update: State, input: State) => Jump): Promise<void> {
  await victim.start();
  const command = new Command(where(await victim.forgery(), await victim.forgedInput()));
  await attempt(() => victim.graph.invoke(command, victim.config));
  await attempt(() => victim.graph.invoke(null, victim.config));
}
