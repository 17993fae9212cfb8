import { AssentError } from "../../model/error.js";
import {
  diffPolicies,
  type ComparedProposal,
  type PolicyChange,
  type PolicyDiff,
  type PolicyMove,
} from "../../policy/diff.js";
import { loadPolicy } from "../../policy/load-policy.js";
import { parseProposals, type ProposalLine } from "../../policy/proposals.js";
import type { Command } from "../command.js";
import { counted, linesOf, type Page, pageFor, spacedJson } from "../page.js";
import { filesOf, nameOf, textFrom, withProblemsTold } from "../policy-files.js";

const CHANGES: Record<PolicyChange, string> = {
  laxer: "laxer",
  "asks-less": "asks for less",
  stricter: "stricter",
  same: "same",
};

/** `assent policy diff OLD NEW`. */
export const policyDiffCommand: Command = {
  name: "policy diff",
  takes: "OLD NEW",
  needs: "--proposals FILE",
  summary: "what another version would do with proposals",
  details: `OLD and NEW are two versions of a policy. The proposals, given with --proposals,
are one JSON object a line: { action, agent, facts }, with at and history where
a policy reads them. It counts how many went where and where they would go now;
what becomes laxer comes first, with both explanations, then reviews that stay
but ask for less or for something else.

Ends with 0, with 1 if a file is wrong, or if anything becomes laxer or asks for
less and --fail-on-laxer is given, with 3 if a file cannot be read.`,
  options: ["json", "proposals", "fail-on-laxer"],
  run: (run) =>
    withProblemsTold(run, async () => {
      const [before = "", after = ""] = filesOf(run, "policy diff", ["an old policy", "a new one"]);
      const { proposals: path } = run.options;
      if (path === undefined) {
        throw new AssentError("usage", { what: "`policy diff` takes proposals", fix: "Name them: --proposals FILE" });
      }
      const policies = [await loadPolicy(before), await loadPolicy(after)] as const;
      const proposals = parseProposals(await textFrom(path, "file of proposals"), nameOf(path));
      const diff = diffPolicies(
        ...policies,
        proposals.map(({ input }) => input),
      );
      run.print(
        run.options.json ? JSON.stringify(withLines(diff, proposals)) : rendered(diff, proposals, pageFor(run)),
      );
      const { laxer, "asks-less": asksLess } = diff.counts;
      return run.options["fail-on-laxer"] && laxer + asksLess > 0 ? 1 : 0;
    }),
};

/** The difference with the lines that its proposals stand on. */
function withLines(diff: PolicyDiff, proposals: readonly ProposalLine[]): object {
  const moves = diff.moves.map((move) => ({
    ...move,
    examples: move.examples.map((example) => ({ line: proposals[example.index]?.line, ...example })),
  }));
  return { ...diff, moves };
}

function rendered(
  { proposals: count, counts, moves }: PolicyDiff,
  proposals: readonly ProposalLine[],
  page: Page,
): string {
  const table = moves.map((move) => renderedMove(move, page));
  const told = moves
    .filter(({ change }) => change === "laxer" || change === "asks-less")
    .flatMap(({ examples }) => examples)
    .map((example) => renderedExample(example, proposals[example.index]?.line, page));
  const changes = (Object.keys(CHANGES) as PolicyChange[]).map((change) => `${counts[change]} ${CHANGES[change]}`);
  const total = `${counted(count, "proposal")}: ${changes.join(", ")}`;
  const isLaxer = counts.laxer + counts["asks-less"] > 0;
  const emphasis = isLaxer ? page.paint.bad : page.paint.good;
  return [...(table.length === 0 ? [] : [table.join("\n")]), ...told, linesOf(total, page.columns, "", emphasis)].join(
    "\n\n",
  );
}

function renderedMove({ change, from, to, count }: PolicyMove, { paint }: Page): string {
  const emphasis = { laxer: paint.bad, "asks-less": paint.bad, stricter: paint.bold, same: paint.dim }[change];
  return emphasis(`${String(count).padStart(8)}  ${from.padEnd(7)} -> ${to.padEnd(7)}  ${CHANGES[change]}`);
}

function renderedExample(
  { input, before, after, weaker }: ComparedProposal,
  line: number | undefined,
  page: Page,
): string {
  const { columns, paint } = page;
  const parts = [
    linesOf(`line ${line}: ${input.action} by ${input.agent}, ${spacedJson(input.facts)}`, columns, "", paint.bold),
    linesOf(`before: ${before.explanation}`, columns, "  "),
    linesOf(`now: ${after.explanation}`, columns, "  "),
    ...weaker.map((phrase) => linesOf(`asks for less: ${phrase}`, columns, "  ")),
  ];
  return parts.join("\n");
}
