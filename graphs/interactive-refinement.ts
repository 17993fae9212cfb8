/**
 * Refinement: an agent drafts a letter about a late order; a person approves it, edits it, or says what has to change
 * and sees the next draft beside it. What they approve is sent, once.
 */
import { END, START, StateGraph } from "@langchain/langgraph";
import { AssentState, addGate, createAssent, defineAction, interactiveRefinement, policy } from "assent";
import { z } from "zod";
import { recordEffect } from "./studio-effects.js";
import { studioKeys } from "./studio-keys.js";
import { studioLedger } from "./studio-ledger.js";

const Letter = z.object({
  to: z.string().min(1).meta({ title: "To" }),
  text: z.string().min(1).meta({ title: "Letter" }),
});
type Letter = z.infer<typeof Letter>;

const send = defineAction({
  name: "send-letter",
  args: Letter,
  summary: (a) => `Send ${a.to} a letter of ${a.text.length} characters: ${a.text}`,
  idempotent: false,
  run: async (a, { idempotencyKey }) => {
    await recordEffect("letters", { ...a, idempotencyKey });
    return { sent: a.to };
  },
});

const assent = createAssent({
  actions: [send],
  ledger: studioLedger,
  keys: studioKeys,
  policy: policy({ default: { route: "review" } }),
});

const Input = z.object({
  customer: z.string().default("Kim Lee").describe("Whom the letter is to").meta({ title: "Customer" }),
  days: z.int().min(1).default(9).describe("How many days late the customer's order is").meta({ title: "Days late" }),
});
type Input = z.infer<typeof Input>;

const State = AssentState.extend({
  ...Input.shape,
  result: z.string().optional().describe("What became of the letter; written by the graph").meta({ title: "Result" }),
});

function draftLetter({ customer, days }: Input): Letter {
  const text = `Dear ${customer}, your order is ${days} days late. We know that you count on us. It will arrive this week.`;
  return { to: customer, text };
}

/** The agent knows two wishes; any other it takes literally, as one more sentence. */
function reviseLetter(draft: Letter, feedback: string): Letter {
  if (/short/i.test(feedback)) return { ...draft, text: draft.text.replace(" We know that you count on us.", "") };
  if (/sorry|apolog/i.test(feedback)) return { ...draft, text: draft.text.replace(/, your/, ", we are sorry: your") };
  return { ...draft, text: `${draft.text} ${feedback}` };
}

const letter = interactiveRefinement(assent, {
  action: send,
  input: ({ customer, days }: z.infer<typeof State>) => ({ customer, days }),
  draft: draftLetter,
  revise: ({ draft, feedback }) => reviseLetter(draft, feedback),
  rounds: 4,
  into: (outcome) => ({
    result: outcome.status === "executed" ? "The letter is sent." : `Not sent: ${outcome.reason}`,
  }),
});

export const graph = addGate(new StateGraph({ state: State, input: Input }), "letter", letter)
  .addEdge(START, "letter")
  .addEdge("letter", END)
  .compile();
