import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Classification, MailClassifier } from "../../../graphs/mail-moderation/classifier.js";
import { trainMailClassifier } from "../../../graphs/mail-moderation/classifier.js";
import { loadCorpus, splitCorpus, type Mail } from "../../../graphs/mail-moderation/corpus.js";
import { readMessage, type Message } from "../../../graphs/mail-moderation/message.js";

/** The work of one scene, as every process of it reads it from a file. */
export interface Plan {
  /** The folder of the mailbox and of what happened. */
  folder: string;
  /** The ledger's schema. */
  schema: string;
  /** The schema of LangGraph's own tables. */
  threadsSchema: string;
  /** The folder with the private key, and the file with the public one alone. */
  keys: { deciders: string; hosts: string };
  messageIds: string[];
  /** The agent acts alone on what it is surer of than this: on half of the messages. */
  sureAbove: number;
  /** What the agent makes of each message, by what is in it; the classifier was asked beforehand. */
  classifications: Record<string, Classification>;
}

/** Where the plan is written down for the hosts. */
export const planFile = ({ folder }: Pick<Plan, "folder">): string => join(folder, "plan.json");

/** How long a claim survives a dead host: a move takes milliseconds, and whoever comes next has to wait for it. */
export const LEASE_MS = 1_000;

const PREFIX = "mail:";

/** The thread that a message is moderated on. */
export const threadOf = (messageId: string): string => PREFIX + messageId;

/** The message that is moderated on a thread. */
export const messageOf = (threadId: string): string => threadId.slice(PREFIX.length);

/** Messages of the corpus, and what the agent thinks of them. */
export interface Judged {
  mails: readonly Mail[];
  classifications: Record<string, Classification>;
  sureAbove: number;
}

/** Classifies the first `count` messages of the agent's work. Takes a second or two, which no host has to spend again. */
export async function judge(count: number): Promise<Judged> {
  const corpus = splitCorpus(loadCorpus());
  const classifier = await trainMailClassifier(corpus);
  const mails = corpus.work.slice(0, count);
  const classifications: Record<string, Classification> = {};
  const confidences: number[] = [];
  for (const { raw } of mails) {
    const message = await readMessage(raw);
    const made = classifier.classify(message);
    classifications[contentsOf(message)] = made;
    confidences.push(Math.floor(made.confidence * 10_000) / 10_000);
  }
  const middle = confidences.toSorted((a, b) => a - b)[Math.floor(confidences.length / 2)] ?? 0.9;
  return { mails, classifications, sureAbove: Math.min(middle, 0.999) };
}

/** The classifier as a host has it: it looks up what was said beforehand. */
export function rememberedClassifier({ classifications }: Plan): MailClassifier {
  return {
    classify(message) {
      const known = classifications[contentsOf(message)];
      if (known === undefined) throw new Error("a message that nobody classified");
      return known;
    },
  };
}

function contentsOf(message: Message): string {
  return createHash("sha256").update(JSON.stringify(message)).digest("hex");
}
