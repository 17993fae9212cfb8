import { textsOf, type Frame } from "./frames.js";
import { kindOf, statementsIn, type StatementKind } from "./statement.js";

/** What the server is asked until it says that it is ready for more. */
export interface Cycle {
  /** Whether it ends with a commit, if nothing goes wrong. */
  commits: boolean;
  /** Whether something went wrong. */
  failed: boolean;
}

/** Follows what is said on one connection, in order to know which message commits, and whether it did. */
export class Conversation {
  /** Whether a transaction is open, as far as what was sent tells. */
  #inTransaction = false;
  readonly #statements = new Map<string, string>();
  readonly #portals = new Map<string, string>();
  #cycle: Cycle = { commits: false, failed: false };
  #hasWritten = false;
  readonly #unanswered: Cycle[] = [];

  /** The cycle that the server answers now. */
  get answering(): Cycle {
    return this.#unanswered[0] ?? this.#cycle;
  }

  /** Notes a message of the client. Gives its cycle if this is the message that commits. */
  sent(frame: Frame): Cycle | null {
    switch (frame.type) {
      case "P": {
        const [name = "", sql = ""] = textsOf(frame, 2);
        this.#statements.set(name, sql);
        return null;
      }
      case "B": {
        const [portal = "", name = ""] = textsOf(frame, 2);
        this.#portals.set(portal, this.#statements.get(name) ?? "");
        return null;
      }
      case "E": {
        const [portal = ""] = textsOf(frame, 1);
        return this.#runs(this.#portals.get(portal) ?? "");
      }
      case "Q": {
        const [sql = ""] = textsOf(frame, 1);
        // Both count as one: what is written outside of a transaction is committed at the end of the text.
        const committing = this.#runs(sql);
        return this.#ends() ?? committing;
      }
      case "S":
        return this.#ends();
      case "F":
        this.#ends();
        return null;
      default:
        return null;
    }
  }

  /** Notes a message of the server. Gives the cycle that ends with it, and whether it was committed. */
  received(frame: Frame): { cycle: Cycle; committed: boolean } | null {
    if (frame.type === "E" && this.answering.commits) this.answering.failed = true;
    if (frame.type === "C" && this.answering.commits && textsOf(frame, 1)[0] === "ROLLBACK") {
      this.answering.failed = true;
    }
    if (frame.type !== "Z") return null;
    const cycle = this.#unanswered.shift();
    const status = frame.body.toString("latin1", 0, 1);
    if (this.#unanswered.length === 0) this.#inTransaction = status !== "I";
    return cycle === undefined ? null : { cycle, committed: cycle.commits && !cycle.failed && status === "I" };
  }

  #runs(sql: string): Cycle | null {
    const hasCommitted = this.#cycle.commits;
    for (const statement of statementsIn(sql)) this.#step(kindOf(statement));
    return this.#cycle.commits && !hasCommitted ? this.#cycle : null;
  }

  #step(kind: StatementKind): void {
    switch (kind) {
      case "begin":
        this.#inTransaction = true;
        break;
      case "commit":
        this.#cycle.commits ||= this.#inTransaction || this.#hasWritten;
        this.#inTransaction = false;
        this.#hasWritten = false;
        break;
      case "rollback":
        this.#inTransaction = false;
        this.#hasWritten = false;
        break;
      case "write":
        this.#hasWritten = true;
        break;
      case "read":
        break;
      default:
        kind satisfies never;
    }
  }

  /** The cycle is complete; what was written outside of a transaction is committed by this. */
  #ends(): Cycle | null {
    const cycle = this.#cycle;
    this.#cycle = { commits: false, failed: false };
    this.#unanswered.push(cycle);
    const commitsNow = this.#hasWritten && !this.#inTransaction;
    this.#hasWritten = false;
    if (cycle.commits || !commitsNow) return null;
    cycle.commits = true;
    return cycle;
  }
}
