import { START, StateGraph, interrupt } from "@langchain/langgraph";
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import { withLangGraph } from "@langchain/langgraph/zod";
import { z } from "zod";
import type { EffectFile } from "../../support/effects.js";
import { withDefaults } from "../defaults.js";
import type { Faults } from "../faults.js";
import type { Compilable } from "../hosts/host.js";
import type { Shape } from "../shapes.js";
import { ASK_FROM_CENTS, connect, stagesOf, threadOf, type Stage } from "../stage.js";
import type { Anatomy, Payment } from "../victim.js";

const Asked = z.object({ order: z.string(), cents: z.int(), gate: z.int() });
const asked = z.array(Asked);
const orders = z.array(z.string());

const State = z.object({
  ticket: z.string().optional(),
  payments: withLangGraph(asked, {
    reducer: {
      schema: asked,
      fn: (known: z.infer<typeof asked>, added: z.infer<typeof asked>) => [...known, ...added],
    },
    default: () => [],
  }),
  approved: withLangGraph(orders, {
    reducer: { schema: orders, fn: (known: string[], added: string[]) => [...known, ...added] },
    default: () => [],
  }),
});
type State = z.infer<typeof State>;

export const plainAnatomy: Anatomy = { agent: "agent", gate: "approve", after: "act", inside: [] };

/** What a graph has around it. */
export interface PlainSurroundings {
  effects: EffectFile<Payment>;
  faults: Faults;
}

/**
 * The pattern that people write by hand: a node calls `interrupt()` for each payment and notes the answers in the
 * state, and the node after it makes the payments that were approved.
 */
export function plainGraph({ effects, faults }: PlainSurroundings, shape: Shape): Compilable {
  // oxlint-disable-next-line typescript/no-explicit-any -- the names of the nodes are made in a loop
  const builder: any = new StateGraph(State);
  const stages = stagesOf(shape, plainAnatomy);
  for (const stage of stages) {
    builder.addNode(stage.agent, drafts(stage, faults)).addNode(stage.gate, asks(stage, faults));
  }
  for (const { after, index } of shape.sideBySide ? stages.slice(0, 1) : stages) {
    const pays = async (state: State, config: LangGraphRunnableConfig) => {
      const mine = state.payments.filter((payment) => shape.sideBySide || payment.gate === index);
      for (const { order, cents } of mine.filter((payment) => state.approved.includes(payment.order))) {
        await effects.cause({ args: { order, cents }, threadId: threadOf(config), idempotencyKey: null });
      }
      await faults.pass("paid", threadOf(config));
      return {};
    };
    // Whoever caches knows that an effect is not to be cached.
    builder.addNode(after, pays, { cachePolicy: false });
  }
  connect(builder, START, stages, shape);
  return withDefaults(builder, shape.around);
}

function drafts({ index, payments }: Stage, faults: Faults) {
  return async (_: State, config: LangGraphRunnableConfig) => {
    const threadId = threadOf(config);
    const drafted = payments(threadId, faults.draft(threadId));
    await faults.pass("proposed", threadId);
    return { payments: drafted.map((payment) => ({ ...payment, gate: index })) };
  };
}

function asks({ index }: Stage, faults: Faults) {
  return async (state: State, config: LangGraphRunnableConfig) => {
    const approved = state.payments
      .filter((payment) => payment.gate === index)
      .filter((payment) => payment.cents < ASK_FROM_CENTS || asksFor(payment) === "approve")
      .map(({ order }) => order);
    await faults.pass("answered", threadOf(config));
    return { approved };
  };
}

function asksFor(payment: Payment): unknown {
  return interrupt({ question: "Make this payment?", ...payment });
}
