import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Classification, MailClassifier } from "../../../graphs/mail-moderation/classifier.js";
import type { Mail } from "../../../graphs/mail-moderation/corpus.js";
import type { Message } from "../../../graphs/mail-moderation/message.js";

/** What a scene stands on: schemas, keys and a folder of its own. */
export interface Ground {
  /** The folder of everything that happens. */
  folder: string;
  /** The ledger's schema. */
  schema: string;
  /** The schema of LangGraph's own tables. */
  threadsSchema: string;
  /** The folder with the private key, and the file with the public one alone. */
  keys: { deciders: string; hosts: string };
}

/** The work of one scene, as every process of it reads it from a file. */
export interface Plan extends Ground {
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

/** How workers work: what was cut off goes on, and what was lost is looked for, after a time that a campaign can wait. */
export const WORKER = { concurrency: 3, settleMs: 5_000, graceMs: 5_000 } as const;

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

/** What a message is recognised by. */
export function contentsOf(message: Message): string {
  return createHash("sha256").update(JSON.stringify(message)).digest("hex");
}
