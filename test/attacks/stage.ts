import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import type { Anatomy, Payment } from "./victim.js";

/** One stretch of a graph: an agent proposes payments, a gate asks for each of them, and a node comes after it. */
export interface Stage extends Pick<Anatomy, "agent" | "gate" | "after"> {
  index: number;
  /** What its agent proposes on a thread. */
  payments: (threadId: string) => Payment[];
}

/** As many stages as there are numbers, each with so many payments; the first has the plain names. */
export function stagesOf(gates: readonly number[], names: Omit<Anatomy, "inside">): Stage[] {
  return gates.map((count, index) => {
    const suffix = index === 0 ? "" : String(index + 1);
    return {
      index,
      agent: names.agent + suffix,
      gate: names.gate + suffix,
      after: names.after + suffix,
      payments: (threadId) =>
        Array.from({ length: count }, (_, nth) => ({
          order: `${threadId}/${index + 1}.${nth + 1}`,
          // The first is small; what an answer to it must never reach is large.
          cents: index + nth === 0 ? 1_000 : 100_000_000,
        })),
    };
  });
}

/** The thread that a node runs on. */
export function threadOf(config: Pick<LangGraphRunnableConfig, "configurable">): string {
  return String(config.configurable?.["thread_id"]);
}
