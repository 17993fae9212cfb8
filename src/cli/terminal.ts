import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { oneLine } from "../model/visible-text.js";
import { paintFor, type Paint } from "./paint.js";
import { COLUMNS_MAX, paragraph } from "./review-screen.js";

/** Where a terminal writes: a stream that may say that it is one, and how wide. */
export type TerminalOutput = Writable & { isTTY?: boolean; columns?: number };

/** What a {@link Terminal} needs. */
export interface TerminalOptions<Note> {
  input: Readable;
  output: TerminalOutput;
  /** A few words before the prompt. */
  status: () => string;
  /** Called as each line is entered; what it gives comes with the line. */
  note: () => Note;
}

const COLUMNS_MIN = 20;
const COLUMNS_USUAL = 80;
/** How much of the prompt's row is left for "review> " and for typing. */
const TYPING_COLUMNS = 30;

/** Lines in, text out, and a prompt that is kept up to date; or two pipes in a terminal's place, and then no prompt. */
export class Terminal<Note> {
  readonly paint: Paint;
  readonly isInteractive: boolean;
  readonly #output: TerminalOutput;
  readonly #status: () => string;
  readonly #lines: Interface;
  readonly #entered: AsyncIterator<string>;
  /** What came with each line that was not yet taken. */
  readonly #notes: Note[] = [];
  #prompted = "";
  #isClosed = false;
  /** Whether a prompt stands on the screen without an answer. */
  #isAsking = false;

  constructor({ input, output, status, note }: TerminalOptions<Note>) {
    this.#output = output;
    this.#status = status;
    this.paint = paintFor(output);
    this.isInteractive = output.isTTY === true;
    this.#lines = createInterface({ input, output, terminal: this.isInteractive });
    // From the first moment on: lines may be there already, and the input may end before anything is asked.
    this.#lines.on("line", () => {
      this.#isAsking = false;
      this.#notes.push(note());
    });
    this.#lines.on("close", () => {
      this.#isClosed = true;
    });
    this.#lines.on("SIGINT", () => this.#lines.close());
    this.#entered = this.#lines[Symbol.asyncIterator]();
  }

  /** Whether nothing is typed and no line is left to take. */
  get isIdle(): boolean {
    return this.#lines.line === "" && this.#notes.length === 0;
  }

  get columns(): number {
    return Math.max(COLUMNS_MIN, Math.min(this.#output.columns || COLUMNS_USUAL, COLUMNS_MAX));
  }

  /** The next line with what came with it; null once there will be none. */
  async nextLine(): Promise<{ line: string; note: Note } | null> {
    const { value, done } = await this.#entered.next();
    const note = this.#notes.shift();
    return done === true || note === undefined ? null : { line: value, note };
  }

  /** Prints text that may hold anybody's words. */
  tell(text: string, emphasis: (line: string) => string = (line) => line): void {
    this.say(paragraph(text, this.columns, emphasis));
  }

  /** Prints what is fit for a terminal as it is. */
  say(text: string): void {
    const overPrompt = this.isInteractive ? "\r\u001b[K" : "";
    this.#output.write(`${overPrompt}${text}\n`);
  }

  /** Asks for a line. */
  prompt(keepCursor = false): void {
    if (!this.isInteractive || this.#isClosed) return;
    this.#isAsking = true;
    this.#prompted = this.#promptText();
    this.#lines.setPrompt(this.#prompted);
    this.#lines.prompt(keepCursor);
  }

  /** Brings the prompt's words up to date under the hands of whoever types. */
  refreshPrompt(): void {
    if (!this.isInteractive || this.#promptText() === this.#prompted) return;
    // Of text that was pasted over the end of a row, readline does not know the rows and would leave one behind.
    if (this.#lines.getCursorPos().rows === 0) this.prompt(true);
  }

  /** Ends the input. */
  close(): void {
    // What comes next in this terminal begins on a line of its own.
    if (this.#isAsking) this.#output.write("\n");
    this.#isAsking = false;
    this.#lines.close();
  }

  /** On one row, with room to type: a prompt of several rows could not be written over. */
  #promptText(): string {
    const room = (this.#output.columns || COLUMNS_USUAL) - TYPING_COLUMNS;
    const status = oneLine(this.#status(), Math.max(0, room));
    return `${status === "" ? "" : `${status} `}review> `;
  }
}
