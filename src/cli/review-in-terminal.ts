import type { Readable } from "node:stream";
import type { Principal } from "../authority/authenticator.js";
import type { ApprovalVerdict } from "../model/decision.js";
import type { ErrorCode } from "../model/error-codes.js";
import { AssentError } from "../model/error.js";
import type { Review } from "../model/review.js";
import type { Outcome } from "../model/outcome.js";
import { coercedArgs } from "../nodes/answer.js";
import type { Assent } from "../nodes/assent.js";
import type { ReviewItem } from "../nodes/reviews.js";
import { parseReviewCommand, REVIEW_HELP, type ReviewCommand } from "./review-command.js";
import { renderItem, renderList } from "./review-screen.js";
import { Terminal, type TerminalOutput } from "./terminal.js";

/** What {@link reviewInTerminal} needs. */
export interface TerminalReviewOptions {
  /** Who decides. */
  by: Principal;
  input?: Readable;
  output?: TerminalOutput;
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
 * each decision quotes the digest of the review as it stood on the screen, and in a terminal a line that was typed
 * ahead decides nothing that came up after it. Ends on `quit`, at the end of the input or when `signal` aborts; what
 * was not decided stays open in the ledger.
 */
export async function reviewInTerminal(assent: Assent, options: TerminalReviewOptions): Promise<void> {
  await new TerminalReview(assent, options).run();
}

const LIST_MAX = 200;

/** A decision as it was typed. */
interface Said {
  decision: ApprovalVerdict;
  note: string | null;
  /** For `modify`: the whole new arguments. */
  args?: unknown;
}

/** What had been on the screen when a line was entered. */
interface Seen {
  shown: string | null;
  ever: ReadonlySet<string>;
}

class TerminalReview {
  readonly #assent: Assent;
  readonly #options: TerminalReviewOptions;
  readonly #terminal: Terminal<Seen>;
  #waiting: ReviewItem[] = [];
  /** The list as it was last printed; numbers are its. */
  #listed: ReviewItem[] = [];
  /** The review on the screen, as it was shown. */
  #shown: ReviewItem | null = null;
  readonly #seen = new Map<string, ReviewItem>();
  readonly #skipped = new Set<string>();
  /** What is being done; one thing at a time. */
  #doing: Promise<unknown> | null = null;

