import { ONE_PERSON, type Requirement } from "../model/requirement.js";
import type { PolicyDocument, RuleDocument } from "./document.js";
import { asksNothing, merged, neverExecuting, requirementOf } from "./requirements.js";
import { asksNobody } from "./review-terms.js";

// Policies whose rules match in more combinations merge some of them again.
const MAX_REMEMBERED = 1000;

/** What the rules of one policy ask of people, and what they ask together. Each combination is merged once. */
export class RequirementPool {
  /** What the default asks; nothing if it says nothing. */
  readonly byDefault: Requirement | undefined;
  readonly #fallback: PolicyDocument["default"];
  readonly #places = new Map<Requirement, number>();
  readonly #remembered = new Map<string, Requirement | undefined>();

  constructor({ default: fallback }: PolicyDocument) {
    this.#fallback = fallback;
    const { route, review } = fallback;
    this.byDefault = review === undefined || asksNobody(route) ? undefined : this.#add(requirementOf(review, null));
  }

  /**
   * What a rule asks; nothing if its route asks nobody. A rule that says nothing of its own asks for what the default
   * of the same route asks for, else for one person.
   */
  of({ id, route, review }: RuleDocument): Requirement | undefined {
    if (asksNobody(route)) return undefined;
    if (review !== undefined) return this.#add(requirementOf(review, id));
    return (route === this.#fallback.route ? this.byDefault : undefined) ?? this.#add(ONE_PERSON);
  }

  /** What they ask together; nothing if that is nothing in particular. What cannot be evaluated never executes by itself. */
  together(asked: readonly (Requirement | undefined)[], failedClosed: boolean): Requirement | undefined {
    const distinct = new Set(asked);
    distinct.delete(undefined);
    if (distinct.size === 0) return undefined;
    const requirements = [...distinct] as Requirement[];
    const key = `${requirements.map((each) => this.#places.get(each)).join()}${failedClosed ? " closed" : ""}`;
    const known = this.#remembered.get(key);
    if (known !== undefined || this.#remembered.has(key)) return known;
    const all = merged(requirements);
    const requires = failedClosed ? neverExecuting(all) : all;
    const result = asksNothing(requires) ? undefined : deepFrozen(requires);
    if (this.#remembered.size < MAX_REMEMBERED) this.#remembered.set(key, result);
    return result;
  }

  #add(requirement: Requirement): Requirement {
    if (!this.#places.has(requirement)) this.#places.set(requirement, this.#places.size);
    return requirement;
  }
}

// Every routing of the combination holds this very object.
function deepFrozen<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const part of Object.values(value)) deepFrozen(part);
  return Object.freeze(value);
}
