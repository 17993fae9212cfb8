/**
 * A person as a resource: an agent prepares an offer and does not know how far it may go. It asks the account manager,
 * gets a typed answer, and goes on with it.
 */
import { END, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, askHuman, createAssent, policy } from "assent";
import { z } from "zod";
import { recordEffect } from "./studio-effects.js";
import { studioKeys } from "./studio-keys.js";
import { studioLedger } from "./studio-ledger.js";

const assent = createAssent({
  actions: [],
  ledger: studioLedger,
  keys: studioKeys,
  policy: policy({ default: { route: "review" } }),
});

const Input = z.object({
  client: z.string().default("Acme").describe("Who asks for goods on account").meta({ title: "Client" }),
  amount: z
    .number()
    .positive()
    .default(8_000)
    .describe("What the client wants to buy on account, in USD")
    .meta({ title: "Amount" }),
});

const State = AssentState.extend({
  ...Input.shape,
  limit: z.number().optional().describe("The client's limit; written by the graph").meta({ title: "Limit" }),
  answeredBy: z.string().optional().describe("Who said so; written by the graph").meta({ title: "Answered by" }),
  offer: z.string().optional().describe("What the client is offered; written by the graph").meta({ title: "Offer" }),
});

const limit = askHuman(assent, {
  question: ({ client }: z.infer<typeof State>) => `Up to how much may ${client} buy on account?`,
  context: ({ amount }) => ({ asksFor: `${amount} USD` }),
  answer: z.object({ limit: z.number().min(0).meta({ title: "Limit in USD" }) }),
  // In open trust an answer says whom it plays: "as":"ana","roles":["account-manager"].
  by: [{ role: "account-manager" }],
  into: (answer, { by }) => ({ limit: answer.limit, answeredBy: by }),
  unanswered: (outcome) => ({ limit: 0, answeredBy: outcome.decidedBy ?? "nobody" }),
});

const builder = new StateGraph({ state: State, input: Input }).addNode(
  "write",
  async ({ client, amount, limit = 0 }) => {
    const onAccount = Math.min(amount, limit);
    await recordEffect("offers", { client, onAccount });
    return { offer: `${client}: ${onAccount} USD on account, ${amount - onAccount} USD in advance.` };
  },
);

export const graph = addGate(builder, "ask", limit)
  .addEdge(START, "ask")
  .addEdge("ask", "write")
  .addEdge("write", END)
  .compile();