  constructor(assent: Assent, options: TerminalReviewOptions) {
    this.#assent = assent;
    this.#options = options;
    this.#terminal = new Terminal({
      input: options.input ?? process.stdin,
      output: options.output ?? process.stdout,
      status: () => options.status?.() ?? "",
      note: () => this.#onScreen(),
    });
  }

  async run(): Promise<void> {
    const { signal, by, refreshMs = 500 } = this.#options;
    const isAborted = (): boolean => signal?.aborted === true;
    const stop = (): void => this.#terminal.close();
    signal?.addEventListener("abort", stop, { once: true });
    if (isAborted()) stop();
    let refreshing: NodeJS.Timeout | undefined;
    try {
      this.#terminal.tell(`You review as ${by.name}. "help" lists the commands.`);
      await this.#next();
      refreshing = setInterval(() => this.#refresh(), refreshMs);
      for (let goesOn = true; goesOn;) {
        this.#terminal.prompt();
        const entered = await this.#terminal.nextLine();
        if (entered === null || isAborted()) break;
        await this.#doing;
        // A pipe is read at its own pace, so nothing in it was written over anything.
        const over = this.#terminal.isInteractive ? entered.note : this.#onScreen();
        goesOn = await this.#alone(this.#obey(parseReviewCommand(entered.line), over));
      }
    } finally {
      clearInterval(refreshing);
      signal?.removeEventListener("abort", stop);
      await this.#doing?.catch(() => undefined);
      this.#terminal.close();
    }
  }

  async #alone<Result>(doing: Promise<Result>): Promise<Result> {
    this.#doing = doing;
    try {
      return await doing;
    } finally {
      this.#doing = null;
    }
  }

  /** Keeps the prompt's words current, and shows the next review as soon as there is one for an idle person. */
  #refresh(): void {
    if (this.#doing !== null) return;
    void this.#alone(
      this.#bringUpToDate().catch(() => {
        // The ledger is away for the moment; the next refresh tries again, and a command will say so.
      }),
    );
  }

  async #bringUpToDate(): Promise<void> {
    const idle = (): boolean => this.#shown === null && this.#terminal.isIdle;
    if (idle()) {
      const next = await this.#firstWaiting();
      if (next !== null && idle()) {
        this.#show(next);
        this.#terminal.prompt();
        return;
      }
    }
    this.#terminal.refreshPrompt();
  }

  async #obey(command: ReviewCommand, over: Seen): Promise<boolean> {
    let goesOn = true;
    const refused = await this.#refusal(async () => {
      goesOn = await this.#carryOut(command, over);
    });
    // Somebody else was faster: on to the next one.
    if (refused === "review_closed") await this.#refusal(() => this.#next());
    return goesOn;
  }

  /** Does something; what Assent refuses is said and named. */
  async #refusal(work: () => Promise<unknown>): Promise<ErrorCode | null> {
    try {
      await work();
      return null;
    } catch (error) {
      if (!AssentError.isInstance(error)) throw error;
      this.#terminal.tell(error.message, this.#terminal.paint.bad);
      return error.code;
    }
  }

  async #carryOut(command: ReviewCommand, over: Seen): Promise<boolean> {
    switch (command.do) {
      case "quit":
        return false;
      case "help":
        this.#terminal.say(REVIEW_HELP);
        return true;
      case "list":
        await this.#list();
        return true;
      case "show": {
        const item = await this.#pick(command.number);
        if (item !== null) this.#show(item, Infinity);
        return true;
      }
      case "skip":
        await this.#skip();
        return true;
      case "approve":
      case "reject":
        await this.#decide(command.number, over, { decision: command.do, note: command.note });
        return true;
      case "modify":
        await this.#modify(command.number, over, command.changes);
        return true;
      case "nothing":
        return true;
      case "unknown":
        this.#terminal.tell(`"${command.said}" is no command. "help" lists them.`);
        return true;
      case "unclear":
        this.#terminal.tell(
          `This is no change: ${command.said}. Say field=value; a value with spaces stands in double quotes.`,
        );
        return true;
      default:
        return command satisfies never;
    }
  }

  async #list(): Promise<void> {
    await this.#load();
    this.#listed = this.#waiting;
    if (this.#listed.length === 0) return this.#terminal.tell("Nothing waits.");
    this.#terminal.say(
      renderList(this.#listed, this.#terminal.columns, this.#terminal.paint, this.#assent.clock.now()),
    );
    if (this.#listed.length === LIST_MAX)
      this.#terminal.tell(`These are the oldest ${LIST_MAX}.`, this.#terminal.paint.dim);
  }

  async #skip(): Promise<void> {
    if (this.#shown !== null) this.#skipped.add(this.#shown.review.id);
    if (await this.#next()) return;
    this.#terminal.tell(
      this.#waiting.length === 0 ? "Nothing else waits." : 'Only what you skipped waits; "list" has it.',
    );
  }

  async #modify(number: number | null, over: Seen, changes: Record<string, string>): Promise<void> {
    const item = await this.#pick(number);
    if (item === null) return;
    const { action: name, args } = item.case.round.display;
    const action = this.#assent.action(name);
    const fields = [...new Set([...Object.keys(args), ...Object.keys(action.args.shape as object)])];
    if (Object.keys(changes).length === 0) {
      this.#terminal.tell(`Say what to change, such as: modify ${fields[0] ?? "field"}=value`);
      return;
    }
    const unknown = Object.keys(changes).filter((field) => !fields.includes(field));
    if (unknown.length > 0) {
      this.#terminal.tell(`There is no argument ${unknown.join(", ")}; there are: ${fields.join(", ")}`);
      return;
    }
    await this.#decide(number, over, {
      decision: "modify",
      note: null,
      args: coercedArgs({ ...args, ...changes }, action),
    });
  }

  async #decide(number: number | null, over: Seen, { decision, note, args }: Said): Promise<void> {
    const item = await this.#pick(number);
    if (item === null) return;
    if (decision === "reject" && note === null) return this.#terminal.tell("Say why: reject <reason>");
    const { id, digest } = item.review;
    if (!(number === null ? over.shown === id : over.ever.has(id))) {
      if (this.#shown?.review.id !== id) this.#show(item);
      this.#terminal.tell("You had not seen this yet when you said so. Say it again to decide it.");
      return;
    }
    const by = this.#options.by;
    const said = { by, decision, digest, ...(note !== null && { note }), ...(args !== undefined && { args }) };
    const { case: held } = await this.#assent.reviews.decide(id, said);
    this.#terminal.tell(
      `${didWhat(decision, item.review.kind, held.outcome)}: ${held.round.display.summary}`,
      this.#terminal.paint.good,
    );
    this.#options.onDecided?.(item);
    this.#shown = null;
    await this.#next();
  }

  /** The review that a command is about: by its number in the last list, or the one on the screen. */
  async #pick(number: number | null): Promise<ReviewItem | null> {
    if (number === null) {
      if (this.#shown === null) this.#terminal.tell('No review is on the screen; "list" shows what waits.');
      return this.#shown;
    }
    if (this.#listed.length === 0) {
      this.#terminal.tell("Numbers are those of this list:");
      await this.#list();
      return null;
    }
    const item = this.#listed[number - 1];
    if (item === undefined) this.#terminal.tell(`There is no number ${number}; "list" shows what waits.`);
    return item === undefined ? null : (this.#seen.get(item.review.id) ?? item);
  }

  /** Shows the oldest open review that was not skipped. */
  async #next(): Promise<boolean> {
    this.#shown = null;
    const item = await this.#firstWaiting();
    if (item !== null) this.#show(item);
    return item !== null;
  }

  async #firstWaiting(): Promise<ReviewItem | null> {
    await this.#load();
    return this.#waiting.find(({ review }) => !this.#skipped.has(review.id)) ?? null;
  }

  async #load(): Promise<void> {
    this.#waiting = (await this.#assent.reviews.list({ status: "open", limit: LIST_MAX })).items;
  }

  #show(item: ReviewItem, contextLines?: number): void {
    this.#shown = item;
    this.#seen.set(item.review.id, item);
    this.#terminal.say(renderItem(item, this.#terminal.columns, this.#terminal.paint, contextLines));
  }

  #onScreen(): Seen {
    return { shown: this.#shown?.review.id ?? null, ever: new Set(this.#seen.keys()) };
  }
}

function didWhat(decision: ApprovalVerdict, kind: Review["kind"], outcome: Outcome | null): string {
  if (kind === "second-look") return decision === "reject" ? "Found wrong" : "Found right";
  switch (decision) {
    case "approve":
      return "Approved";
    case "reject":
      return "Rejected";
    case "modify":
      return outcome === null ? "Modified and approved" : `Modified, and not run (${outcome.status})`;
    default:
      return decision satisfies never;
  }
}
