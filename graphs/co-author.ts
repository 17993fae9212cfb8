/**
 * Collaboration: a person and an agent take turns on a job advertisement. The person hands each version back with what
 * comes next: the agent's turn, their own again, or done.
 */
import { END, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, coAuthor, createAssent, policy } from "assent";
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
  job: z.string().default("baker").describe("Who is looked for").meta({ title: "Job" }),
  town: z.string().default("Lisbon").describe("Where they are to work").meta({ title: "Town" }),
});

const State = AssentState.extend({
  ...Input.shape,
  text: z.string().optional().describe("The advertisement; written in turns").meta({ title: "Text" }),
  next: z.string().optional().describe("Whose turn is next; written by the graph").meta({ title: "Next" }),
});

const CLOSING = "Everybody is welcome to apply.";

/** The agent's turn: it begins the text, or tidies what the person has made of it. */
function write(job: string, town: string, text: string | undefined): string {
  if (text === undefined) return `We are looking for a ${job} in ${town}.`;
  const tidy = text.replaceAll(/\s+/g, " ").trim();
  return tidy.includes(CLOSING) ? tidy : `${tidy} ${CLOSING}`;
}

const person = coAuthor(assent, {
  artifact: ({ text = "" }: z.infer<typeof State>) => text,
  form: z.string().min(1).meta({ title: "Your version" }),
  prompt: ({ job }) => `Your turn on the advertisement for a ${job}`,
  into: ({ artifact, next }) => ({ text: artifact, next }),
});

const builder = new StateGraph({ state: State, input: Input })
  .addNode("agent", ({ job, town, text }) => ({ text: write(job, town, text) }))
  .addNode("publish", async ({ job, text = "" }) => {
    await recordEffect("advertisements", { job, text });
    return {};
  });

export const graph = addGate(builder, "person", person)
  .addEdge(START, "agent")
  .addEdge("agent", "person")
  .addConditionalEdges("person", ({ next }) => (next === "agent" || next === "person" ? next : "publish"), [
    "agent",
    "person",
    "publish",
  ])
  .addEdge("publish", END)
  .compile();
