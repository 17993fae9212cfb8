import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { MailboxError } from "./mailbox-error.js";
import { RejectedSenders } from "./rejected-senders.js";
import { inTurn } from "./turns.js";

/** The folders of a mailbox: where messages arrive, and the three ends they can come to. */
export const FOLDERS = ["incoming", "delivered", "quarantine", "rejected"] as const;

/** A folder of a mailbox. */
export type Folder = (typeof FOLDERS)[number];

/** What a move found and did. */
export interface Move {
  /** Where the message was. */
  from: Folder;
  /** Where it is now. */
  to: Folder;
  /** Whether this call moved it; false if it was there already. */
  moved: boolean;
}

/** A message on its way into a mailbox. */
export interface Deposit {
  readonly id: string;
  readonly raw: Uint8Array;
}

/** Where a message's file is: `name` is its id, with `:2,` and flags after it once a mail program has seen it. */
interface Place {
  folder: Folder;
  room: (typeof ROOMS)[number];
  name: string;
}

/** Where a Maildir keeps messages: those nobody has seen, and those a mail program has. */
const ROOMS = ["new", "cur"] as const;
/** How many files are written at once; enough to share the disk's flushes. */
const DEPOSITS_AT_ONCE = 16;
/** How often a message that moves away under our hands is looked up again. */
const LOOKUPS = 10;

/**
 * Opens the mailbox in the directory `root`, making it if need be. Opening it twice is fine.
 *
 * @example
 * ```ts
 * const mailbox = await openMailbox("mail");
 * await mailbox.deposit("sa-7c53336b3700", raw);
 * await mailbox.move("sa-7c53336b3700", "quarantine"); // { from: "incoming", to: "quarantine", moved: true }
 * ```
 */
export async function openMailbox(root: string): Promise<Mailbox> {
  for (const folder of FOLDERS) {
    for (const room of ["tmp", ...ROOMS]) await mkdir(join(root, folder, room), { recursive: true });
    await flush(join(root, folder));
  }
  await flush(root);
  return new Mailbox(resolve(root));
}

/**
 * Messages on disk, each folder a Maildir that any mail program can read.
 *
 * A message is always in exactly one folder, whole, whenever the process is killed:
 * - Until its rename into `new`, a deposited message is a file in `tmp`, which counts nowhere; repeating the deposit
 *   writes another, and mail programs clear old ones away. The rename comes after the contents are on disk.
 * - A move is one rename, which happens or does not. Killed before it, the message is where it was; killed after it,
 *   it has arrived, and repeating the move finds it there.
 * - A power failure may undo a rename until both directories are flushed, so a move returns only after that, and also
 *   flushes when it finds the message there already.
 *
 * Any number of processes may move and read. Deposits within one process take turns; two processes that deposit the same
 * id at the same time could store it twice, so let one process do it.
 */
export class Mailbox {
  /** The directory that holds the mailbox. */
  readonly root: string;
  readonly #rejectedSenders: RejectedSenders;

  /** Use {@link openMailbox}, which makes the directories. */
  constructor(root: string) {
    this.root = root;
    this.#rejectedSenders = new RejectedSenders(join(root, "rejected-senders.txt"));
  }

