import { Command } from "@langchain/langgraph";
import type { Effect } from "../../support/effects.js";
import type { Host } from "../hosts/host.js";
import { shapes, type Shape, type ShapeName } from "../shapes.js";
import { stagesOf } from "../stage.js";
import {
  approved as approvedIn,
  effectsOf,
  pauses,
  type AttackedGraph,
  type Payment,
  type Prey,
  type Verdict,
  type Victim,
} from "../victim.js";
import { bystanderOf, type Bystander } from "./bystander.js";
import { plainAnatomy, plainGraph } from "./plain-graph.js";

/** Agents whose payments hang on a graph's own `interrupt()`. */
export function plainPrey(host: Host, shapeName: ShapeName): Prey {
  const shape: Shape = shapes[shapeName];
  const build = () => plainGraph(host, shape);
  const graph = host.graph("plain", shapeName, build);
  const entitled = new Map<string, Verdict>();
  const victims: Victim[] = [];
  const effects = () => effectsOf(host.effects.read(), victims);
  const victim = (): Victim => {
    const bystander = bystanderOf(host, { kind: "plain", shape: shapeName, build });
    const made = plainVictim(graph, { shape, bystander, entitled, another: victim });
    victims.push(made);
    return made;
  };
  const rightful = () => (shape.small ? firstOf(effects()) : entitled);
  return { victim, victims: () => victims, entitled: rightful, due: () => approvedIn(rightful()), effects };
}

/** What is so small is rightful without anybody, in any draft. Once, so that the first that was made counts. */
function firstOf(effects: readonly Effect<Payment>[]): ReadonlyMap<string, Verdict> {
  const firsts = new Map(effects.toReversed().map(({ threadId, args }) => [threadId, args.order]));
  return new Map([...firsts.values()].map((order) => [order, "approve"]));
}

interface Surroundings {
  shape: Shape;
  bystander: Bystander;
  entitled: Map<string, Verdict>;
  another: () => Victim;
}

function plainVictim(graph: AttackedGraph, { shape, bystander, entitled, another }: Surroundings): Victim {
  const { threadId } = bystander;
  const config = { configurable: { thread_id: threadId } };
  const payments = stagesOf(shape, plainAnatomy).flatMap((stage) =>
    stage.payments(threadId).map((payment) => ({ ...payment, gate: stage.index })),
  );
  const approved = payments.map(({ order }) => order);
  const self: Victim = {
    graph,
    anatomy: plainAnatomy,
    config,
    ...bystander.may,
    payments,
    another,
    async start(input = {}) {
      await graph.invoke(input, config);
    },
    pending: () => pauses<Payment>(self, ({ order, cents }) => ({ order, cents })),
    async decide(verdict, on) {
      // Nothing is written anywhere: here a decision exists only once it is on the thread.
      const first = on ?? (await self.pending())[0];
      if (first === undefined) throw new TypeError("nothing waits for a decision");
      entitled.set(first.payment.order, verdict);
      return first;
    },
    async decideAndResume(verdict, on) {
      const first = await self.decide(verdict, on);
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
    forgedFacts: async () => ({ payments: payments.map((payment) => ({ ...payment, cents: 1 })), approved: [] }),
    ids: async () => approved,
    forgedIds: (ids) => ({ payments: [], approved: ids }),
    forgedSwap: async () => ({ payments: [], approved: approved.slice(1) }),
    forgedProposal: async (other) => ({
      payments: [{ ...(other?.payments[0] ?? { order: "made-up", cents: 1_000 }), gate: 0 }],
    }),
  };
  return self;
}
