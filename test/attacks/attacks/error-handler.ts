import { Command } from "@langchain/langgraph";
import { attempt, type Attack } from "../attack.js";
import type { Victim } from "../victim.js";

/**
 * A handler that takes every node's error for its own, for every node of the graph around the gate: the graph goes on
 * as if the gate had been passed. (On its own graph, `addGate` refuses such a default.)
 */
export const errorHandler: Attack = {
  title: "A default `errorHandler` around the gate, while the ledger is away",
  harmsPlain: false,
  ways: [
    {
      name: "when the gate is about to ask",
      shape: "handlerAround",
      leadsPast: true,
      carryOut: (victim) => whileAway(victim, () => victim.start()),
    },
    {
      name: "when the decision arrives",
      shape: "handlerAround",
      leadsPast: true,
      async carryOut(victim, verdict) {
        await victim.start();
        await whileAway(victim, () => victim.decideAndResume(verdict));
      },
    },
    {
      name: "when junk is answered",
      shape: "handlerAround",
      leadsPast: true,
      async carryOut(victim) {
        await victim.start();
        await whileAway(victim, () => answerJunk(victim));
      },
    },
    {
      name: "when junk is answered after the decision, and again once the ledger is back",
      shape: "handlerAround",
      leadsPast: true,
      async carryOut(victim, verdict) {
        await victim.start();
        await victim.decide(verdict);
        await whileAway(victim, () => answerJunk(victim));
        await answerJunk(victim);
      },
    },
  ],
};

const JUNK: readonly unknown[] = [
  "perhaps",
  42,
  [],
  { type: "modify", args: { cents: "none" } },
  { decisions: [{ type: "edit" }, { type: "edit" }] },
];

async function answerJunk({ graph, config }: Victim): Promise<void> {
  for (const junk of JUNK) await attempt(() => graph.invoke(new Command({ resume: junk }), config));
}

async function whileAway({ faults, graph, config }: Victim, work: () => Promise<unknown>): Promise<void> {
  const threadId = config.configurable.thread_id;
  faults.setLedgerAway(threadId, true);
  await work();
  await attempt(() => graph.invoke(null, config));
  faults.setLedgerAway(threadId, false);
}
