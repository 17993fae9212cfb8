import type { Reviewer } from "../../model/reviewer.js";
import { countSeats, isKnown, registeredEntry, type RegisterRequest, type SeatsRequest } from "../registering.js";
import type { MemoryLog } from "./log.js";

/** The reviewers that a memory ledger knows. */
export class MemoryReviewers {
  readonly #known = new Map<string, Reviewer>();
  readonly #log: MemoryLog;

  constructor(log: MemoryLog) {
    this.#log = log;
  }

  get(id: string): Reviewer | null {
    return structuredClone(this.#known.get(id) ?? null);
  }

  /** In the order of their ids, after `afterId`. */
  list(afterId: string, limit: number): Reviewer[] {
    return [...this.#known.values()]
      .filter(({ id }) => id > afterId)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, limit)
      .map((reviewer) => structuredClone(reviewer));
  }

  register(request: RegisterRequest): Reviewer {
    const { reviewer } = request;
    if (!isKnown(this.#known.get(reviewer.id) ?? null, request)) {
      this.#log.append(registeredEntry(request));
      this.#known.set(reviewer.id, structuredClone(reviewer));
    }
    return structuredClone(reviewer);
  }

  seats(request: SeatsRequest, now: string): number[] {
    return countSeats(this.#known.values(), request, now);
  }
}
