import { FALLBACKS, type Fallback, type Quorum, type Selector, TieBreak } from "../model/requirement.js";
import type { Route } from "../model/routing.js";
import type { DurationText } from "./duration.js";
import { fieldsOf, itemsOf, NOTHING_MISPLACED, readDuration, readName, readWord, type Shape } from "./fields.js";
import { readForm } from "./read-form.js";
import type { Problems } from "./problems.js";
import {
  asksNobody,
  type EscalationTerms,
  type ReviewTerms,
  STEP_UPS,
  TERM_NAMES,
  type TermName,
  TERMS_OF,
} from "./review-terms.js";
import type { Place, Tree } from "./tree.js";

const TERMS: Shape = {
  what: "what is asked of people, such as `{ by: [ { role: manager } ], within: PT4H, otherwise: hold }`",
  key: "a term of a review",
  keys: TERM_NAMES,
  misplaced: NOTHING_MISPLACED,
};
const STEP: Shape = {
  what: "a step of an escalation such as `{ by: [ { role: manager } ], within: PT4H, otherwise: hold }`",
  key: "a key of a step",
  keys: ["by", "within", "otherwise"],
  misplaced: NOTHING_MISPLACED,
};
const SELECTORS = ["role", "group", "person"] as const;
const SELECTOR: Shape = {
  what: "whom it means, such as `{ role: manager }`",
  key: "whom it means",
  keys: SELECTORS,
  misplaced: NOTHING_MISPLACED,
};

const QUORUMS = ["any", "majority", "unanimous", "two-person"] as const;
const N_OF_M = /^([1-9]\d?)-of-([1-9]\d?)$/;
const MAX_STEPS = 10;
const MAX_NAME = 100;

/** Whose terms they are, for messages. */
export interface Asking {
  /** Where the rule or the default stands. */
  readonly place: Place;
  /** Nothing if the route itself cannot be read; then every term passes. */
  readonly route: Route | undefined;
}

/** Reads `review` of a rule or of the default into its normal form. */
export function readTerms(
  tree: Tree | undefined,
  { place, route }: Asking,
  problems: Problems,
): ReviewTerms | undefined {
  if (tree === undefined) {
    if (route === "veto") problems.add(place, `${WINDOW}; \`review\` is missing`);
    return undefined;
  }
  if (route !== undefined && asksNobody(route)) {
    problems.add(tree.place, `\`review\` means nothing for route ${route}, which asks nobody; leave it out`);
    return undefined;
  }
  const fields = fieldsOf(tree, TERMS, problems);
  if (fields === undefined) return undefined;
  if (tree.kind === "map" && tree.entries.length === 0)
    problems.expected(tree, `at least one term (${TERM_NAMES.join(", ")})`);
  for (const [name, value] of fields) {
    if (route === undefined || TERMS_OF[route].includes(name as TermName)) continue;
    problems.add(
      value.place,
      `\`${name}\` means nothing for route ${route}, which takes ${TERMS_OF[route].join(", ")}`,
    );
  }
  return new TermsReader(tree, fields, problems).read(route);
}

const WINDOW = "expected `review: { window: … }` with route veto, such as `review: { window: PT30M }`";

class TermsReader {
  readonly #tree: Tree;
  readonly #fields: ReadonlyMap<string, Tree>;
  readonly #problems: Problems;

  constructor(tree: Tree, fields: ReadonlyMap<string, Tree>, problems: Problems) {
    this.#tree = tree;
    this.#fields = fields;
    this.#problems = problems;
  }

