import type { PolicyInput } from "../model/facts.js";
import type { Problems } from "./problems.js";
import { readInput, reading } from "./read-proposal.js";
import { type Tree, treeOf } from "./tree.js";

/** A proposal of a file that has one in each line. */
export interface ProposalLine {
  /** Where it stands, from 1. */
  readonly line: number;
  readonly input: PolicyInput;
}

// One slip of a program that wrote the file repeats in every line; the first few say it all.
const MAX_PROBLEMS = 20;

/**
 * Reads proposals from NDJSON: one JSON object a line, empty lines left out. Keys that a policy does not ask for, such as
 * an id, are passed over.
 *
 * @throws AssentError `policy_cases_invalid` with the first problems, each with its line.
 */
export function parseProposals(text: string, file: string): ProposalLine[] {
  return reading(file, (problems) => {
    const proposals: ProposalLine[] = [];
    for (const [index, source] of text.split("\n").entries()) {
      if (source.trim() === "") continue;
      const line = index + 1;
      const input = readLine(source, line, problems);
      if (input !== undefined) proposals.push({ line, input });
      if (problems.count >= MAX_PROBLEMS) break;
    }
    return proposals;
  });
}

function readLine(source: string, line: number, problems: Problems): PolicyInput | undefined {
  const place = { path: "$", line, column: 1 };
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch (error) {
    problems.add(place, `expected one JSON object a line; ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
  const tree = onLine(treeOf(value, problems), line);
  if (tree.kind !== "map") {
    problems.expected(tree, 'a proposal such as `{"action":"refund","agent":"bot","facts":{}}`');
    return undefined;
  }
  return readInput(tree, new Map(tree.entries.map((entry) => [entry.key, entry.value])), problems);
}

/** The same tree, with every part of it on one line of a text. */
function onLine(tree: Tree, line: number): Tree {
  const place = { ...tree.place, line, column: 1 };
  if (tree.kind === "list") return { ...tree, place, items: tree.items.map((item) => onLine(item, line)) };
  if (tree.kind !== "map") return { ...tree, place };
  const entries = tree.entries.map(({ key, value }) => ({ key, place, value: onLine(value, line) }));
  return { ...tree, place, entries };
}
