import { canonicalJson } from "../model/canonical-json.js";
import { reviewerId, type Reviewer } from "../model/reviewer.js";

/** What the log tells of reviewers: the last word on each counts. */
export class ReviewersInLog {
  readonly #known = new Map<string, Reviewer>();

  /** Adds the next row. Says why it is illegal, or null; an illegal one is added too, so the rest is still judged. */
  add(id: string, { reviewer }: { reviewer: Reviewer }): string | null {
    const before = this.#known.get(reviewer.id);
    this.#known.set(reviewer.id, reviewer);
    if (id !== reviewerId(reviewer.id)) return "it is about another reviewer than its id says";
    return before !== undefined && canonicalJson(before) === canonicalJson(reviewer)
      ? "what it says of its reviewer was known before"
      : null;
  }

  /** What the ledger knows of reviewers that the log does not say, and the other way round. */
  compare(reviewers: readonly Reviewer[]): string[] {
    const held = new Set(reviewers.map(({ id }) => id));
    const unsaid = reviewers.filter((each) => {
      const logged = this.#known.get(each.id);
      return logged === undefined || canonicalJson(logged) !== canonicalJson(each);
    });
    return [
      ...unsaid.map(({ id }) => `What is known of reviewer ${id} is not what the log says`),
      ...[...this.#known.keys()]
        .filter((id) => !held.has(id))
        .map((id) => `The log knows reviewer ${id}, the ledger does not`),
    ];
  }
}
