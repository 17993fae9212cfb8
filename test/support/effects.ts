import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** One thing that really happened. */
export interface Effect<Args> {
  args: Args;
  /** The thread that made it happen. */
  threadId: string;
  /** Under which key; null where whoever caused it knows none. */
  idempotencyKey: string | null;
}

/** Effects in the world, as lines of a file: what is in there has happened, whatever a graph or a ledger says. */
export class EffectFile<Args> {
  readonly folder: string;
  readonly #path: string;

  /** In a folder of its own, or in one that is given, which other processes may share. */
  constructor(folder = mkdtempSync(join(tmpdir(), "assent-effects-"))) {
    this.folder = folder;
    this.#path = join(folder, "effects.ndjson");
    appendFileSync(this.#path, "");
  }

  /** Has an effect: appends one line, in one write that no other can split. It takes its time, as effects do. */
  async cause(effect: Effect<Args>): Promise<void> {
    await appendFile(this.#path, `${JSON.stringify(effect)}\n`);
  }

  /** Has an effect unless there was one under its key, in one step that nothing else in this process splits. */
  causeOnce(effect: Effect<Args>): void {
    if (this.read().some(({ idempotencyKey }) => idempotencyKey === effect.idempotencyKey)) return;
    appendFileSync(this.#path, `${JSON.stringify(effect)}\n`);
  }

  /** Every effect there was, in order. */
  read(): Effect<Args>[] {
    return readFileSync(this.#path, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Effect<Args>);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
