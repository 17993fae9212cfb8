import { Command } from "@langchain/langgraph";
import { attempt, type Attack } from "../attack.js";

const UNKNOWN_ID = "0123456789abcdef0123456789abcdef";

/** Answers to questions that nobody asked. */
export const unknownInterrupt: Attack = {
  title: "An answer to an unknown interrupt id",
  harmsPlain: false,
  ways: [
    {
      name: "to an id that does not exist",
      async carryOut(victim) {
        const { graph, config } = victim;
        await victim.start();
        await attempt(() => graph.invoke(new Command({ resume: { [UNKNOWN_ID]: "approve" } }), config));
        await attempt(() => graph.invoke(null, config));
      },
    },
    {
      name: "to something that is no id, which makes it an answer for everybody",
      shape: "twoPayments",
      async carryOut(victim) {
        const { graph, config } = victim;
        await victim.start();
        for (const answers of [{ undefined: "approve" }, { [UNKNOWN_ID]: "approve", undefined: "approve" }]) {
          await attempt(() => graph.invoke(new Command({ resume: answers }), config));
        }
        await attempt(() => graph.invoke(null, config));
      },
    },
    {
      name: "to the pause of another thread",
      async carryOut(victim) {
        await victim.start();
        const other = victim.another();
        await other.start();
        const [theirs] = await other.pending();
        await attempt(() =>
          victim.graph.invoke(new Command({ resume: { [theirs?.interruptId ?? ""]: "approve" } }), victim.config),
        );
        await attempt(() => victim.graph.invoke(null, victim.config));
      },
    },
  ],
};
