/**
 * The mail-moderation agent for LangGraph Studio: it takes the oldest message of a small mailbox of its own, and asks
 * about what it is not sure of.
 */
import { join } from "node:path";
import { END, START } from "@langchain/langgraph";
import { addGate, approvalGate, loadPolicy } from "assent";
import { mailModeration } from "./mail-moderation/agent.js";
import { trainMailClassifier } from "./mail-moderation/classifier.js";
import { loadCorpus, splitCorpus } from "./mail-moderation/corpus.js";
import { openMailbox } from "./mail-moderation/maildir.js";
import { studioKeys } from "./studio-keys.js";
import { studioLedger } from "./studio-ledger.js";

/** How many messages the trial mailbox holds. */
const MESSAGES = 200;

const corpus = splitCorpus(loadCorpus());
const mailbox = await openMailbox(join(".assent", "studio", "mailbox"));
await mailbox.depositAll(corpus.work.slice(0, MESSAGES));

const { assent, builder } = mailModeration({
  mailbox,
  classifier: await trainMailClassifier(corpus),
  policy: await loadPolicy(join(import.meta.dirname, "mail-moderation", "policy.yaml")),
  ledger: studioLedger,
  keys: studioKeys,
});

const gate = approvalGate(assent, {
  into: (outcome) => ({
    result: outcome.status === "executed" ? `Done: ${JSON.stringify(outcome.result)}` : `Not done: ${outcome.reason}`,
  }),
});

export const graph = addGate(builder, "gate", gate)
  .addEdge(START, "classify")
  .addEdge("classify", "gate")
  .addEdge("gate", END)
  .compile();
