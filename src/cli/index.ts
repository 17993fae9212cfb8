/**
 * Reviewing in a terminal, for your own programs.
 *
 * @packageDocumentation
 */
export { reviewInTerminal } from "./review-in-terminal.js";
export type { TerminalReviewOptions } from "./review-in-terminal.js";
export type { TerminalOutput } from "./terminal.js";
