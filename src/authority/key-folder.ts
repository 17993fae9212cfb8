import { randomUUID } from "node:crypto";
import { link, mkdir, open, readFile, rename, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AssentError } from "../model/error.js";
import { systemClock, type Clock } from "../model/clock.js";
import {
  listed,
  newKeySet,
  parseKeySet,
  publicPart,
  revoked,
  rotated,
  signerOf,
  trustedKeysOf,
  type KeyListing,
  type KeySet,
} from "./key-set.js";
import type { Keys, TrustedKey } from "./keys.js";
import type { Signer } from "./signature.js";

/** The file with the private key: for processes that decide, and nobody else. */
const SIGNING_FILE = "signing.json";
/** The file with the public keys: for graph hosts, auditors and everybody else. */
const PUBLIC_FILE = "public.json";

/** The two files that a change of a key folder wrote. */
export interface KeyFiles {
  /** With the private key, readable by its owner only: for processes that decide. */
  signing: string;
  /** Without: for graph hosts. */
  public: string;
  keys: KeyListing[];
}

/**
 * Makes the first key of a folder.
 *
 * If we die in here, either no file was written, or the signing file alone; the next rotation writes both.
 *
 * @throws AssentError `keys_exist` if the folder has keys, `keys_unreadable` if it cannot be written.
 */
export async function generateKeys(folder: string, clock: Clock = systemClock): Promise<KeyFiles> {
  const path = join(folder, SIGNING_FILE);
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw unwritable(path, cause);
  });
  try {
    await writeWhole(path, newKeySet(clock.now().toISOString()), 0o600, link);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw unwritable(path, cause);
    throw new AssentError("keys_exist", {
      what: "The folder has keys already",
      where: path,
      fix: "`assent keys rotate` adds a new one; what the old one signed still counts",
    });
  }
  return publish(folder, await readKeySet(path));
}

/** Adds a new key to a folder and retires the one in use: what that one signed so far still counts. */
export async function rotateKeys(folder: string, clock: Clock = systemClock): Promise<KeyFiles> {
  return change(folder, (set) => rotated(set, clock.now().toISOString()));
}

/**
 * Revokes a key of a folder: nothing that it signed counts at a claim any more, and people are asked again.
 *
 * @throws AssentError `key_unknown`.
 */
export async function revokeKey(folder: string, keyId: string, clock: Clock = systemClock): Promise<KeyFiles> {
  return change(folder, (set) => revoked(set, keyId, clock.now().toISOString()));
}

/** The keys of a folder or file, oldest first. */
export async function listKeys(path: string): Promise<KeyListing[]> {
  return listed(await readKeySet(await fileOf(path)));
}

/**
 * The keys in a file or folder, for `keys` of `createAssent`. A folder's signing file is used if it is there, else its
 * public one; give graph hosts the public file alone. The file is read again whenever it changes, so a rotation or a
 * revocation counts without a restart.
 *
 * With `create`, a folder without keys gets some: for trials, where one process does everything.
 *
 * @throws AssentError `keys_unreadable` or `keys_invalid`, now and whenever the keys are needed later.
 * @example
 * ```ts
 * import { loadKeys } from "assent";
 *
 * const keys = await loadKeys(process.env["ASSENT_KEYS"] ?? ".assent/keys");
 * console.log((await keys.trusted()).map(({ id }) => id));
 * ```
 */
export async function loadKeys(path: string, { create = false }: { create?: boolean } = {}): Promise<Keys> {
  if (create && !(await isFile(path))) {
    await generateKeys(path).catch((error: unknown) => {
      if (!AssentError.isInstance(error, "keys_exist")) throw error;
    });
  }
  const file = await fileOf(path);
  const keys = new KeyFile(file);
  await keys.trusted();
  return keys;
}

interface LoadedKeys {
  /** What the file looked like when it was read. */
  mark: string;
  trusted: readonly TrustedKey[];
  signer: Signer | null;
}

class KeyFile implements Keys {
  readonly #path: string;
  #loaded: LoadedKeys | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async signer(): Promise<Signer | null> {
    return (await this.#current()).signer;
  }

  async trusted(): Promise<readonly TrustedKey[]> {
    return (await this.#current()).trusted;
  }

  // Fails closed: a file that has gone or cannot be read is an error, never the keys of before.
  async #current(): Promise<LoadedKeys> {
    const mark = await markOf(this.#path);
    if (this.#loaded?.mark === mark) return this.#loaded;
    const set = await readKeySet(this.#path);
    this.#loaded = { mark, trusted: trustedKeysOf(set), signer: signerOf(set) };
    return this.#loaded;
  }
}

async function markOf(path: string): Promise<string> {
  try {
    const { ino, mtimeNs, size } = await stat(path, { bigint: true });
    return `${ino}:${mtimeNs}:${size}`;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function fileOf(path: string): Promise<string> {
  try {
    if (!(await stat(path)).isDirectory()) return path;
  } catch (cause) {
    throw unreadable(path, cause);
  }
  const signing = join(path, SIGNING_FILE);
  return (await isFile(signing)) ? signing : join(path, PUBLIC_FILE);
}

function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function readKeySet(path: string): Promise<KeySet> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw unreadable(path, cause);
  }
  return parseKeySet(text, path);
}

/** Replaces both files, each in one step: whoever reads sees the old set or the new one. */
async function change(folder: string, next: (set: KeySet) => KeySet): Promise<KeyFiles> {
  const path = join(folder, SIGNING_FILE);
  const set = next(await readKeySet(path));
  await replace(path, set, 0o600);
  return publish(folder, set);
}

async function publish(folder: string, set: KeySet): Promise<KeyFiles> {
  const path = join(folder, PUBLIC_FILE);
  await replace(path, publicPart(set), 0o644);
  return { signing: join(folder, SIGNING_FILE), public: path, keys: listed(set) };
}

async function replace(path: string, set: KeySet, mode: number): Promise<void> {
  try {
    await writeWhole(path, set, mode, rename);
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/** Writes a file beside and puts it in its place in one step: with `link` only if nothing is there. */
async function writeWhole(path: string, set: KeySet, mode: number, place: typeof link): Promise<void> {
  const draft = join(dirname(path), `.${randomUUID()}.tmp`);
  const file = await open(draft, "wx", mode);
  try {
    await file.writeFile(`${JSON.stringify(set, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await place(draft, path);
  } finally {
    await unlink(draft).catch(() => undefined);
  }
}

function unreadable(path: string, cause: unknown): AssentError {
  return new AssentError("keys_unreadable", {
    what: `The keys cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
    where: path,
    fix: "Check the path, or make keys with `assent keys generate`; nothing is decided or run until then",
    cause,
  });
}

function unwritable(path: string, cause: unknown): AssentError {
  return new AssentError("keys_unreadable", {
    what: `The keys cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`,
    where: path,
    fix: "Check that the folder is there and may be written",
    cause,
  });
}
