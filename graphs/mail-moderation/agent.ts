import { StateGraph } from "@langchain/langgraph";
import { AssentState, createAssent, defineAction, type Assent, type AssentOptions, type Policy } from "assent";
import { z } from "zod";
import type { MailClassifier, MailVerdict } from "./classifier.js";
import type { Folder, Mailbox } from "./maildir.js";
import { readMessage } from "./message.js";

/** The folder that each verdict moves a message to. */
export const FOLDER_OF: Record<MailVerdict, Folder> = {
  deliver: "delivered",
  quarantine: "quarantine",
  "reject-sender": "rejected",
};

/** What the action takes. The sender counts only where it is to be rejected, and stands there for the reviewer to see. */
export const ModerateArgs = z.object({
  messageId: z.string().min(1),
  verdict: z.enum(["deliver", "quarantine", "reject-sender"]),
  sender: z.string(),
});
/** What the action takes. */
export type ModerateArgs = z.infer<typeof ModerateArgs>;

/** How much of a message's body a reviewer is shown. */
const BODY_CHARACTERS_MAX = 2_000;

/** What the agent works with. */
export interface MailModerationParts extends Pick<
  AssentOptions,
  "ledger" | "trust" | "authenticators" | "keys" | "leaseMs" | "clock"
> {
  mailbox: Mailbox;
  classifier: MailClassifier;
  policy: Policy;
}

const Input = z.object({
  messageId: z
    .string()
    .optional()
    .describe("Id of a message in the incoming folder; leave it out to take the oldest one there")
    .meta({ title: "Message" }),
});

const State = AssentState.extend({
  ...Input.shape,
  result: z.string().optional().describe("What became of the message; written by the graph").meta({ title: "Result" }),
});

/**
 * The mail-moderation agent: it classifies one message and proposes where to put it. How sure it is decides who
 * answers for that: see policy.yaml.
 */
export function mailModeration({ mailbox, classifier, policy, ...options }: MailModerationParts) {
  const moderate = defineAction({
    name: "moderate",
    args: ModerateArgs,
    summary: effectOf,
    // A rename: done twice it is done once.
    idempotent: true,
    run: async ({ messageId, verdict, sender }) => {
      const folder = FOLDER_OF[verdict];
      await (verdict === "reject-sender" ? mailbox.reject(messageId, sender) : mailbox.move(messageId, folder));
      return { folder };
    },
  });
  const assent: Assent = createAssent({ actions: [moderate], policy, ...options });
  const builder = new StateGraph({ state: State, input: Input }).addNode("classify", async (state) => {
    const messageId = state.messageId ?? (await mailbox.ids("incoming"))[0];
    if (messageId === undefined) return { result: "The incoming folder is empty." };
    const message = await readMessage(await mailbox.read(messageId));
    const { from, sender, subject, date, body } = message;
    const { verdict, confidence, words } = classifier.classify(message);
    const proposed = await assent.propose(
      moderate,
      { messageId, verdict, sender },
      {
        key: messageId,
        agent: "mail-classifier",
        // Rounded down, so that a rounding never makes a message look surer than it is.
        confidence: Math.floor(confidence * 10_000) / 10_000,
        context: {
          from,
          subject,
          date,
          "weighed most": words.map(({ word, leans, weight }) => `${word} (${leans} ${weight.toFixed(2)})`),
          body: startOf(body),
        },
      },
    );
    return { ...proposed, messageId };
  });
  return { assent, builder };
}

function effectOf({ messageId, verdict, sender }: ModerateArgs): string {
  switch (verdict) {
    case "deliver":
      return `Deliver message ${messageId}`;
    case "quarantine":
      return `Move message ${messageId} to quarantine`;
    case "reject-sender":
      return `Reject message ${messageId} and from now on its sender ${sender}`;
    default:
      return verdict satisfies never;
  }
}

/** The start of a text, never cut inside a character. */
function startOf(body: string): string {
  const characters = Array.from(body.slice(0, 2 * BODY_CHARACTERS_MAX));
  if (characters.length <= BODY_CHARACTERS_MAX) return body;
  return `${characters.slice(0, BODY_CHARACTERS_MAX).join("")} …`;
}
