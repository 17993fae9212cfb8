/**
 * Human review after the fact: an agent hides a post by itself, and its author appeals. A person who had no part in it
 * decides; if they grant it, the post is shown again.
 */
import { END, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, appeal, approvalGate, createAssent, defineAction, policy } from "assent";
import { z } from "zod";
import { recordEffect } from "./studio-effects.js";
import { studioKeys } from "./studio-keys.js";
import { studioLedger } from "./studio-ledger.js";

const hide = defineAction({
  name: "hide-post",
  args: z.object({
    post: z.string().min(1).meta({ title: "Post" }),
    rule: z.string().meta({ title: "Rule that it breaks" }),
  }),
  summary: (a) => `Hide post ${a.post}, for: ${a.rule}`,
  idempotent: true,
  run: (a, { idempotencyKey }) => recordEffect("posts", { ...a, isHidden: true, idempotencyKey }),
  undo: (a, _result, { idempotencyKey }) => recordEffect("posts", { ...a, isHidden: false, idempotencyKey }),
});

const assent = createAssent({
  actions: [hide],
  ledger: studioLedger,
  keys: studioKeys,
  policy: policy({ default: { route: "execute" } }),
});

const Input = z.object({
  post: z.string().min(1).default("P-1").describe("The post that the agent hides").meta({ title: "Post" }),
  author: z.string().min(1).default("Kim").describe("Whose post it is; they appeal").meta({ title: "Author" }),
  grounds: z
    .string()
    .default("It is about a football match, not about a fight.")
    .describe("What the author says; empty if they do not appeal")
    .meta({ title: "Grounds" }),
});

const State = AssentState.extend({
  ...Input.shape,
  hidden: z
    .string()
    .optional()
    .describe("The case in which it was hidden; written by the graph")
    .meta({ title: "Case" }),
  result: z.string().optional().describe("How it ended; written by the graph").meta({ title: "Result" }),
});
type State = z.infer<typeof State>;

const builder = new StateGraph({ state: State, input: Input }).addNode("agent", ({ post }) =>
  assent.propose(hide, { post, rule: "no fights" }, { confidence: 0.97 }),
);

const moderation = approvalGate(assent, {
  action: "hide-post",
  into: ({ status, proposalId }) => ({
    hidden: status === "executed" ? proposalId : undefined,
    result: status === "executed" ? "Hidden." : "Not hidden.",
  }),
});

const appeals = appeal(assent, {
  action: hide,
  appeals: ({ hidden, author, grounds }: State) =>
    hidden === undefined || grounds === "" ? null : { proposal: hidden, by: author, grounds },
  into: ({ status }) => ({ result: status === "executed" ? "Shown again." : "It stays hidden." }),
});

export const graph = addGate(addGate(builder, "moderation", moderation), "appeals", appeals)
  .addEdge(START, "agent")
  .addEdge("agent", "moderation")
  .addEdge("moderation", "appeals")
  .addEdge("appeals", END)
  .compile();
