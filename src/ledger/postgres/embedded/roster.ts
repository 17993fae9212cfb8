import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AssentError } from "../../../model/error.js";
import { lifeOf } from "./process-life.js";

/**
 * A folder that says which processes take part in something: one empty file each, named `pid.life.random`.
 *
 * A name is never used by two members, so a file of a dead process may be ignored and removed by anybody at any time;
 * there is nothing to steal and nothing half-written. If we die: our file stays, counts for nothing from then on, and
 * the next process that looks removes it.
 */
export class Roster {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * A new name for this process; it takes part once it is added.
   *
   * @throws AssentError `postgres_unavailable` where a process's start time cannot be read.
   */
  static nameMember(): string {
    const life = lifeOf(process.pid);
    if (life === undefined) {
      throw new AssentError("postgres_unavailable", {
        what: "Processes cannot be told apart here: there is neither /proc nor ps",
        fix: "Set DATABASE_URL.",
      });
    }
    return `${process.pid}.${life}.${randomBytes(6).toString("hex")}`;
  }

  add(member: string): void {
    mkdirSync(this.#directory, { recursive: true });
    writeFileSync(join(this.#directory, member), "");
  }

  remove(member: string): void {
    rmSync(join(this.#directory, member), { force: true });
  }

  /** The other members whose process lives. */
  others(member: string): string[] {
    if (!existsSync(this.#directory)) return [];
    const others = readdirSync(this.#directory).filter((name) => name !== member);
    const living = others.filter(isAlive);
    for (const name of others) if (!living.includes(name)) this.remove(name);
    return living;
  }
}

function isAlive(member: string): boolean {
  const [pid, life] = member.split(".");
  return life !== undefined && life === lifeOf(Number(pid));
}
