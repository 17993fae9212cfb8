import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { Principal } from "../authority/authenticator.js";
import { AssentError } from "../model/error.js";
import { coercedArgs } from "../nodes/answer.js";
import type { Assent } from "../nodes/assent.js";
import type { ReviewItem } from "../nodes/reviews.js";
import { paintFor, type Paint } from "./paint.js";
import { parseReviewCommand, REVIEW_HELP, type ReviewCommand } from "./review-command.js";
import { COLUMNS_MAX, renderItem, renderList } from "./review-screen.js";

/** What {@link reviewInTerminal} needs. */
export interface TerminalReviewOptions {
  /** Who decides. */
  by: Principal;
  input?: Readable;
  output?: Writable & { isTTY?: boolean; columns?: number };
  /** A few words on how the work goes; stands before the prompt and is kept up to date. */
  status?: () => string;
  /** Called after each decision, for example to deliver it to the thread. */
  onDecided?: (item: ReviewItem) => void;
  /** Ends the loop. */
  signal?: AbortSignal;
  /** How often the prompt is brought up to date and new reviews are looked for; 500 ms unless said. */
  refreshMs?: number;
}

/**
 * Lets one person review in a terminal: list, show, approve, modify, reject, skip. Only what was shown can be decided:
 * each decision quotes the digest of the review as it stood on the screen. Ends on `quit`, at the end of the input or
 * when `signal` aborts; what was not decided stays open in the ledger.
 */
export async function reviewInTerminal(assent: Assent, options: TerminalReviewOptions): Promise<void> {
  await new TerminalReview(assent, options).run();
}

const LIST_MAX = 200;

class TerminalReview {
  readonly #assent: Assent;
  readonly #options: TerminalReviewOptions;
  readonly #output: NonNullable<TerminalReviewOptions["output"]>;
  readonly #paint: Paint;
  readonly #lines: Interface;
  #items: ReviewItem[] = [];
  /** The review on the screen, by id, as it was shown. */
  #shown: ReviewItem | null = null;
  readonly #seen = new Map<string, ReviewItem>();
  readonly #skipped = new Set<string>();
  #busy = false;

  constructor(assent: Assent, options: TerminalReviewOptions) {
    this.#assent = assent;
    this.#options = options;
    this.#output = options.output ?? process.stdout;
    this.#paint = paintFor(this.#output);
    const terminal = this.#output.isTTY === true;
    this.#lines = createInterface({ input: options.input ?? process.stdin, output: this.#output, terminal });
  }

  async run(): Promise<void> {
    const { signal, refreshMs = 500 } = this.#options;
    const stop = (): void => this.#lines.close();
    signal?.addEventListener("abort", stop, { once: true });
    this.#lines.on("SIGINT", stop);
    this.#say(`You review as ${this.#options.by.name}. "help" lists the commands.`);
    await this.#next();
    const timer = setInterval(() => void this.#refresh(), refreshMs);
    try {
      this.#prompt(false);
      for await (const line of this.#lines) {
        this.#busy = true;
        const goOn = await this.#obey(parseReviewCommand(line));
        this.#busy = false;
        if (!goOn) break;
        this.#prompt(false);
      }
    } finally {
      clearInterval(timer);
      signal?.removeEventListener("abort", stop);
      this.#lines.close();
    }
  }

  /** Keeps the prompt's words current, and shows the next review as soon as there is one for an idle person. */
  async #refresh(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      if (this.#shown === null && this.#lines.line === "" && (await this.#next())) this.#prompt(false);
      else if (this.#output.isTTY === true) this.#prompt(true);
    } catch {
      // The ledger is away for the moment; the next refresh tries again, and a command will say so.
    } finally {
      this.#busy = false;
    }
  }

