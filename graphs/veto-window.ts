/**
 * People on the loop: an agent pays invoices. Small ones wait for a minute in which somebody may object, and are paid
 * unless somebody did; large ones wait for a person for as long as it takes.
 */
import { END, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, createAssent, defineAction, policy, vetoWindow } from "assent";
import { z } from "zod";
import { recordEffect } from "./studio-effects.js";
import { studioKeys } from "./studio-keys.js";
import { studioLedger } from "./studio-ledger.js";

const pay = defineAction({
  name: "pay-invoice",
  args: z.object({
    supplier: z.string().min(1).meta({ title: "Supplier" }),
    amount: z.number().positive().meta({ title: "Amount in USD" }),
  }),
  summary: (a) => `Pay ${a.supplier} ${a.amount} USD`,
  facts: (a) => ({ amount: { value: a.amount, currency: "USD" } }),
  idempotent: false,
  run: async (a, { idempotencyKey }) => {
    await recordEffect("invoices", { ...a, idempotencyKey });
    return { paid: a.amount };
  },
});

const assent = createAssent({
  actions: [pay],
  ledger: studioLedger,
  keys: studioKeys,
  policy: policy({
    rules: [{ id: "small", action: "pay-invoice", when: { amount: { lte: "500 USD" } }, route: "execute" }],
    default: { route: "review" },
  }),
});

// Somebody has to look at the time. Once a window is over, resume the thread with any value: the invoice is paid.
setInterval(() => void assent.tick().catch(console.error), 1_000).unref();

const Input = z.object({
  supplier: z.string().default("Paper & Sons").describe("Who has sent an invoice").meta({ title: "Supplier" }),
  amount: z
    .number()
    .positive()
    .default(80)
    .describe("What it is about, in USD; above 500 a person has to approve it")
    .meta({ title: "Amount" }),
});

const State = AssentState.extend({
  ...Input.shape,
  result: z.string().optional().describe("What became of the invoice; written by the graph").meta({ title: "Result" }),
});

const builder = new StateGraph({ state: State, input: Input }).addNode("agent", ({ supplier, amount }) =>
  assent.propose(pay, { supplier, amount }, { context: `The invoice fits an order that ${supplier} has delivered.` }),
);

const gate = vetoWindow(assent, {
  window: "PT1M",
  into: (outcome) => ({ result: outcome.status === "executed" ? "Paid." : `Not paid: ${outcome.reason}` }),
});

export const graph = addGate(builder, "window", gate)
  .addEdge(START, "agent")
  .addEdge("agent", "window")
  .addEdge("window", END)
  .compile();