  /**
   * Stores a message in `incoming`, unless it is anywhere in the mailbox already; says whether it was new.
   *
   * @throws MailboxError `id_invalid` if the id cannot be a file name.
   */
  async deposit(id: string, raw: Uint8Array): Promise<boolean> {
    return inTurn(this.#depositing, async () => {
      if ((await this.#find(id)) !== undefined) return false;
      await this.#store(id, raw);
      await flush(this.#directory("incoming", "new"));
      return true;
    });
  }

  /**
   * Stores many messages in `incoming`, those left out that are anywhere in the mailbox already; gives the number that
   * were new. Killed halfway, it is simply repeated. Each `raw` is asked for when its turn comes, so it may be a
   * getter that reads.
   *
   * @throws MailboxError `id_invalid` if an id cannot be a file name; messages before it may be stored.
   */
  async depositAll(mails: Iterable<Deposit>): Promise<number> {
    return inTurn(this.#depositing, async () => {
      const queue = newAmong(mails, await this.#allIds());
      let stored = 0;
      // An error ends the queue, and so the other workers too.
      const worker = async (): Promise<void> => {
        for (const mail of queue) {
          await this.#store(mail.id, mail.raw);
          stored += 1;
        }
      };
      const ends = await Promise.allSettled(Array.from({ length: DEPOSITS_AT_ONCE }, worker));
      await flush(this.#directory("incoming", "new"));
      for (const end of ends) if (end.status === "rejected") throw end.reason;
      return stored;
    });
  }

  /**
   * Moves a message from wherever it is to a folder, so that a decision can also be corrected later. Repeating a move is
   * fine and says that nothing moved.
   *
   * @throws MailboxError `message_missing` if the message is in no folder.
   */
  async move(id: string, to: Folder): Promise<Move> {
    return inTurn(`move ${join(this.root, id)}`, () =>
      this.#at(id, async ({ folder, room, name }) => {
        const source = this.#directory(folder, room);
        const target = this.#directory(to, room);
        if (folder !== to) await rename(join(source, name), join(target, name));
        // The arrival first: should only one survive a power failure, then better two names than none.
        await flush(target);
        if (folder !== to) await flush(source);
        return { from: folder, to, moved: folder !== to };
      }),
    );
  }

  /**
   * Moves a message to `rejected` and puts its sender on the list of rejected senders. Repeating it is fine. The sender
   * comes first, so the sender of a message in `rejected` is always on the list.
   *
   * @param sender The address, without white space; kept in lower case. Empty for a message that names none: then nobody
   * is put on the list.
   * @throws MailboxError `message_missing` if the message is in no folder, `sender_invalid` if the sender holds white
   * space.
   */
  async reject(id: string, sender: string): Promise<Move> {
    if ((await this.locate(id)) === null) throw missing(id);
    if (sender !== "") await this.#rejectedSenders.add(sender);
    return this.move(id, "rejected");
  }

  /** The senders that were rejected, in the order they were. */
  async rejectedSenders(): Promise<string[]> {
    return this.#rejectedSenders.all();
  }

  /** The folder a message is in; null if it is in none. */
  async locate(id: string): Promise<Folder | null> {
    return (await this.#find(id))?.folder ?? null;
  }

  /**
   * A message as it was deposited, byte for byte.
   *
   * @throws MailboxError `message_missing` if the message is in no folder.
   */
  async read(id: string): Promise<Buffer> {
    return this.#at(id, ({ folder, room, name }) => readFile(join(this.#directory(folder, room), name)));
  }

  /** The ids of the messages in a folder, sorted. */
  async ids(folder: Folder): Promise<string[]> {
    const rooms = await Promise.all(ROOMS.map((room) => readdir(this.#directory(folder, room))));
    return rooms.flat().map(idOf).toSorted();
  }

  /** How many messages each folder holds. */
  async count(): Promise<Record<Folder, number>> {
    const counts = await Promise.all(FOLDERS.map(async (folder) => [folder, (await this.ids(folder)).length] as const));
    return Object.fromEntries(counts) as Record<Folder, number>;
  }

  /** Does something with a message where it is, once more if another process has moved it in the meantime. */
  async #at<T>(id: string, use: (place: Place) => Promise<T>): Promise<T> {
    for (let lookup = 1; ; lookup++) {
      const place = await this.#find(id);
      if (place === undefined) throw missing(id);
      try {
        return await use(place);
      } catch (error) {
        if (!isNotFound(error) || lookup === LOOKUPS) throw error;
      }
    }
  }

  /** Looks again before saying no: a message may move from a folder not yet looked into to one already seen. */
  async #find(id: string): Promise<Place | undefined> {
    checkId(id);
    for (let lookup = 1; lookup <= LOOKUPS; lookup++) {
      const place = await this.#findOnce(id);
      if (place !== undefined) return place;
    }
    return undefined;
  }

  async #findOnce(id: string): Promise<Place | undefined> {
    for (const folder of FOLDERS) {
      if (await exists(join(this.#directory(folder, "new"), id))) return { folder, room: "new", name: id };
      const seen = await readdir(this.#directory(folder, "cur"));
      const name = seen.find((name) => idOf(name) === id);
      if (name !== undefined) return { folder, room: "cur", name };
    }
    return undefined;
  }

  /** Every id in the mailbox, looked up twice for the same reason. */
  async #allIds(): Promise<Set<string>> {
    const known = new Set<string>();
    for (const folder of [...FOLDERS, ...FOLDERS]) for (const id of await this.ids(folder)) known.add(id);
    return known;
  }

  async #store(id: string, raw: Uint8Array): Promise<void> {
    const draft = join(this.root, "incoming", "tmp", `${id}.${randomUUID()}`);
    const file = await open(draft, "wx");
    try {
      await file.writeFile(raw);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, join(this.#directory("incoming", "new"), id));
  }

  /** What deposits into this mailbox take turns on. */
  get #depositing(): string {
    return `deposits into ${this.root}`;
  }

  #directory(folder: Folder, room: Place["room"]): string {
    return join(this.root, folder, room);
  }
}

/** The messages that are not known yet, each once; those that are known are not read. */
function* newAmong(mails: Iterable<Deposit>, known: Set<string>): Generator<Deposit> {
  for (const mail of mails) {
    checkId(mail.id);
    if (known.has(mail.id)) continue;
    known.add(mail.id);
    yield mail;
  }
}

/** Makes what was made, renamed or removed in a directory last through a power failure. */
async function flush(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** `sa-7c53336b3700:2,S` is the message `sa-7c53336b3700`, seen. */
function idOf(name: string): string {
  return name.split(":2,")[0] ?? name;
}

function checkId(id: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._=+@-]{0,99}$/.test(id)) return;
  throw new MailboxError(
    "id_invalid",
    `Not a message id: ${JSON.stringify(id)}; use up to 100 letters, digits and ._=+@-`,
  );
}

function missing(id: string): MailboxError {
  return new MailboxError("message_missing", `The message ${id} is in none of ${FOLDERS.join(", ")}`);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

function isNotFound(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}
