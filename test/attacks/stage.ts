import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import type { Shape } from "./shapes.js";
import type { Anatomy, Payment } from "./victim.js";

/** What is smaller needs nobody: a policy says so, or the node that asks. */
export const ASK_FROM_CENTS = 500;

/** One stretch of a graph: an agent proposes payments, a gate asks for each of them, and a node comes after it. */
export interface Stage extends Pick<Anatomy, "agent" | "gate" | "after"> {
  index: number;
  /** What its agent proposes on a thread, when it runs for the n-th time there. */
  payments: (threadId: string, draft?: number) => Payment[];
}

/** One stage for each gate; the first has the plain names. */
export function stagesOf({ gates, redrafts, small }: Shape, names: Pick<Anatomy, "agent" | "gate" | "after">): Stage[] {
  return gates.map((count, index) => {
    const suffix = index === 0 ? "" : String(index + 1);
    return {
      index,
      agent: names.agent + suffix,
      gate: names.gate + suffix,
      after: names.after + suffix,
      payments: (threadId, draft = 1) =>
        Array.from({ length: count }, (_, nth) => ({
          order: `${threadId}/${index + 1}.${nth + 1}${redrafts && draft > 1 ? ` (draft ${draft})` : ""}`,
          cents: small ? ASK_FROM_CENTS / 5 : centsOf(index + nth),
        })),
    };
  });
}

/** The one thread that may pay an order, in any draft of it. */
export function ownerOf(order: string): string {
  return order.split("/")[0] ?? "";
}

/** The first is small; what an answer to it must never reach is large. */
function centsOf(nth: number): number {
  return nth === 0 ? 2 * ASK_FROM_CENTS : 100_000_000;
}

/** A graph under construction, as far as {@link connect} reaches for it. */
interface Connectable {
  addEdge(from: string | string[], to: string): unknown;
}

/** Draws the edges: stage after stage; or every agent first, then all gates side by side, then what comes after. */
export function connect(builder: Connectable, start: string, stages: readonly Stage[], { sideBySide }: Shape): void {
  let before = start;
  if (!sideBySide) {
    for (const { agent, gate, after } of stages) {
      for (const to of [agent, gate, after]) {
        builder.addEdge(before, to);
        before = to;
      }
    }
    return;
  }
  for (const { agent } of stages) {
    builder.addEdge(before, agent);
    before = agent;
  }
  for (const { gate } of stages) builder.addEdge(before, gate);
  builder.addEdge(
    stages.map(({ gate }) => gate),
    stages[0]?.after ?? "",
  );
}

/** The thread that a node runs on. */
export function threadOf(config: Pick<LangGraphRunnableConfig, "configurable">): string {
  return String(config.configurable?.["thread_id"]);
}
