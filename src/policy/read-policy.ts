import type { Route } from "../model/routing.js";
import type { PolicyDocument, RuleDocument } from "./document.js";
import { fieldsOf, NOTHING_MISPLACED, readNumber, readWord, type Shape } from "./fields.js";
import type { Problems } from "./problems.js";
import { ConditionReader } from "./read-condition.js";
import { readFacts } from "./read-facts.js";
import { readRoute, RuleReader, TERMS_ELSEWHERE } from "./read-rule.js";
import { readTerms } from "./read-terms.js";
import { readZone } from "./read-triggers.js";
import type { ReviewTerms } from "./review-terms.js";
import { POLICY_LIMITS } from "./source.js";
import type { Place, Tree } from "./tree.js";

const POLICY: Shape = {
  what: "a policy such as `{ default: { route: review } }`",
  key: "a key of the policy",
  keys: ["version", "facts", "rules", "default", "sample", "timeZone"],
  misplaced: new Map([["review", "under `default`, or in a rule"]]),
};
const DEFAULT: Shape = {
  what: "the default, such as `{ route: review }`",
  key: "a key of the default",
  keys: ["route", "review"],
  misplaced: TERMS_ELSEWHERE,
};
const SAMPLE: Shape = {
  what: "a sample such as `{ executed: 0.02, for: second-look }`",
  key: "a key of the sample",
  keys: ["executed", "for"],
  misplaced: NOTHING_MISPLACED,
};

/** A policy as far as it could be read; where there was any problem, the document may lack parts. */
export interface ReadPolicy {
  readonly document: PolicyDocument;
  /** Where the rules stand, in their order. */
  readonly rulePlaces: readonly Place[];
  /** Whether all that decides about routes could be read: facts, rules and default. */
  readonly routesAreKnown: boolean;
}

/** Reads a whole policy into its normal form. */
export function readPolicy(tree: Tree, problems: Problems): ReadPolicy {
  const fields = fieldsOf(tree, POLICY, problems);
  const version = readVersion(fields?.get("version"), problems);
  const sample = readSample(fields?.get("sample"), problems);
  const problemsBefore = problems.count;
  const zone = fields?.get("timeZone");
  const timeZone = zone === undefined ? "UTC" : readZone(zone, problems);
  const { declarations, kinds } = readFacts(fields?.get("facts"), problems);
  const conditions = new ConditionReader({ kinds, timeZone, problems });
  const rules = readRules(fields?.get("rules"), new RuleReader(conditions, problems), problems);
  const fallback = fields && readDefault(tree, fields.get("default"), problems);
  const ruleTrees = fields?.get("rules");
  return {
    document: {
      // Without a problem nothing is missing; should that ever be wrong, the strictest route stands in.
      default: fallback ?? { route: "block" },
      facts: declarations,
      rules,
      ...(sample === undefined ? {} : { sample }),
      ...(timeZone === "UTC" ? {} : { timeZone }),
      version,
    },
    rulePlaces: ruleTrees?.kind === "list" ? ruleTrees.items.map(({ place }) => place) : [],
    routesAreKnown: fields !== undefined && problems.count === problemsBefore,
  };
}

function readVersion(tree: Tree | undefined, problems: Problems): number {
  if (tree === undefined) return 1;
  const version = readNumber(tree, "a whole number from 1", { min: 1 }, problems);
  if (version === undefined || Number.isInteger(version)) return version ?? 1;
  problems.expected(tree, "a whole number from 1");
  return 1;
}

function readSample(tree: Tree | undefined, problems: Problems): PolicyDocument["sample"] {
  const fields = tree && fieldsOf(tree, SAMPLE, problems);
  if (tree === undefined || fields === undefined) return undefined;
  const [share, purpose] = [fields.get("executed"), fields.get("for")];
  if (purpose !== undefined) readWord(purpose, "what the sample is for", ["second-look"], problems);
  if (share === undefined) {
    if (tree.kind === "map") problems.add(tree.place, "expected `executed` (a share from 0 to 1); it is missing");
    return undefined;
  }
  const executed = readNumber(share, "a share from 0 to 1", { min: 0, max: 1 }, problems);
  return executed === undefined ? undefined : { executed, for: "second-look" };
}

function readDefault(
  parent: Tree,
  tree: Tree | undefined,
  problems: Problems,
): { route: Route; review?: ReviewTerms } | undefined {
  if (tree === undefined) {
    problems.add(parent.place, "expected `default`; it is missing: write `default: { route: review }`");
    return undefined;
  }
  const fields = fieldsOf(tree, DEFAULT, problems);
  if (fields === undefined) return undefined;
  const route = readRoute(tree.place, fields.get("route"), problems);
  const review = readTerms(fields.get("review"), { place: tree.place, route }, problems);
  if (route === undefined) return undefined;
  return { ...(review === undefined ? {} : { review }), route };
}

function readRules(tree: Tree | undefined, reader: RuleReader, problems: Problems): RuleDocument[] {
  if (tree === undefined) return [];
  if (tree.kind !== "list") {
    problems.expected(tree, "a list of rules");
    return [];
  }
  if (tree.items.length > POLICY_LIMITS.rules) {
    problems.add(tree.place, `expected at most ${POLICY_LIMITS.rules} rules; seen ${tree.items.length}`);
    return [];
  }
  return tree.items.flatMap((item) => reader.read(item) ?? []);
}
