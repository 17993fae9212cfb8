/**
 * Hand-over: an agent answers a customer from what it knows. A customer who is angry, or asks for something else, gets a
 * person who sees the whole conversation, replies as often as it takes, and may give it back.
 */
import { END, START, StateGraph } from "@langchain/langgraph";
import { withLangGraph } from "@langchain/langgraph/zod";
import { AssentState, addGate, createAssent, handOver, policy } from "assent";
import { z } from "zod";
import { studioKeys } from "./studio-keys.js";
import { studioLedger } from "./studio-ledger.js";

const assent = createAssent({
  actions: [],
  ledger: studioLedger,
  keys: studioKeys,
  policy: policy({ default: { route: "review" } }),
});

const Input = z.object({
  message: z
    .string()
    .default("This is the third time that I ask. Where is my parcel?!")
    .describe("What the customer writes; the agent knows about opening hours and returns")
    .meta({ title: "Message" }),
});

const Lines = z.array(z.string());

const State = AssentState.extend({
  ...Input.shape,
  conversation: withLangGraph(Lines.describe("Everything said so far; written by the graph"), {
    reducer: { schema: Lines, fn: (known: string[], added: string[]) => [...known, ...added] },
    default: () => [],
    jsonSchemaExtra: { title: "Conversation" },
  }),
  why: z.string().optional().describe("Why a person is needed; written by the graph").meta({ title: "Why" }),
  next: z.string().optional().describe("Who goes on; written by the graph").meta({ title: "Next" }),
});

const KNOWN: [RegExp, string][] = [
  [/open|hours/i, "We are open from 9 to 18."],
  [/return|send back/i, "You can return it within 30 days."],
];

/** Why the agent should not go on alone, or undefined. */
function trouble(message: string): string | undefined {
  if (/[?!]!|third time|complain/i.test(message)) return "The customer is angry.";
  return KNOWN.some(([topic]) => topic.test(message)) ? undefined : "The agent does not know what to say.";
}

const person = handOver(assent, {
  when: ({ why, next }: z.infer<typeof State>) => why !== undefined && next !== "done",
  why: ({ why = "" }) => why,
  history: ({ conversation }) => conversation,
  into: ({ reply, next }, { by }) => ({ conversation: [`${by ?? "a person"}: ${reply}`], next }),
});

const builder = new StateGraph({ state: State, input: Input }).addNode("agent", ({ message, next }) => {
  if (next === "agent") return { conversation: ["agent: Is there anything else?"], next: "done" };
  const heard = `customer: ${message}`;
  const why = trouble(message);
  if (why !== undefined) return { conversation: [heard, "agent: A colleague will reply to you."], why };
  const answers = KNOWN.filter(([topic]) => topic.test(message)).map(([, answer]) => `agent: ${answer}`);
  return { conversation: [heard, ...answers] };
});

export const graph = addGate(builder, "person", person)
  .addEdge(START, "agent")
  .addEdge("agent", "person")
  .addConditionalEdges("person", ({ next }) => (next === "agent" || next === "person" ? next : END), [
    "agent",
    "person",
    END,
  ])
  .compile();
