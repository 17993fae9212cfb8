/**
 * The approval gate in its smallest form: an agent drafts a refund, policy lets small sure ones through, a person
 * decides on the rest.
 */
import { END, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, approvalGate, createAssent, defineAction, policy } from "assent";
import { z } from "zod";
import { recordEffect } from "./studio-effects.js";
import { studioKeys } from "./studio-keys.js";
import { studioLedger } from "./studio-ledger.js";

const refund = defineAction({
  name: "refund",
  args: z.object({
    orderId: z.string().min(1).meta({ title: "Order" }),
    amount: z.number().positive().meta({ title: "Amount in USD" }),
  }),
  summary: (a) => `Refund ${a.amount} USD on order ${a.orderId}`,
  facts: (a) => ({ amount: { value: a.amount, currency: "USD" } }),
  idempotent: false,
  run: async (a, { idempotencyKey }) => {
    await recordEffect("refunds", { ...a, idempotencyKey });
    return { refunded: a.amount };
  },
});

const assent = createAssent({
  actions: [refund],
  ledger: studioLedger,
  keys: studioKeys,
  policy: policy({
    rules: [
      {
        id: "small-and-sure",
        action: "refund",
        when: { all: [{ amount: { lte: "50 USD" } }, { confidence: { gt: 0.9 } }] },
        route: "execute",
      },
    ],
    default: { route: "review" },
  }),
});

const Input = z.object({
  orderId: z
    .string()
    .default("A-1001")
    .describe("The order that the customer complains about")
    .meta({ title: "Order" }),
  amount: z.number().positive().default(120).describe("What the customer asks for, in USD").meta({ title: "Amount" }),
  confidence: z
    .number()
    .min(0)
    .max(1)
    .default(0.8)
    .describe("How sure the agent is, 0 to 1")
    .meta({ title: "Confidence" }),
});

const State = AssentState.extend({
  ...Input.shape,
  reply: z.string().optional().describe("What the customer is told; written by the graph").meta({ title: "Reply" }),
});

const builder = new StateGraph({ state: State, input: Input }).addNode("agent", ({ orderId, amount, confidence }) =>
  assent.propose(
    refund,
    { orderId, amount },
    { confidence, context: `The customer says that order ${orderId} arrived broken and wants ${amount} USD back.` },
  ),
);

export const graph = addGate(
  builder,
  "gate",
  approvalGate(assent, {
    into: (outcome) => ({
      reply: outcome.status === "executed" ? "Your refund is on its way." : `No refund: ${outcome.reason}`,
    }),
  }),
)
  .addEdge(START, "agent")
  .addEdge("agent", "gate")
  .addEdge("gate", END)
  .compile();
