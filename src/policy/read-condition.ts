import type { ConditionDocument, PartDocument } from "./document.js";
import type { FactKind } from "./fact-kinds.js";
import { fieldsOf, itemsOf, NOTHING_MISPLACED, type Shape } from "./fields.js";
import type { Problems } from "./problems.js";
import { readCel } from "./read-cel.js";
import { readTest } from "./read-test.js";
import { readCumulative, readRate, readTime } from "./read-triggers.js";
import { CONDITION_WORDS, POLICY_LIMITS } from "./source.js";
import type { Tree } from "./tree.js";

/** What the conditions of one policy are read with. */
export interface ConditionSettings {
  /** The facts that they may read; `undefined` for one whose own declaration is wrong. */
  readonly kinds: ReadonlyMap<string, FactKind | undefined>;
  /** The time zone of the policy. */
  readonly timeZone: string;
  readonly problems: Problems;
}

/** Reads conditions over one set of facts. */
export class ConditionReader {
  readonly #settings: ConditionSettings;
  readonly #problems: Problems;
  readonly #shape: Shape;

  constructor(settings: ConditionSettings) {
    this.#settings = settings;
    this.#problems = settings.problems;
    this.#shape = {
      what: "a condition such as `{ confidence: { lt: 0.7 } }`; several alternatives go under `any`",
      key: "a declared fact or a word of conditions",
      keys: [...settings.kinds.keys(), ...CONDITION_WORDS],
      misplaced: NOTHING_MISPLACED,
    };
  }

  /** The condition in its normal form. If anything is wrong with it, that is reported and the result means nothing. */
  read(tree: Tree, depth = 1): ConditionDocument {
    if (depth > POLICY_LIMITS.depth) {
      this.#problems.add(
        tree.place,
        `expected at most ${POLICY_LIMITS.depth} levels of conditions; this one is deeper`,
      );
      return {};
    }
    if (tree.kind === "map" && tree.entries.length === 0) {
      this.#problems.expected(tree, "a condition; a rule without `when` matches always");
      return {};
    }
    const fields = fieldsOf(tree, this.#shape, this.#problems) ?? new Map<string, Tree>();
    const parts: [string, PartDocument][] = [];
    for (const [key, value] of fields) parts.push([key, this.#part(key, value, depth)]);
    return Object.fromEntries(parts.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  #part(key: string, value: Tree, depth: number): PartDocument {
    const { kinds, problems } = this.#settings;
    if (key === "not") return this.read(value, depth + 1);
    if (key === "all" || key === "any") {
      const items = itemsOf(value, "a list of conditions, at least one", problems);
      return items.map((item) => this.read(item, depth + 1));
    }
    if (key === "time") return readTime(value, this.#settings);
    if (key === "cumulative") return readCumulative(value, this.#settings);
    if (key === "rate") return readRate(value, this.#settings);
    if (key === "cel") return readCel(value, this.#settings);
    const kind = kinds.get(key);
    return kind === undefined ? {} : readTest(key, kind, value, problems);
  }
}
