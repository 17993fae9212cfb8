/**
 * People in command: an agent suggests which truck takes a load, and never sends one. The dispatcher does it, as
 * suggested or otherwise, and says which.
 */
import { END, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, createAssent, defineAction, policy, suggestOnly } from "assent";
import { z } from "zod";
import { recordEffect } from "./studio-effects.js";
import { studioKeys } from "./studio-keys.js";
import { studioLedger } from "./studio-ledger.js";

const TRUCKS = [
  { truck: "T-1", tons: 3 },
  { truck: "T-2", tons: 12 },
  { truck: "T-3", tons: 24 },
];

const dispatch = defineAction({
  name: "send-truck",
  args: z.object({
    truck: z.enum(["T-1", "T-2", "T-3"]).meta({ title: "Truck" }),
    to: z.string().min(1).meta({ title: "To" }),
  }),
  summary: (a) => `Send truck ${a.truck} to ${a.to}`,
  idempotent: false,
  // Never called behind this gate: it issues no permit, whatever the policy says.
  run: (a) => recordEffect("trucks", a),
});

const assent = createAssent({
  actions: [dispatch],
  ledger: studioLedger,
  keys: studioKeys,
  policy: policy({ default: { route: "execute" } }),
});

const Input = z.object({
  to: z.string().default("Hamburg").describe("Where the load is waiting").meta({ title: "Place" }),
  tons: z
    .number()
    .positive()
    .max(24)
    .default(7)
    .describe("How heavy it is, in tons; 24 at most")
    .meta({ title: "Tons" }),
});

const State = AssentState.extend({
  ...Input.shape,
  result: z.string().optional().describe("What the dispatcher did; written by the graph").meta({ title: "Result" }),
});

const builder = new StateGraph({ state: State, input: Input }).addNode("agent", ({ to, tons }) => {
  const smallest = TRUCKS.find((truck) => truck.tons >= tons);
  const truck = (smallest?.truck ?? "T-3") as "T-1" | "T-2" | "T-3";
  return assent.propose(dispatch, { truck, to }, { context: { load: `${tons} tons`, trucks: TRUCKS } });
});

const desk = suggestOnly(assent, {
  into: (outcome) => ({ result: outcome.status === "executed" ? "The agent acted." : outcome.reason }),
});

export const graph = addGate(builder, "desk", desk)
  .addEdge(START, "agent")
  .addEdge("agent", "desk")
  .addEdge("desk", END)
  .compile();
