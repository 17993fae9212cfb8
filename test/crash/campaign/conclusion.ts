import type { HistoryProblem, KillablePostgres } from "assent/testing";
import type { Compiled } from "./compiled.js";

/** What a campaign is run with. */
export interface Surroundings {
  /** Where everything is kept that it makes. */
  folder: string;
  postgres: KillablePostgres;
  programs: Compiled;
  /** Told what goes on. */
  note: (line: string) => void;
}

/** What is said at the end. */
export interface Conclusion {
  /** Whether every promise was kept. */
  isFine: boolean;
  /** What it came to, as one JSON object. */
  json: Record<string, unknown>;
  /** The same for people. */
  text: string;
}

/** How many problems are shown of each scene. */
const SHOWN_MAX = 20;

/** Says what was broken. */
export function showProblems(problems: readonly HistoryProblem[], note: (line: string) => void): void {
  for (const { kind, proposalId, what } of problems.slice(0, SHOWN_MAX)) note(`BROKEN ${kind} ${proposalId}: ${what}`);
}

/** An object for people: a line each. */
export function inLines(object: Record<string, number | Record<string, number>>): string {
  const width = Math.max(...Object.keys(object).map((name) => name.length));
  const lines = Object.entries(object).map(([name, value]) => `${name.padEnd(width)}  ${JSON.stringify(value)}`);
  return lines.join("\n");
}
