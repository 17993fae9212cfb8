/**
 * Review of a whole task: a node plans the maintenance of a server. Its output is held back until a person has approved
 * it or put their own in its place; only then the plan is part of the state, and is carried out.
 */
import { END, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, createAssent, policy, reviewed } from "assent";
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
  server: z.string().default("db-1").describe("Which server is to be maintained").meta({ title: "Server" }),
  disks: z.int().min(1).max(8).default(2).describe("How many disks are replaced, 1 to 8").meta({ title: "Disks" }),
});

const State = AssentState.extend({
  ...Input.shape,
  steps: z
    .array(z.string())
    .optional()
    .describe("What is done, in order; written by the graph")
    .meta({ title: "Steps" }),
  minutes: z.number().optional().describe("How long it takes; written by the graph").meta({ title: "Minutes" }),
  result: z.string().optional().describe("What was done; written by the graph").meta({ title: "Result" }),
});
type State = z.infer<typeof State>;

function planMaintenance({ server, disks }: Pick<State, "server" | "disks">) {
  const replacements = Array.from({ length: disks }, (_, index) => `replace disk ${index + 1} of ${server}`);
  return { steps: [`take ${server} out of service`, ...replacements, `put ${server} back`], minutes: 10 + 20 * disks };
}

const plan = reviewed(assent, planMaintenance, {
  input: ({ server, disks }: State) => ({ server, disks }),
  about: "the maintenance plan",
  rejected: (outcome) => ({ result: `Nothing is done: ${outcome.status === "executed" ? "" : outcome.reason}` }),
});

const builder = new StateGraph({ state: State, input: Input }).addNode(
  "carry-out",
  async ({ server, steps, minutes }) => {
    if (steps === undefined) return {};
    await recordEffect("maintenance", { server, steps, minutes });
    return { result: `Did ${steps.length} steps.` };
  },
);

export const graph = addGate(builder, "plan", plan)
  .addEdge(START, "plan")
  .addEdge("plan", "carry-out")
  .addEdge("carry-out", END)
  .compile();
