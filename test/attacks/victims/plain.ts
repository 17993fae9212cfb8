import { Command, START, StateGraph, interrupt } from "@langchain/langgraph";
import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import { withLangGraph } from "@langchain/langgraph/zod";
import { z } from "zod";
import { EffectFile } from "../../support/effects.js";
import { stagesOf, threadOf } from "../stage.js";
import {
  pauses,
  type AttackedGraph,
  type Host,
  type Payment,
  type Prey,
  type Verdict,
  type Victim,
} from "../victim.js";

const Asked = z.object({ order: z.string(), cents: z.int(), gate: z.int() });
const asked = z.array(Asked);
const orders = z.array(z.string());

const State = z.object({
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

const anatomy = { agent: "agent", gate: "approve", after: "act", inside: [] };

/**
 * The pattern that people write by hand: a node calls `interrupt()` for each payment and notes the answers in the
 * state, and the node after it makes the payments that were approved.
 */
export function plainPrey({ checkpointer }: Pick<Host, "checkpointer">, gates: readonly number[]): Prey {
  const effects = new EffectFile<Payment>();
  const graph = build(gates, effects).compile({ checkpointer }) as unknown as AttackedGraph;
  const entitled = new Map<string, Verdict>();
  const victims: Victim[] = [];
  const victim = (): Victim => {
    const made = plainVictim(graph, { gates, entitled, another: victim });
    victims.push(made);
    return made;
  };
  return { effects, victim, victims: () => victims, entitled: () => entitled };
}

function build(gates: readonly number[], effects: EffectFile<Payment>) {
  // oxlint-disable-next-line typescript/no-explicit-any -- the names of the nodes are made in a loop
  const builder: any = new StateGraph(State);
  let before: string = START;
  for (const { agent, gate, after, index, payments } of stagesOf(gates, anatomy)) {
    const mine = (state: State) => state.payments.filter((payment) => payment.gate === index);
    builder
      .addNode(agent, (_: State, config: LangGraphRunnableConfig) => ({
        payments: payments(threadOf(config)).map((payment) => ({ ...payment, gate: index })),
      }))
      .addNode(gate, (state: State) => ({
        approved: mine(state)
          .filter((payment) => interrupt({ question: "Make this payment?", ...payment }) === "approve")
          .map(({ order }) => order),
      }))
      .addNode(after, async (state: State, config: LangGraphRunnableConfig) => {
        for (const { order, cents } of mine(state).filter((payment) => state.approved.includes(payment.order))) {
          await effects.cause({ args: { order, cents }, threadId: threadOf(config), idempotencyKey: null });
        }
        return {};
      })
      .addEdge(before, agent)
      .addEdge(agent, gate)
      .addEdge(gate, after);
    before = after;
  }
  return builder as StateGraph<typeof State>;
}

interface Surroundings {
  gates: readonly number[];
  entitled: Map<string, Verdict>;
  another: () => Victim;
}

function plainVictim(graph: AttackedGraph, { gates, entitled, another }: Surroundings): Victim {
  const threadId = crypto.randomUUID();
  const config = { configurable: { thread_id: threadId } };
  const payments = stagesOf(gates, anatomy).flatMap((stage) =>
    stage.payments(threadId).map((payment) => ({ ...payment, gate: stage.index })),
  );
  const approved = payments.map(({ order }) => order);
  const self: Victim = {
    graph,
    anatomy,
    config,
    payments,
    another,
    async start() {
      await graph.invoke({}, config);
    },
    pending: () => pauses<Payment>(self, ({ order, cents }) => ({ order, cents })),
    async decide(verdict) {
      // Nothing is written anywhere: here a decision exists only once it is on the thread.
      const [first] = await self.pending();
      if (first === undefined) throw new TypeError("nothing waits for a decision");
      entitled.set(first.payment.order, verdict);
      return first;
    },
    async decideAndResume(verdict) {
      const first = await self.decide(verdict);
      await graph.invoke(new Command({ resume: { [first.interruptId]: verdict } }), config);
      return first;
    },
    async vote(verdict) {
      // At best, the first of them counts.
      const [order = ""] = approved;
      if (!entitled.has(order)) entitled.set(order, verdict);
      await graph.invoke(new Command({ resume: verdict }), config);
    },
    forgery: async () => ({ approved }),
    forgedInput: async () => ({ payments, approved }),
    forgedInside: async () => ({}),
    forgedProposal: async (other) => ({
      payments: [{ ...(other?.payments[0] ?? { order: "made-up", cents: 1 }), gate: 0 }],
    }),
  };
  return self;
}
