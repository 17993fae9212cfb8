import { haltId, haltOf, type Halt } from "../../model/halt.js";
import { haltedEntry, isStanding, liftedEntry, type HaltRequest, type LiftRequest } from "../halting.js";
import type { MemoryLog } from "./log.js";

/** The halts of a memory ledger. */
export class MemoryHalts {
  readonly #standing = new Map<string, Halt>();
  readonly #log: MemoryLog;

  constructor(log: MemoryLog) {
    this.#log = log;
  }

  halt(request: HaltRequest): Halt {
    const id = haltId(request);
    const standing = this.#standing.get(id);
    if (isStanding(standing, request)) return structuredClone(standing);
    const { agent, action, kind, by, reason, at } = request;
    const halt = structuredClone({ id, agent, action, kind, by, reason, at });
    this.#log.append(haltedEntry(halt));
    this.#standing.set(id, halt);
    return structuredClone(halt);
  }

  lift(request: LiftRequest): Halt | null {
    const standing = this.#standing.get(haltId(request));
    if (standing === undefined) return null;
    this.#log.append(liftedEntry(request));
    this.#standing.delete(standing.id);
    return standing;
  }

  all(): Halt[] {
    return structuredClone([...this.#standing.values()]).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** The halt that stops an agent's action. */
  of(proposal: { agent: string; action: string }): Halt | null {
    return structuredClone(haltOf(this.#standing.values(), proposal));
  }
}
