import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AssentError, type Ledger } from "assent";

const POLL_MS = 10;

/** A point at which a graph can be made to wait on one thread. */
export type Point = "answered" | "proposed" | "paid";

/**
 * What goes wrong, thread by thread, as files of a folder: a graph may be in another process than the attack. All waits
 * end by an event that the other side causes.
 */
export class Faults {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = join(folder, "faults");
    mkdirSync(this.#folder, { recursive: true });
  }

  /** The next one who gets to the point on this thread waits there. */
  holdAt(point: Point, threadId: string): void {
    writeFileSync(this.#path(threadId, point), "");
  }

  /** Comes back once somebody waits there. */
  async untilHeld(point: Point, threadId: string): Promise<void> {
    while (!existsSync(this.#path(threadId, `${point}-here`))) await poll();
  }

  /** Lets whoever waits there go on, and nobody wait any more. */
  letGo(point: Point, threadId: string): void {
    for (const what of [point, `${point}-here`]) rmSync(this.#path(threadId, what), { force: true });
  }

  /** A graph gets to the point. */
  async pass(point: Point, threadId: string): Promise<void> {
    const here = this.#path(threadId, `${point}-here`);
    try {
      // Only one of several who get there at the same moment takes it.
      renameSync(this.#path(threadId, point), here);
    } catch {
      return;
    }
    while (existsSync(here)) await poll();
  }

  /** Whether graphs reach what the ledger knows of this thread. */
  setLedgerAway(threadId: string, isAway: boolean): void {
    if (isAway) writeFileSync(this.#path(threadId, "away"), "");
    else rmSync(this.#path(threadId, "away"), { force: true });
  }

  /** The ledger as graphs see it: slow or away where that is wanted. */
  ledger(ledger: Ledger): Ledger {
    return new Proxy(ledger, {
      get: (target, name: keyof Ledger) => {
        if (name === "read") return (proposalId: string) => this.#slowly(target, proposalId);
        if (name === "take") return this.#reached((request: Parameters<Ledger["take"]>[0]) => target.take(request));
        if (name === "propose") return (request: Parameters<Ledger["propose"]>[0]) => this.#proposed(target, request);
        if (name === "claim") return this.#reached((request: Parameters<Ledger["claim"]>[0]) => target.claim(request));
        const member: unknown = target[name];
        return typeof member === "function" ? (member.bind(target) as unknown) : member;
      },
    });
  }

  /** How often an agent has worked on this thread, this time included. */
  draft(threadId: string): number {
    const path = this.#path(threadId, "drafts");
    const drafts = existsSync(path) ? readFileSync(path, "utf8").length + 1 : 1;
    writeFileSync(path, "x".repeat(drafts));
    return drafts;
  }

  async #slowly(ledger: Ledger, proposalId: string): ReturnType<Ledger["read"]> {
    const held = await ledger.read(proposalId);
    if (held === null) return held;
    this.#requireReach(held.proposal.threadId);
    await this.pass("answered", held.proposal.threadId);
    return held;
  }

  /** Once a proposal is recorded, whoever made it has not heard of it yet. */
  async #proposed(ledger: Ledger, request: Parameters<Ledger["propose"]>[0]): ReturnType<Ledger["propose"]> {
    const recorded = await ledger.propose(request);
    await this.pass("proposed", request.proposal.threadId);
    return recorded;
  }

  #reached<Request extends { threadId: string }, Answer>(call: (request: Request) => Promise<Answer>) {
    return async (request: Request): Promise<Answer> => {
      this.#requireReach(request.threadId);
      return call(request);
    };
  }

  #requireReach(threadId: string): void {
    if (!existsSync(this.#path(threadId, "away"))) return;
    throw new AssentError("ledger_unavailable", { what: "The ledger is away" });
  }

  #path(threadId: string, what: string): string {
    return join(this.#folder, `${threadId}.${what}`);
  }
}

function poll(): Promise<void> {
  return new Promise((next) => void setTimeout(next, POLL_MS));
}
