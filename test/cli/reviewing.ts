import { PassThrough } from "node:stream";
import { MemorySaver, START, StateGraph } from "@langchain/langgraph";
import {
  AssentState,
  addGate,
  approvalGate,
  createAssent,
  defineAction,
  memoryLedger,
  type Assent,
  type Case,
  type Ledger,
  type Policy,
  type ProposeOptions,
  type ReviewItem,
} from "assent";
import { reviewInTerminal, type TerminalReviewOptions } from "assent/cli";
import { testAuthenticator, testKeys } from "assent/testing";
import { z } from "zod";
import { askAlways } from "../support/payments.js";
import { Thread } from "../support/thread.js";

const people = testAuthenticator();
export const ana = await people.authenticate({ id: "ana", name: "Ana Ruiz" });
export const bo = await people.authenticate({ id: "bo" });

export const PayArgs = z.object({ to: z.string(), cents: z.int(), memo: z.string().optional() });
export type PayArgs = z.infer<typeof PayArgs>;

export interface OfficeOptions {
  policy?: Policy;
  ledger?: Ledger;
}

const keys = testKeys();

/** Where payments wait for a reviewer: `propose` brings one more thread to its interrupt. */
export function office({ policy = askAlways, ledger = memoryLedger() }: OfficeOptions = {}) {
  const pay = defineAction({
    name: "pay",
    args: PayArgs,
    summary: (a) => `Pay ${a.cents} cents to ${a.to}`,
    facts: (a) => ({ amount: { value: a.cents / 100, currency: "USD" } }),
    idempotent: true,
    run: () => null,
  });
  const assent = createAssent({ actions: [pay], policy, ledger, trust: "verified", authenticators: [people], keys });
  const checkpointer = new MemorySaver();
  return {
    assent,
    async propose(args: PayArgs, about: ProposeOptions = {}): Promise<Thread> {
      const builder = new StateGraph(AssentState).addNode("agent", () => assent.propose(pay, args, about));
      const graph = addGate(builder, "gate", approvalGate(assent))
        .addEdge(START, "agent")
        .addEdge("agent", "gate")
        .compile({ checkpointer });
      const thread = new Thread(graph);
      await thread.start();
      return thread;
    },
  };
}

/** The open reviews, oldest first. */
export async function openReviews(assent: Assent): Promise<ReviewItem[]> {
  return (await assent.reviews.list({ limit: 200 })).items;
}

/** The payments in the order of their amounts, with what was decided about each. */
export async function decisions(assent: Assent): Promise<string[]> {
  const cases = await assent.ledger.cases({ afterId: "", limit: 100 });
  const cents = ({ round }: Case): number => round.args["cents"] as number;
  return cases
    .toSorted((a, b) => cents(a) - cents(b))
    .map((held) => [cents(held), ...held.decisions.map(({ verdict, by }) => `${verdict} by ${by.id}`)].join(" "));
}

export interface SessionOptions extends Omit<TerminalReviewOptions, "by" | "input" | "output"> {
  /** A terminal of so many columns instead of two pipes. */
  columns?: number;
  /** Lines that are there before anything is shown; the input ends after them. */
  typed?: string;
}

const sessions: Session[] = [];

/** Ends every session that a test began. */
export async function endSessions(): Promise<void> {
  for (const session of sessions.splice(0)) {
    session.end();
    await session.ended.catch(() => {});
  }
}

/** A reviewer's session over streams. */
export class Session {
  /** Settles when the session is over. */
  readonly ended: Promise<void>;
  readonly #input = new PassThrough();
  #said = "";
  #read = 0;
  #isOver = false;
  #look: () => void = () => {};

  constructor(assent: Assent, { columns, typed, ...options }: SessionOptions = {}) {
    const output = new PassThrough({ encoding: "utf8" });
    if (columns !== undefined) Object.assign(output, { isTTY: true, columns });
    output.on("data", (chunk: string) => {
      this.#said += chunk;
      this.#look();
    });
    sessions.push(this);
    if (typed !== undefined) this.#input.end(typed);
    this.ended = reviewInTerminal(assent, {
      refreshMs: 600_000,
      ...options,
      by: ana,
      input: this.#input,
      output,
    }).finally(() => {
      this.#isOver = true;
      this.#look();
    });
    // Whoever waits for it sees the error.
    this.ended.catch(() => {});
  }

  /** Everything that was printed. */
  get said(): string {
    return this.#said;
  }

  /** Enters a line. */
  type(line: string): void {
    this.#input.write(`${line}\n`);
  }

  /** Presses keys, without ending the line. */
  press(keys: string): void {
    this.#input.write(keys);
  }

  end(): void {
    this.#input.end();
  }

  /** Waits until `text` is printed, after what earlier calls have read, and gives what stands up to its end. */
  async reads(text: string | RegExp): Promise<string> {
    for (;;) {
      const rest = this.#said.slice(this.#read);
      const found = typeof text === "string" ? (rest.includes(text) ? [text] : null) : text.exec(rest);
      if (found !== null) {
        const end = rest.indexOf(found[0]!) + found[0]!.length;
        this.#read += end;
        return rest.slice(0, end);
      }
      if (this.#isOver) throw new Error(`the session ended without ${String(text)}; it said:\n${rest}`);
      await new Promise<void>((resolve) => {
        this.#look = resolve;
      });
    }
  }

  /** Enters a line and waits for what follows. */
  async asks(line: string, text: string | RegExp): Promise<string> {
    this.type(line);
    return this.reads(text);
  }
}
