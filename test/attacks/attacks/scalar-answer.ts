import { Command } from "@langchain/langgraph";
import { attempt, type Attack } from "../attack.js";
import type { Pending, Victim } from "../victim.js";

/** LangGraph gives an answer without an id to everything that waits. */
export const scalarAnswer: Attack = {
  title: "One answer without an id, while two gates ask",
  harmsPlain: true,
  ways: [
    {
      name: "before anybody has decided",
      shape: "sideBySide",
      async carryOut(victim) {
        await victim.start();
        await answerAll(victim, YES);
      },
    },
    {
      name: "before anybody has decided, in open trust",
      shape: "openSideBySide",
      async carryOut(victim) {
        await victim.start();
        await answerAll(victim, YES);
      },
    },
    {
      name: "after one was approved",
      shape: "sideBySide",
      async carryOut(victim) {
        await victim.start();
        await victim.decide("approve");
        await answerAll(victim, YES);
      },
    },
    {
      name: "after one was approved, naming that one, in open trust",
      shape: "openSideBySide",
      async carryOut(victim) {
        await victim.start();
        const { review } = (await victim.decide("approve")).value as { review?: string };
        await answerAll(victim, [
          { type: "approve", review },
          { decisions: [{ type: "approve" }], review },
        ]);
      },
    },
    {
      name: "after one was answered by its id",
      shape: "sideBySide",
      async carryOut(victim) {
        await victim.start();
        await victim.decideAndResume("approve");
        await answerAll(victim, YES);
      },
    },
    {
      name: "as a map that also has what is no id",
      shape: "openSideBySide",
      async carryOut(victim) {
        await victim.start();
        const [{ interruptId } = UNKNOWN] = await victim.pending();
        await answerAll(victim, [
          { [interruptId]: "approve", undefined: "approve" },
          { type: "approve", [interruptId]: 1 },
        ]);
      },
    },
  ],
};

const YES: readonly unknown[] = [
  "approve",
  { type: "approve" },
  { decisions: [{ type: "approve" }] },
  [{ type: "accept", args: null }],
  true,
];

const UNKNOWN: Pick<Pending, "interruptId"> = { interruptId: "nothing was asked" };

async function answerAll({ graph, config }: Victim, answers: readonly unknown[]): Promise<void> {
  for (const answer of answers) await attempt(() => graph.invoke(new Command({ resume: answer }), config));
  await attempt(() => graph.invoke(null, config));
}
