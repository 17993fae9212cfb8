import { AssentError } from "../../model/error.js";
import type { PolicyInput } from "../../model/facts.js";
import { loadPolicy } from "../../policy/load-policy.js";
import { parseProposal } from "../../policy/read-proposal.js";
import { type PolicyTrace, type RuleTrace, tracePolicy } from "../../policy/trace.js";
import { undeclaredFacts } from "../../policy/undeclared.js";
import type { Command } from "../command.js";
import { linesOf, type Page, pageFor, spacedJson } from "../page.js";
import { filesOf, nameOf, textFrom, withProblemsTold } from "../policy-files.js";

const RESULTS: Record<RuleTrace["result"], string> = {
  decides: "decides",
  overruled: "matches, but is overruled",
  unmatched: "does not match",
  unclear: "cannot be evaluated",
};

/** `assent policy explain FILE`. */
export const policyExplainCommand: Command = {
  name: "policy explain",
  takes: "FILE",
  summary: "why a policy sends a proposal where it does",
  needs: "--proposal FILE",
  details: `FILE is a policy in YAML or JSON. The proposal, given with --proposal, is
{ action, agent, facts }, with at (a moment) and history (numbers by the name
that the policy gives them) where the policy reads them; an amount may be
written as 20 USD. It tells the route, the explanation, of every rule why it
matched or why not, and which facts the policy knows nothing of.

Ends with 0, with 1 if policy or proposal are wrong, with 3 if one of them
cannot be read.`,
  options: ["json", "proposal"],
  run: (run) =>
    withProblemsTold(run, async () => {
      const [file = ""] = filesOf(run, "policy explain", ["one policy"]);
      const { proposal } = run.options;
      if (proposal === undefined) {
        throw new AssentError("usage", { what: "`policy explain` takes a proposal", fix: "Name it: --proposal FILE" });
      }
      const policy = await loadPolicy(file);
      const input = parseProposal(await textFrom(proposal, "proposal"), nameOf(proposal));
      const explained = {
        proposal: input,
        ...tracePolicy(policy, input),
        undeclared: undeclaredFacts(policy, input.facts),
      };
      run.print(run.options.json ? JSON.stringify(explained) : rendered(explained, pageFor(run)));
      return 0;
    }),
};

interface Explained extends PolicyTrace {
  proposal: PolicyInput;
  /** What the policy knows nothing of, in sentences. */
  undeclared: readonly string[];
}

function rendered({ proposal, routing, rules, undeclared }: Explained, page: Page): string {
  const { columns, paint } = page;
  const { action, agent } = proposal;
  const { route, explanation, requires } = routing;
  const head = [
    linesOf(`${action} by ${agent}: ${route}`, columns, "", paint.bold),
    linesOf(explanation, columns, "  "),
    ...(requires === undefined ? [] : [linesOf(`It requires ${spacedJson(requires)}.`, columns, "  ")]),
    ...undeclared.map((sentence) => linesOf(`Note: ${sentence}`, columns, "  ")),
  ];
  return [head.join("\n"), ...rules.map((rule) => renderedRule(rule, page))].join("\n\n");
}

function renderedRule({ id, route, result, reasons }: RuleTrace, { columns, paint }: Page): string {
  const emphasis = { decides: paint.bold, overruled: paint.bold, unmatched: paint.dim, unclear: paint.bad }[result];
  const head = linesOf(`${id} (${route}) ${RESULTS[result]}`, columns, "", emphasis);
  return [head, ...reasons.map((reason) => linesOf(reason, columns, "  "))].join("\n");
}
