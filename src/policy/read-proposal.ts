import { AssentError } from "../model/error.js";
import type { PolicyInput } from "../model/facts.js";
import { readNumber, readText } from "./fields.js";
import { treeOfText } from "./parse.js";
import { Problems } from "./problems.js";
import { POLICY_LIMITS } from "./source.js";
import { type Entry, plainOf, type Tree } from "./tree.js";

/** A map of a table of cases or of a proposal, and the keys that it may have. */
export interface Form {
  /** What the map is, with an article. */
  readonly what: string;
  /** What one of its keys is called, with an article. */
  readonly key: string;
  readonly keys: readonly string[];
}

const PROPOSAL: Form = {
  what: "a proposal such as `{ action: refund, agent: bot, facts: { confidence: 0.8 } }`",
  key: "a key of a proposal",
  keys: ["action", "agent", "facts", "at", "history"],
};

/** Who proposes where a case or a proposal does not say: nobody whom a rule names. */
const ANY_AGENT = "any";

/**
 * Reads one proposal from YAML or JSON text, for asking a policy about it.
 *
 * @throws AssentError `policy_cases_invalid` with every problem, its line and its column.
 */
export function parseProposal(text: string, file: string): PolicyInput {
  return reading(file, (problems) => readProposal(treeWithin(text, problems), problems));
}

/**
 * Collects what is wrong with cases or proposals, and ends the reading if anything is.
 *
 * @throws AssentError `policy_cases_invalid`.
 */
export function reading<Result>(file: string, read: (problems: Problems) => Result | undefined): Result {
  const problems = new Problems(file);
  try {
    const result = read(problems);
    problems.throwIfAny();
    if (result !== undefined) return result;
  } catch (cause) {
    if (AssentError.isInstance(cause)) throw new AssentError("policy_cases_invalid", { what: cause.message, cause });
    throw cause;
  }
  throw new AssentError("policy_cases_invalid", { what: `${file} cannot be read` });
}

/** The tree of a text that is not too long. */
export function treeWithin(text: string, problems: Problems): Tree {
  const most = POLICY_LIMITS.textCharacters;
  if (text.length > most) {
    problems.add({ path: "$", line: 1, column: 1 }, `expected at most ${most} characters; seen ${text.length}`);
    problems.throwIfAny();
  }
  return treeOfText(text, problems);
}

/** Reads a proposal; nothing if anything is wrong with it. */
function readProposal(tree: Tree, problems: Problems): PolicyInput | undefined {
  const fields = fieldsIn(tree, PROPOSAL, problems);
  return fields && readInput(tree, fields, problems);
}

/** The values of a map by key, after every other key has been reported; nothing if it is no map. */
export function fieldsIn(tree: Tree, form: Form, problems: Problems): ReadonlyMap<string, Tree> | undefined {
  if (tree.kind !== "map") {
    problems.expected(tree, form.what);
    return undefined;
  }
  const stray = tree.entries.filter(({ key }) => !form.keys.includes(key));
  for (const { key, place } of stray) problems.unknownWord(place, key, form.key, form.keys);
  return new Map(tree.entries.map(({ key, value }) => [key, value]));
}

/** The proposal in the fields of a map that may have others beside. */
export function readInput(
  parent: Tree,
  fields: ReadonlyMap<string, Tree>,
  problems: Problems,
): PolicyInput | undefined {
  const before = problems.count;
  const [actionTree, agentTree] = [fields.get("action"), fields.get("agent")];
  if (actionTree === undefined) problems.add(parent.place, "expected `action`; it is missing");
  const action = actionTree && readText(actionTree, problems);
  const agent = agentTree === undefined ? ANY_AGENT : readText(agentTree, problems);
  const facts = readFacts(parent, fields.get("facts"), problems);
  const at = readMoment(fields.get("at"), problems);
  const history = readHistory(fields.get("history"), problems);
  if (problems.count > before || action === undefined || agent === undefined || facts === undefined) return undefined;
  return { action, agent, facts, ...(at === undefined ? {} : { at }), ...(history === undefined ? {} : { history }) };
}

// Which facts are fit to be read is the policy's to say, as it does for real proposals.
function readFacts(parent: Tree, tree: Tree | undefined, problems: Problems): PolicyInput["facts"] | undefined {
  if (tree === undefined) problems.add(parent.place, "expected `facts`; they are missing");
  else if (tree.kind === "map") return plainOf(withAmount(tree)) as PolicyInput["facts"];
  else problems.expected(tree, "facts by name, such as `{ confidence: 0.8 }`");
  return undefined;
}

/** Facts whose amount may be written as in a policy. */
function withAmount(facts: Tree): Tree {
  if (facts.kind !== "map") return facts;
  return { ...facts, entries: facts.entries.map((entry) => (entry.key === "amount" ? inParts(entry) : entry)) };
}

function inParts(entry: Entry): Entry {
  const { value } = entry;
  const text = value.kind === "leaf" && typeof value.value === "string" ? value.value : "";
  const [, digits = "", currency = ""] = /^\s*(\d+(?:\.\d+)?)\s+([A-Z]{3})\s*$/.exec(text) ?? [];
  if (digits === "") return entry;
  const part = (key: string, plain: unknown): Entry => {
    return { key, place: value.place, value: { kind: "leaf", place: value.place, value: plain } };
  };
  const entries = [part("value", Number(digits)), part("currency", currency)];
  return { ...entry, value: { kind: "map", place: value.place, entries } };
}

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/;

function readMoment(tree: Tree | undefined, problems: Problems): string | undefined {
  if (tree === undefined) return undefined;
  const text = tree.kind === "leaf" && typeof tree.value === "string" ? tree.value : "";
  const moment = MOMENT.test(text) ? new Date(text) : undefined;
  if (moment !== undefined && !Number.isNaN(moment.getTime())) return moment.toISOString();
  problems.expected(tree, "a moment with its zone, such as `2026-03-30T10:30:00Z`");
  return undefined;
}

function readHistory(tree: Tree | undefined, problems: Problems): Record<string, number> | undefined {
  if (tree === undefined) return undefined;
  if (tree.kind !== "map") {
    problems.expected(tree, "numbers by the name that the policy gives them, such as `{ refunds: 2 }`");
    return undefined;
  }
  const numbers: [string, number][] = [];
  for (const { key, value } of tree.entries) {
    const number = readNumber(value, "a finite number", {}, problems);
    if (number !== undefined) numbers.push([key, number]);
  }
  return Object.fromEntries(numbers);
}
