import { appendFileSync, mkdirSync, openSync, closeSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { WorldEffect } from "assent/testing";
import type { Folder, Move } from "../../../graphs/mail-moderation/maildir.js";

/** A message that some permit moved. */
export interface MoveSeen {
  key: string;
  messageId: string;
  folder: Folder;
}

/**
 * What really happened, on disk. Nothing here asks the ledger or a graph.
 *
 * Moves, which may be repeated under one key, are empty files named after key, message and folder, one for each key;
 * beside them stands a line for each time that a file really changed its place. Notices, which may not be repeated, are
 * lines of a file: as many as were sent.
 */
export class World {
  readonly #moves: string;
  readonly #renames: string;
  readonly #notices: string;

  constructor(folder: string) {
    this.#moves = join(folder, "moves");
    this.#renames = join(folder, "renames.ndjson");
    this.#notices = join(folder, "notices.ndjson");
    mkdirSync(this.#moves, { recursive: true });
    for (const file of [this.#renames, this.#notices]) appendFileSync(file, "");
  }

  /** Notes a move that was carried out. */
  moved(key: string, messageId: string, move: Move): void {
    if (move.moved) appendFileSync(this.#renames, `${JSON.stringify({ key, messageId })}\n`);
    try {
      closeSync(openSync(join(this.#moves, `${key},${messageId},${move.to}`), "wx"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }

  /** Sends a notice: appends one line, in one write that no other can split. */
  notify(key: string, messageId: string): void {
    appendFileSync(this.#notices, `${JSON.stringify({ key, messageId })}\n`);
  }

  /** Which permits moved messages. */
  moves(): MoveSeen[] {
    return readdirSync(this.#moves).map((name) => {
      const [key = "", messageId = "", folder] = name.split(",");
      return { key, messageId, folder: folder as Folder };
    });
  }

  /** Every effect there was. A message that changed its place again had one more. */
  effects(): WorldEffect[] {
    const renamed = new Set<string>();
    const again = linesOf(this.#renames).filter(({ messageId }) => {
      const isAgain = renamed.has(messageId);
      renamed.add(messageId);
      return isAgain;
    });
    return [
      ...this.moves().map(({ key, messageId, folder }) => effect(key, `Move of ${messageId} to ${folder}`)),
      ...again.map(({ key, messageId }) => effect(key, `Another move of ${messageId}`)),
      ...linesOf(this.#notices).map(({ key, messageId }) => effect(key, `Notice about ${messageId}`)),
    ];
  }
}

function effect(idempotencyKey: string, what: string): WorldEffect {
  return { idempotencyKey, what };
}

function linesOf(file: string): { key: string; messageId: string }[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { key: string; messageId: string });
}