  async #obey(command: ReviewCommand): Promise<boolean> {
    try {
      return await this.#carryOut(command);
    } catch (error) {
      if (!AssentError.isInstance(error)) throw error;
      this.#say(this.#paint.bad(error.message));
      if (error.code === "review_closed") await this.#next();
      return true;
    }
  }

  async #carryOut(command: ReviewCommand): Promise<boolean> {
    switch (command.do) {
      case "quit":
        return false;
      case "help":
        this.#say(REVIEW_HELP);
        return true;
      case "list":
        await this.#load();
        this.#say(this.#items.length === 0 ? "Nothing waits." : this.#list());
        return true;
      case "show": {
        const item = await this.#pick(command.number);
        if (item !== null) this.#show(item);
        return true;
      }
      case "skip":
        if (this.#shown !== null) this.#skipped.add(this.#shown.review.id);
        if (!(await this.#next())) this.#say("Nothing else waits.");
        return true;
      case "approve":
      case "reject":
        await this.#decide(command.number, { decision: command.do, note: command.note });
        return true;
      case "modify":
        await this.#modify(command.number, command.changes);
        return true;
      case "nothing":
        return true;
      case "unknown":
        this.#say(`"${command.said}" is no command. "help" lists them.`);
        return true;
      default:
        return command satisfies never;
    }
  }

  async #modify(number: number | null, changes: Record<string, string>): Promise<void> {
    const item = await this.#pick(number);
    if (item === null) return;
    const { action, args } = item.case.round.display;
    if (Object.keys(changes).length === 0) {
      this.#say(`Say what to change, such as: modify ${Object.keys(args)[0] ?? "field"}=value`);
      return;
    }
    const unknown = Object.keys(changes).filter((field) => !Object.hasOwn(args, field));
    if (unknown.length > 0) {
      this.#say(`There is no argument ${unknown.join(", ")}; there are: ${Object.keys(args).join(", ")}`);
      return;
    }
    const changed = coercedArgs({ ...args, ...changes }, this.#assent.action(action));
    await this.#decide(number, { decision: "modify", note: null, args: changed });
  }

  async #decide(
    number: number | null,
    { decision, note, args }: { decision: "approve" | "reject" | "modify"; note: string | null; args?: unknown },
  ): Promise<void> {
    const item = await this.#pick(number);
    if (item === null) return;
    if (decision === "reject" && note === null) {
      this.#say("Say why: reject <reason>");
      return;
    }
    if (!this.#seen.has(item.review.id)) {
      this.#show(item);
      this.#say("This is what you are about to decide. Say it again to decide it.");
      return;
    }
    const { id, digest } = item.review;
    const said = {
      by: this.#options.by,
      decision,
      digest,
      ...(note !== null && { note }),
      ...(args !== undefined && { args }),
    };
    const { case: held } = await this.#assent.reviews.decide(id, said);
    const word = { approve: "Approved", reject: "Rejected", modify: "Modified and approved" }[decision];
    this.#say(this.#paint.good(`${word}: ${held.round.display.summary}`));
    this.#options.onDecided?.(item);
    this.#shown = null;
    await this.#next();
  }

  /** The review that a command is about: by its number in the last list, or the one on the screen. */
  async #pick(number: number | null): Promise<ReviewItem | null> {
    if (number === null) {
      if (this.#shown === null) this.#say('No review is on the screen; "list" shows what waits.');
      return this.#shown;
    }
    if (this.#items.length === 0) await this.#load();
    const item = this.#items[number - 1];
    if (item === undefined) this.#say(`There is no number ${number}; "list" shows what waits.`);
    return item === undefined ? null : (this.#seen.get(item.review.id) ?? item);
  }

  /** Shows the oldest open review that was not skipped. */
  async #next(): Promise<boolean> {
    await this.#load();
    const item = this.#items.find(({ review }) => !this.#skipped.has(review.id));
    this.#shown = null;
    if (item === undefined) return false;
    this.#show(item);
    return true;
  }

  async #load(): Promise<void> {
    this.#items = (await this.#assent.reviews.list({ status: "open", limit: LIST_MAX })).items;
  }

  #show(item: ReviewItem): void {
    this.#shown = item;
    this.#seen.set(item.review.id, item);
    this.#say(renderItem(item, this.#columns(), this.#paint));
  }

  #list(): string {
    const more = this.#items.length === LIST_MAX ? `\n(the oldest ${LIST_MAX})` : "";
    return renderList(this.#items, this.#columns(), this.#paint, this.#assent.clock.now()) + more;
  }

  #say(text: string): void {
    const overwritten = this.#output.isTTY === true ? "\r\u001b[K" : "";
    this.#output.write(`${overwritten}${text}\n`);
  }

  #prompt(keepCursor: boolean): void {
    const status = this.#options.status?.() ?? "";
    this.#lines.setPrompt(this.#output.isTTY === true ? `${status === "" ? "" : `${status} `}review> ` : "");
    this.#lines.prompt(keepCursor);
  }

  #columns(): number {
    return Math.min(this.#output.columns ?? 80, COLUMNS_MAX);
  }
}
