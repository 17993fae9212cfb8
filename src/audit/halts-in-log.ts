import { canonicalJson } from "../model/canonical-json.js";
import { haltId, scopeInWords, type Halt } from "../model/halt.js";
import type { KnownEvent } from "./event-data.js";

/** A row about a halt. */
export type HaltEvent = Extract<KnownEvent, { kind: "halted" | "lifted" }>;

/** Halts as the log tells them. A scope is halted by at most one at a time, and lifted only while it is halted. */
export class HaltsInLog {
  /** What stands, by the halts' ids. */
  readonly standing = new Map<string, Extract<HaltEvent, { kind: "halted" }>["data"]>();

  /** Adds the next row. Says why it is illegal, or null; an illegal one is added too, so the rest is still judged. */
  add(id: string, event: HaltEvent): string | null {
    const before = this.standing.get(id);
    if (event.kind === "halted") this.standing.set(id, event.data);
    else this.standing.delete(id);
    if (id !== haltId(event.data)) return "it is about another scope than its id says";
    if (event.kind === "lifted") return before === undefined ? "a halt was lifted that did not stand" : null;
    return before?.kind === event.data.kind ? "its scope was halted in this way before" : null;
  }

  /** What the ledger's halts say that the log does not say, and the other way round. */
  compare(halts: readonly Halt[]): string[] {
    const held = new Map(halts.map((halt) => [halt.id, halt]));
    return [
      ...halts.filter((halt) => !this.#says(halt)).map((halt) => `The halt of ${scopeInWords(halt)} is not in the log`),
      ...[...this.standing]
        .filter(([id]) => !held.has(id))
        .map(([, halt]) => `The log has ${scopeInWords(halt)} halted, the ledger has not`),
    ];
  }

  #says({ id, agent, action, kind, by, reason }: Halt): boolean {
    const logged = this.standing.get(id);
    return logged !== undefined && canonicalJson(logged) === canonicalJson({ agent, action, kind, by, reason });
  }
}
