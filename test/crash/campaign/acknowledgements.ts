import { fdatasyncSync, mkdirSync, openSync, readdirSync, readFileSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { isApproval, type Acknowledged } from "./decider.js";
import type { Plan } from "./plan.js";

const folderOf = ({ folder }: Pick<Plan, "folder">): string => join(folder, "acknowledged");

/**
 * Where one process writes down what it was told is decided, once it was told. What stands there was acknowledged,
 * whatever became of the process since.
 */
export function acknowledgedBy(plan: Pick<Plan, "folder">, name: string): (decision: Acknowledged) => void {
  mkdirSync(folderOf(plan), { recursive: true });
  const file = openSync(join(folderOf(plan), `${name}.ndjson`), "a");
  return (decision) => {
    writeSync(file, `${JSON.stringify(decision)}\n`);
    fdatasyncSync(file);
  };
}

/** What all processes wrote down, each decision once. */
export class Acknowledgements {
  readonly #folder: string;
  readonly #read = new Map<string, number>();
  readonly #decisions = new Map<string, Acknowledged>();

  constructor(plan: Pick<Plan, "folder">) {
    this.#folder = folderOf(plan);
    mkdirSync(this.#folder, { recursive: true });
  }

  /** All that there is by now. */
  get all(): Acknowledged[] {
    for (const name of readdirSync(this.#folder)) this.#readOn(name);
    return [...this.#decisions.values()];
  }

  /** How many of them let something be done. */
  get approvals(): number {
    return this.all.filter(isApproval).length;
  }

  #readOn(name: string): void {
    const path = join(this.#folder, name);
    const from = this.#read.get(name) ?? 0;
    if (statSync(path).size === from) return;
    const text = readFileSync(path).subarray(from).toString("utf8");
    // A line that has no end yet is one that is being written.
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    for (const line of whole.split("\n").filter((each) => each !== "")) {
      const decision = JSON.parse(line) as Acknowledged;
      this.#decisions.set(decision.decisionId, decision);
    }
    this.#read.set(name, from + Buffer.byteLength(whole));
  }
}
