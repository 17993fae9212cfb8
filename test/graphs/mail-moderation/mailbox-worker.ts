/**
 * A process that the kill test starts and kills: `mailbox-worker.ts <root> seed|moderate`. It writes a dot whenever a
 * message is done, so that the test can kill it at a chosen moment.
 */
import { openMailbox } from "../../../graphs/mail-moderation/maildir.js";
import { MESSAGES, type Message } from "./mailbox-messages.js";

/** Moves under way at once, so that a kill finds some of them at every step. */
const LANES = 16;

const [root = "", task] = process.argv.slice(2);
const mailbox = await openMailbox(root);

if (task === "seed") {
  await mailbox.depositAll(counted(MESSAGES));
} else {
  const queue = MESSAGES.values();
  await Promise.all(Array.from({ length: LANES }, () => moderate(queue)));
}

async function moderate(queue: Iterable<Message>): Promise<void> {
  for (const { id, to, sender } of queue) {
    if (to === "rejected") await mailbox.reject(id, sender);
    else await mailbox.move(id, to);
    process.stdout.write(".");
  }
}

function* counted(messages: readonly Message[]): Generator<Message> {
  for (const message of messages) {
    yield message;
    process.stdout.write(".");
  }
}