  read(route: Route | undefined): ReviewTerms {
    const by = this.#part("by", (tree) => readPeople(tree, this.#problems));
    const quorum = this.#part("quorum", (tree) => this.#quorum(tree, by));
    const within = this.#part("within", (tree) => readDuration(tree, this.#problems));
    const otherwise = this.#part("otherwise", (tree) => this.#otherwise(tree, route));
    const escalateTo = this.#part("escalateTo", (tree) => readSteps(tree, this.#problems));
    this.#checkFallback(otherwise, escalateTo);
    if (route === "veto" && !this.#fields.has("window"))
      this.#problems.add(this.#tree.place, `${WINDOW}; it is missing`);
    const isReview = route === "review";
    return {
      ...this.#present("answer", (tree) => readForm(tree, this.#problems)),
      ...(by === undefined ? {} : { by }),
      ...(escalateTo === undefined ? {} : { escalateTo }),
      ...(isReview || route === "clarify" ? { otherwise: otherwise ?? "hold" } : {}),
      ...(isReview ? { quorum: quorum ?? "any" } : {}),
      ...this.#present("reasonCodes", (tree) => readNames(tree, "a reason code", this.#problems)),
      ...this.#present("show", (tree) => readNames(tree, "a member of the context", this.#problems)),
      ...this.#present("stepUp", (tree) => readWord(tree, "a step-up", STEP_UPS, this.#problems)),
      ...(isReview ? { tieBreak: this.#part("tieBreak", (tree) => this.#tieBreak(tree)) ?? "reject" } : {}),
      ...this.#present("window", (tree) => readDuration(tree, this.#problems)),
      ...(within === undefined ? {} : { within }),
    };
  }

  #part<T>(name: TermName, read: (tree: Tree) => T | undefined): T | undefined {
    const tree = this.#fields.get(name);
    return tree && read(tree);
  }

  #present<N extends TermName, T>(name: N, read: (tree: Tree) => T | undefined): { [Name in N]?: T } {
    const value = this.#part(name, read);
    return value === undefined ? {} : ({ [name]: value } as { [Name in N]?: T });
  }

  #tieBreak(tree: Tree): TieBreak | undefined {
    return readWord(tree, "a tie-break", TieBreak.options, this.#problems);
  }

  #quorum(tree: Tree, by: readonly Selector[] | undefined): Quorum | undefined {
    const quorum = readQuorum(tree, this.#problems);
    if (quorum === undefined) return undefined;
    if ((quorum === "majority" || quorum === "unanimous") && by === undefined && !this.#fields.has("by")) {
      this.#problems.add(tree.place, `expected \`by\` with quorum ${quorum}, to say of whom; it is missing`);
    }
    const needed = quorum === "two-person" ? 2 : Number(N_OF_M.exec(quorum)?.[1] ?? 1);
    const people = by?.every((selector) => "person" in selector) === true ? by.length : Infinity;
    if (people < needed)
      this.#problems.add(tree.place, `expected a quorum that can be met; ${quorum} of ${people} cannot`);
    return quorum;
  }

  #otherwise(tree: Tree, route: Route | undefined): Fallback | undefined {
    const word = readWord(tree, "a fallback", FALLBACKS.toReversed(), this.#problems);
    if (word === "execute" && route === "clarify") {
      this.#problems.add(
        tree.place,
        "expected hold, reject or escalate: a question that nobody answers executes nothing",
      );
    }
    return word;
  }

  #checkFallback(otherwise: Fallback | undefined, steps: readonly EscalationTerms[] | undefined): void {
    const [said, to] = [this.#fields.get("otherwise"), this.#fields.get("escalateTo")];
    if (otherwise === "escalate" && to === undefined && said !== undefined) {
      this.#problems.add(said.place, "expected `escalateTo` with `otherwise: escalate`; it is missing");
    }
    if (to !== undefined && steps !== undefined && otherwise !== "escalate") {
      this.#problems.add(to.place, "expected `otherwise: escalate` with `escalateTo`; nobody would ever be asked");
    }
    if (said !== undefined && otherwise !== undefined && otherwise !== "hold" && !this.#fields.has("within")) {
      this.#problems.add(
        said.place,
        `expected \`within\` with \`otherwise: ${otherwise}\`, to say when; it is missing`,
      );
    }
  }
}

