/**
 * Many at once: a month's payouts, each with a gate of its own, side by side. People decide on them in any order, and
 * the thread goes on once all have ended. Answer one by its review: {"type":"approve","review":"rv_…"}.
 */
import { END, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, createAssent, defineAction, fanOut, policy } from "assent";
import { z } from "zod";
import { recordEffect } from "./studio-effects.js";
import { studioKeys } from "./studio-keys.js";
import { studioLedger } from "./studio-ledger.js";

const Payout = z.object({
  to: z.string().min(1).meta({ title: "To" }),
  amount: z.number().positive().meta({ title: "Amount in USD" }),
});

const payOut = defineAction({
  name: "pay-out",
  args: Payout,
  summary: (a) => `Pay out ${a.amount} USD to ${a.to}`,
  facts: (a) => ({ amount: { value: a.amount, currency: "USD" } }),
  idempotent: false,
  run: async (a, { idempotencyKey }) => {
    await recordEffect("payouts", { ...a, idempotencyKey });
    return { paid: a.amount };
  },
});

const assent = createAssent({
  actions: [payOut],
  ledger: studioLedger,
  keys: studioKeys,
  policy: policy({
    rules: [{ id: "small", action: "pay-out", when: { amount: { lte: "100 USD" } }, route: "execute" }],
    default: { route: "review" },
  }),
});

const Input = z.object({
  payouts: z
    .array(Payout)
    .default([
      { to: "Ana", amount: 60 },
      { to: "Bo", amount: 250 },
      { to: "Cem", amount: 900 },
    ])
    .describe("Who gets how much; up to 100 USD nobody is asked")
    .meta({ title: "Payouts" }),
});

const State = AssentState.extend({
  ...Input.shape,
  results: z
    .array(z.string())
    .optional()
    .describe("What became of each payout, in their order; written by the graph")
    .meta({ title: "Results" }),
});

const payouts = fanOut(assent, {
  action: payOut,
  args: (state: z.infer<typeof State>) => state.payouts,
  into: (outcomes) => ({ results: outcomes.map(({ status }) => status) }),
});

export const graph = addGate(new StateGraph({ state: State, input: Input }), "pay", payouts)
  .addEdge(START, "pay")
  .addEdge("pay", END)
  .compile();
