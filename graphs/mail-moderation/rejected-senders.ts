import { open, readFile } from "node:fs/promises";
import { MailboxError } from "./mailbox-error.js";
import { inTurn } from "./turns.js";

/** The action that Postfix' `check_sender_access` tables use, so the file can serve a real mail server as it is. */
const ACTION = "REJECT";

/**
 * A set of addresses on disk, one `address REJECT` a line.
 *
 * Lines are only ever appended, each by one write, and counted as there once `ACTION` ends them: a line cut short by a
 * power failure is no sender, and adding the sender again writes a whole line after it. Writers in one process take
 * turns; writers in several processes may at worst write a line twice, which a set does not notice.
 */
export class RejectedSenders {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** The senders, in the order they were added. */
  async all(): Promise<string[]> {
    return sendersIn(await this.#text());
  }

  /**
   * Adds a sender and makes it durable; says whether it was new.
   *
   * @throws MailboxError `sender_invalid` if the sender is empty or holds white space.
   */
  async add(sender: string): Promise<boolean> {
    const address = sender.toLowerCase();
    if (!/^\S+$/u.test(address)) throw new MailboxError("sender_invalid", `Not an address: ${JSON.stringify(sender)}`);
    return inTurn(this.#path, async () => {
      const text = await this.#text();
      const isNew = !sendersIn(text).includes(address);
      const file = await open(this.#path, "a");
      try {
        if (isNew) await file.write(`${text === "" || text.endsWith("\n") ? "" : "\n"}${address} ${ACTION}\n`);
        // Also when it was there: whoever wrote it may have died before this line.
        await file.sync();
      } finally {
        await file.close();
      }
      return isNew;
    });
  }

  async #text(): Promise<string> {
    try {
      return await readFile(this.#path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
      throw error;
    }
  }
}

function sendersIn(text: string): string[] {
  const senders = text.split("\n").flatMap((line) => {
    const [address = "", action] = line.split(" ");
    return action === ACTION ? [address] : [];
  });
  return [...new Set(senders)];
}
