/**
 * Autonomy that is earned: an agent books expenses. It begins as one that only suggests; each time that a person takes a
 * suggestion it has been right once more, and after three in a row it may book alone what it is sure about.
 */
import { END, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, createAssent, defineAction, policy, progressiveAutonomy, rollingAccuracy } from "assent";
import { z } from "zod";
import { recordEffect } from "./studio-effects.js";
import { studioKeys } from "./studio-keys.js";
import { studioLedger } from "./studio-ledger.js";

const book = defineAction({
  name: "book-expense",
  args: z.object({
    what: z.string().min(1).meta({ title: "What" }),
    account: z.enum(["travel", "office", "other"]).meta({ title: "Account" }),
  }),
  summary: (a) => `Book "${a.what}" under ${a.account}`,
  idempotent: false,
  run: async (a, { idempotencyKey }) => {
    await recordEffect("expenses", { ...a, idempotencyKey });
    return { bookedUnder: a.account };
  },
});

const assent = createAssent({
  actions: [book],
  ledger: studioLedger,
  keys: studioKeys,
  policy: policy({ default: { route: "execute" } }),
  // A trial is short. Left out, it takes more than 1,000 judged cases to rise.
  stageRule: rollingAccuracy({ window: 3, judgedOver: 2, promoteAbove: 0.9, demoteBelow: 0.5 }),
});

const Input = z.object({
  what: z.string().default("Train to Porto").describe("What the expense was for").meta({ title: "What" }),
});

const State = AssentState.extend({
  ...Input.shape,
  result: z.string().optional().describe("What became of it; written by the graph").meta({ title: "Result" }),
});

const builder = new StateGraph({ state: State, input: Input }).addNode("agent", ({ what }) => {
  const account = /train|flight|hotel/i.test(what) ? "travel" : /paper|desk|pen/i.test(what) ? "office" : "other";
  return assent.propose(book, { what, account }, { agent: "bookkeeper", confidence: account === "other" ? 0.4 : 0.9 });
});

const gate = progressiveAutonomy(assent, {
  into: (outcome) => ({ result: outcome.status === "executed" ? "The agent booked it." : outcome.reason }),
});

export const graph = addGate(builder, "autonomy", gate)
  .addEdge(START, "agent")
  .addEdge("agent", "autonomy")
  .addEdge("autonomy", END)
  .compile();