function readQuorum(tree: Tree, problems: Problems): Quorum | undefined {
  const value = tree.kind === "leaf" ? tree.value : undefined;
  const [, n, m] = (typeof value === "string" ? N_OF_M.exec(value) : null) ?? [];
  if (n !== undefined && m !== undefined) {
    if (Number(n) <= Number(m)) return `${Number(n)}-of-${Number(m)}`;
    problems.expected(tree, "a quorum n-of-m where n is at most m");
    return undefined;
  }
  return readWord(tree, "a quorum: n-of-m such as `2-of-3`, or a word", QUORUMS, problems);
}

function readPeople(tree: Tree, problems: Problems): Selector[] {
  const people: Selector[] = [];
  const seen = new Set<string>();
  for (const item of itemsOf(tree, "a list of those who are asked, such as `[ { role: manager } ]`", problems)) {
    const selector = readSelector(item, problems);
    if (selector === undefined) continue;
    const key = JSON.stringify(selector);
    if (seen.has(key)) problems.expected(item, "each of those who are asked once");
    seen.add(key);
    people.push(selector);
  }
  return people;
}

function readSelector(tree: Tree, problems: Problems): Selector | undefined {
  const fields = fieldsOf(tree, SELECTOR, problems);
  if (fields === undefined) return undefined;
  const [entry, ...others] = fields;
  if (entry === undefined || others.length > 0) {
    if (tree.kind === "map" && tree.entries.length === fields.size) {
      problems.expected(tree, `one of ${SELECTORS.join(", ")} with a name`);
    }
    return undefined;
  }
  const [key, value] = entry;
  const name = readName(value, `the name of a ${key}`, MAX_NAME, problems);
  return name === undefined ? undefined : ({ [key]: name } as Selector);
}

function readSteps(tree: Tree, problems: Problems): EscalationTerms[] {
  const items = itemsOf(tree, "a list of steps such as `[ { by: [ { role: manager } ], within: PT4H } ]`", problems);
  if (items.length > MAX_STEPS) problems.add(tree.place, `expected at most ${MAX_STEPS} steps; seen ${items.length}`);
  return items.map((item, i) => readStep(item, i === items.length - 1, problems));
}

function readStep(tree: Tree, isLast: boolean, problems: Problems): EscalationTerms {
  const fields = fieldsOf(tree, STEP, problems) ?? new Map<string, Tree>();
  const [who, time, said] = [fields.get("by"), fields.get("within"), fields.get("otherwise")];
  if (who === undefined && tree.kind === "map") problems.add(tree.place, "expected `by` in each step; it is missing");
  const within: DurationText | undefined = time && readDuration(time, problems);
  const fallback = isLast ? "hold" : "escalate";
  const otherwise = said === undefined ? fallback : (readStepFallback(said, problems) ?? fallback);
  const at = said ?? tree;
  if (!isLast && otherwise !== "escalate") {
    problems.add(at.place, "expected `escalate` in every step but the last one; the next step would never be reached");
  }
  if (isLast && otherwise === "escalate") {
    problems.add(at.place, "expected hold or reject in the last step; there is nobody left to escalate to");
  }
  if (otherwise !== "hold" && time === undefined && tree.kind === "map") {
    problems.add(at.place, `expected \`within\` in this step, to say when ${otherwise} happens; it is missing`);
  }
  const by = who === undefined ? [] : readPeople(who, problems);
  return { by, otherwise, ...(within === undefined ? {} : { within }) };
}

function readStepFallback(tree: Tree, problems: Problems): EscalationTerms["otherwise"] {
  const word = readWord(tree, "a fallback", FALLBACKS.toReversed(), problems);
  if (word !== "execute") return word;
  problems.add(
    tree.place,
    "expected hold, reject or escalate: what nobody decided, not even those it was escalated to, never executes",
  );
  return undefined;
}

function readNames(tree: Tree, what: string, problems: Problems): string[] {
  const names: string[] = [];
  for (const item of itemsOf(tree, `a list, at least one, each ${what}`, problems)) {
    const name = readName(item, what, MAX_NAME, problems);
    if (name === undefined) continue;
    if (names.includes(name)) problems.expected(item, `${what} not yet in this list`);
    names.push(name);
  }
  return names;
}
