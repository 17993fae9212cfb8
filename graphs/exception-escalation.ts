/**
 * Exceptions go to people: an agent cancels orders. Where it is sure it acts, where it is fairly sure it acts and is
 * looked at afterwards, below that it waits for a person; and where a customer does not say which order, it asks first.
 */
import { END, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, createAssent, defineAction, exceptionEscalation, policy } from "assent";
import { z } from "zod";
import { recordEffect } from "./studio-effects.js";
import { studioKeys } from "./studio-keys.js";
import { studioLedger } from "./studio-ledger.js";

const orderId = z.string().regex(/^[A-Z]-\d+$/);

const cancel = defineAction({
  name: "cancel-order",
  args: z.object({ orderId: orderId.meta({ title: "Order" }) }),
  summary: (a) => `Cancel order ${a.orderId}`,
  // Cancelled twice is cancelled once.
  idempotent: true,
  run: async (a, { idempotencyKey }) => {
    await recordEffect("cancellations", { ...a, idempotencyKey });
    return { cancelled: a.orderId };
  },
});

const assent = createAssent({
  actions: [cancel],
  ledger: studioLedger,
  keys: studioKeys,
  policy: policy({ default: { route: "execute" } }),
});

const Input = z.object({
  message: z
    .string()
    .default("Please cancel my order, it comes too late.")
    .describe("What the customer writes; name one order, such as A-1001, to make it clear which")
    .meta({ title: "Message" }),
  confidence: z
    .number()
    .min(0)
    .max(1)
    .default(0.95)
    .describe("How sure the agent is, 0 to 1: above 0.9 it acts, from 0.7 it acts and is looked at, below it waits")
    .meta({ title: "Confidence" }),
});

const State = AssentState.extend({
  ...Input.shape,
  reply: z.string().optional().describe("What the customer is told; written by the graph").meta({ title: "Reply" }),
});

/** The customer's open orders; the agent guesses the last one where none is named. */
const OPEN_ORDERS = ["A-1001", "A-1002"];

const builder = new StateGraph({ state: State, input: Input }).addNode("agent", ({ message, confidence }) => {
  const named = OPEN_ORDERS.filter((order) => message.includes(order));
  const context = { customer: message, openOrders: OPEN_ORDERS };
  const tags = named.length === 1 ? [] : ["ambiguous"];
  return assent.propose(cancel, { orderId: named[0] ?? "A-1002" }, { confidence, tags, context });
});

const gate = exceptionEscalation(assent, {
  answer: {
    type: "object",
    required: ["orderId"],
    properties: { orderId: { type: "string", enum: OPEN_ORDERS, title: "Which order is meant" } },
  },
  into: (outcome) => ({
    reply:
      outcome.status === "executed" ? "Your order is cancelled." : `Your order is not cancelled: ${outcome.reason}`,
  }),
});

export const graph = addGate(builder, "exceptions", gate)
  .addEdge(START, "agent")
  .addEdge("agent", "exceptions")
  .addEdge("exceptions", END)
  .compile();
