import { ROUTES } from "../model/routing.js";
import type { Axis, Cells } from "./axis.js";
import { comparison, type SeenIn, type Test } from "./comparison.js";
import type { ConditionDocument, RuleDocument, TestDocument } from "./document.js";
import { queryOf } from "./history.js";
import { type Box, type Effort, EVERYTHING, meetAll, uncovered } from "./region.js";
import { OPERATORS } from "./source.js";
import { type ConditionPart, isTrigger, partsOf, type Space } from "./space.js";
import { historyTests, timeTests } from "./trigger.js";

/** One test of one fact: in which cells it holds and in which it does not. In others it cannot be told. */
interface Atom {
  readonly axis: Axis;
  readonly yes: Cells;
  readonly no: Cells;
}

/** Which cells of an atom count, where it should hold (`wanted`) or should not. */
type Choice = (atom: Atom, wanted: boolean) => Cells;

const CERTAIN: Choice = ({ yes, no }, wanted) => (wanted ? yes : no);
const POSSIBLE: Choice = ({ axis, yes, no }, wanted) => axis.all ^ (wanted ? no : yes);

// Asking about one cell is less work than meeting two boxes.
const CELLS_PER_STEP = 8;

/** Where in a space one rule matches. What takes long is computed when it is first asked for. */
export class RuleRegion {
  readonly id: string;
  /** The place of the route in the order of strictness, unless something finer was given. */
  readonly strictness: number;
  readonly #when: ConditionDocument;
  readonly #space: Space;
  readonly #effort: Effort;
  readonly #scope: Box;
  readonly #atoms = new Map<object | string, readonly Atom[]>();
  readonly #parts = new Map<ConditionDocument, readonly ConditionPart[]>();
  #matching: readonly Box[] | undefined;

  constructor(rule: RuleDocument, space: Space, effort: Effort, strictness = ROUTES.indexOf(rule.route)) {
    this.id = rule.id;
    this.strictness = strictness;
    this.#when = rule.when ?? {};
    this.#space = space;
    this.#effort = effort;
    this.#scope = scopeOf(rule, space);
  }

  /** Where it matches. */
  get matching(): readonly Box[] {
    this.#matching ??= this.#boxes(CERTAIN);
    return this.#matching;
  }

  /** Where it cannot be evaluated: where an amount in another currency leaves its condition open. */
  get doubtful(): readonly Box[] {
    const isClear = this.#everyAtom(this.#when, true, ({ axis, yes, no }) => (yes | no) === axis.all);
    if (isClear) return [];
    return this.#boxes(POSSIBLE).flatMap((box) => [...uncovered(box, this.matching, this.#effort)]);
  }

  /** Whether it can be seen test by test that it keeps matching when anything gets riskier. */
  get isRising(): boolean {
    return this.#everyAtom(this.#when, true, ({ axis }, cells) => axis.riskier(cells) === cells);
  }

  /** Whether it can be seen test by test that it keeps matching when anything gets less risky. */
  get isFalling(): boolean {
    return this.#everyAtom(this.#when, true, ({ axis }, cells) => axis.safer(cells) === cells);
  }

  #boxes(choice: Choice): readonly Box[] {
    return meetAll([[this.#scope], this.#condition(this.#when, true, choice)], this.#effort);
  }

  // `not` is pushed down to the tests: what an `all` does not match is what any of its parts does not match.
  #condition(document: ConditionDocument, wanted: boolean, choice: Choice): readonly Box[] {
    const lists = this.#partsOf(document).map(({ fact, test, parts }) => {
      if (test !== undefined) return this.#test(fact, test, wanted, choice);
      if (fact === "not") return parts.flatMap((part) => this.#condition(part, !wanted, choice));
      const inner = parts.map((part) => this.#condition(part, wanted, choice));
      return (fact === "all") === wanted ? meetAll(inner, this.#effort) : inner.flat();
    });
    return wanted ? meetAll(lists, this.#effort) : lists.flat();
  }

  #test(fact: string, test: TestDocument, wanted: boolean, choice: Choice): readonly Box[] {
    const lists = this.#atomsOf(fact, test).map((atom): readonly Box[] => {
      const cells = choice(atom, wanted);
      if (cells === atom.axis.all) return [EVERYTHING];
      return cells === 0n ? [] : [new Map([[atom.axis, cells]])];
    });
    return wanted ? meetAll(lists, this.#effort) : lists.flat();
  }

  #everyAtom(document: ConditionDocument, wanted: boolean, is: (atom: Atom, cells: Cells) => boolean): boolean {
    return this.#partsOf(document).every(({ fact, test, parts }) => {
      if (test !== undefined) return this.#atomsOf(fact, test).every((atom) => is(atom, CERTAIN(atom, wanted)));
      return parts.every((part) => this.#everyAtom(part, fact === "not" ? !wanted : wanted, is));
    });
  }

  #atomsOf(fact: string, test: TestDocument): readonly Atom[] {
    const atoms = this.#atoms.get(test) ?? this.#split(fact, test);
    this.#atoms.set(test, atoms);
    return atoms;
  }

  #split(fact: string, test: TestDocument): readonly Atom[] {
    if (isTrigger(fact)) return this.#splitTrigger(fact, { [fact]: test });
    if (test.has !== undefined) {
      return [...new Set(test.has)].map((tag) => atomOf(this.#space.axis(fact, tag), "has", { has: [tag] }));
    }
    const axis = this.#space.axis(fact);
    const operators = OPERATORS.filter((operator) => test[operator] !== undefined);
    return operators.map((operator) => {
      return this.#atom(axis, comparison(axis.fact, 0, operator, test));
    });
  }

  #splitTrigger(fact: string, { time, cumulative, rate }: ConditionDocument): readonly Atom[] {
    if (time !== undefined) {
      const axis = this.#space.timeAxis();
      return timeTests(time, 0).map((test) => this.#atom(axis, test));
    }
    const sum = cumulative ?? rate;
    const axis = sum === undefined ? this.#space.unknownAxis(fact) : this.#space.historyAxis(queryOf(sum));
    const tests = sum === undefined ? [NEVER_TOLD] : historyTests(sum, FIRST);
    return tests.map((test) => this.#atom(axis, test));
  }

  #atom(axis: Axis, test: Test): Atom {
    this.#effort.spend(Math.ceil(axis.values.length / CELLS_PER_STEP));
    return { axis, ...axis.split(test) };
  }

  // The parts are kept: each comes with its atoms.
  #partsOf(document: ConditionDocument): readonly ConditionPart[] {
    const parts = this.#parts.get(document) ?? partsOf(document);
    this.#parts.set(document, parts);
    return parts;
  }
}

const FIRST: SeenIn = ([first]) => first ?? { kind: "unknown", doubt: "" };
const NEVER_TOLD: Test = { holds: () => undefined, because: () => [], doubts: () => [] };

// The very comparison that evaluates the policy also says where it holds.
function atomOf(axis: Axis, operator: (typeof OPERATORS)[number], test: TestDocument): Atom {
  return { axis, ...axis.split(comparison(axis.fact, 0, operator, test)) };
}

function scopeOf({ action, agent }: RuleDocument, space: Space): Box {
  const scope = new Map<Axis, Cells>();
  for (const [fact, names] of Object.entries({ action, agent })) {
    if (names === undefined) continue;
    const { axis, yes } = atomOf(space.axis(fact), "in", { in: names });
    scope.set(axis, yes);
  }
  return scope;
}
