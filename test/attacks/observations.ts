import type { Attack } from "./attack.js";
import type { HostName } from "./hosts/host.js";

/** Whom an attack was carried out against. */
export type Against = "plain" | "assent";

/** How many undue effects each attack had, as it was seen on disk. */
export class Observations {
  readonly #seen = new Map<string, number>();

  add({ title }: Attack, against: Against, host: HostName, undue: number): void {
    const key = JSON.stringify([title, against, host]);
    this.#seen.set(key, (this.#seen.get(key) ?? 0) + undue);
  }

  /**
   * What was seen.
   *
   * @throws if the attack was not carried out.
   */
  of({ title }: Attack, against: Against, host: HostName): number {
    const seen = this.#seen.get(JSON.stringify([title, against, host]));
    if (seen !== undefined) return seen;
    throw new Error(`"${title}" was not carried out against ${against} on ${host}: run the whole folder`);
  }
}
