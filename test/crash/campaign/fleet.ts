import type { Killable, KillablePostgres } from "assent/testing";

/** What a fleet consists of beside its Postgres. */
export type Part = "decider" | "worker" | "host";
const PARTS: readonly (Part | "Postgres")[] = ["decider", "worker", "host", "Postgres"];

/** One process of a fleet. */
export interface Member {
  part: Part;
  name: string;
  program: Killable;
}

/** What a fleet is made of. */
export interface FleetOptions {
  members: readonly Member[];
  postgres: KillablePostgres;
  /** Where chance comes from. */
  random: () => number;
  onKilled: (what: string) => void;
}

interface Victim {
  part: Part | "Postgres";
  name: string;
  kill: () => Promise<void>;
  start: () => Promise<void>;
  /** Settles when it works again. */
  working: Promise<void>;
  isWorking: boolean;
}

/**
 * Deciders, workers, hosts and their Postgres as one thing that can be killed: `kill` meets one of them, of a part that
 * is chosen at random, and `start` has it started again while the others go on. Postgres dies in both of its ways, in
 * turn.
 */
export class Fleet implements Killable {
  /** How often each part was killed. */
  readonly kills: Record<Part | "Postgres", number> = { decider: 0, worker: 0, host: 0, Postgres: 0 };
  readonly #members: readonly Member[];
  readonly #victims: readonly Victim[];
  readonly #random: () => number;
  readonly #onKilled: (what: string) => void;
  #dead: Victim | undefined;
  #failures: unknown[] = [];

  constructor({ members, postgres, random, onKilled }: FleetOptions) {
    this.#members = members;
    this.#random = random;
    this.#onKilled = onKilled;
    const here = { working: Promise.resolve(), isWorking: true };
    this.#victims = [
      ...members.map(({ part, name, program }): Victim => ({
        part,
        name,
        kill: () => program.kill(),
        start: () => program.start(),
        ...here,
      })),
      {
        part: "Postgres",
        name: "Postgres",
        kill: () => postgres.kill(this.kills.Postgres % 2 === 0 ? "crash" : "immediate"),
        start: () => postgres.start(),
        ...here,
      },
    ];
  }

  async start(): Promise<void> {
    const dead = this.#dead;
    this.#dead = undefined;
    if (dead === undefined) {
      await Promise.all(this.#members.map(({ program }) => program.start()));
      return;
    }
    dead.isWorking = false;
    dead.working = dead.start().then(
      () => void (dead.isWorking = true),
      (error: unknown) => void this.#failures.push(error),
    );
  }

  async kill(): Promise<void> {
    this.#throwFailures();
    const victim = this.#choose();
    await victim.kill();
    this.#dead = victim;
    this.kills[victim.part] += 1;
    this.#onKilled(victim.name);
  }

  async stop(): Promise<void> {
    for (const part of ["host", "decider", "worker"] as const) await this.end(part);
  }

  /** Kills whatever is left of it, for the case that something went wrong. */
  async killAll(): Promise<void> {
    await Promise.allSettled(this.#members.map(({ program }) => program.kill()));
  }

  /** Settles when everything that was killed works again. */
  async restored(): Promise<void> {
    await Promise.all(this.#victims.map(({ working }) => working));
    this.#throwFailures();
  }

  /** Ends every process of a part, also if one of them does not end as it should; then says so. */
  async end(part: Part): Promise<void> {
    const ends = await Promise.allSettled(
      this.#members.filter((member) => member.part === part).map(({ program }) => program.stop()),
    );
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }

  /** One that works: of a part that is chosen first, unless all of that part are on their way. */
  #choose(): Victim {
    const working = this.#victims.filter(({ isWorking }) => isWorking);
    const part = this.#oneOf(PARTS);
    const ofPart = working.filter((victim) => victim.part === part);
    return this.#oneOf(ofPart.length > 0 ? ofPart : working);
  }

  #oneOf<Thing>(things: readonly Thing[]): Thing {
    const chosen = things[Math.floor(this.#random() * things.length)];
    if (chosen === undefined) throw new Error("nothing of the fleet works");
    return chosen;
  }

  #throwFailures(): void {
    if (this.#failures.length > 0) throw this.#failures[0];
  }
}
