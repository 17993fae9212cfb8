/**
 * A person's turn in an agent's loop, in mode "terminate": the agent writes a report, one section a turn, and nobody is
 * asked until it wants to stop. Then a person says whether it is done or what is still missing.
 */
import { END, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, createAssent, humanTurn, policy } from "assent";
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
  topics: z
    .array(z.string())
    .default(["sales", "complaints"])
    .describe("What the report is about, one section each")
    .meta({ title: "Topics" }),
});

const State = AssentState.extend({
  ...Input.shape,
  sections: z.array(z.string()).optional().describe("The report; written by the graph").meta({ title: "Sections" }),
  isDone: z.boolean().optional().describe("Whether a person is content; written by the graph").meta({ title: "Done" }),
});
type State = z.infer<typeof State>;

const wantsToStop = ({ topics, sections = [] }: State): boolean => sections.length >= topics.length;

const turn = humanTurn(assent, {
  mode: "terminate",
  wantsToStop,
  prompt: ({ topics }: State) => `The report is about ${topics.join(" and ")}. Is it done?`,
  context: ({ topics, sections = [] }) => ({ topics, sections }),
  parse: z.object({
    done: z.boolean().meta({ title: "The report is done" }),
    // The whole list, for a gate's update replaces what was there.
    topics: z.array(z.string()).optional().meta({ title: "Otherwise: all the topics that it should have" }),
  }),
  into: ({ done, topics }) => ({ isDone: done, ...(topics === undefined ? {} : { topics }) }),
});

const builder = new StateGraph({ state: State, input: Input })
  .addNode("agent", ({ topics, sections = [] }) => {
    const topic = topics[sections.length];
    return topic === undefined ? {} : { sections: [...sections, `About ${topic}: nothing unusual this week.`] };
  })
  .addNode("file", async ({ sections = [] }) => {
    await recordEffect("reports", { sections });
    return {};
  });

export const graph = addGate(builder, "person", turn)
  .addEdge(START, "agent")
  .addEdge("agent", "person")
  .addConditionalEdges("person", ({ isDone }) => (isDone ? "file" : "agent"), ["agent", "file"])
  .addEdge("file", END)
  .compile();
