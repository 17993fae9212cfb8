import { AssentError } from "../../model/error.js";
import type { PolicyInput } from "../../model/facts.js";
import { loadPolicy } from "../../policy/load-policy.js";
import type { Policy } from "../../policy/policy.js";
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
  needs: "--proposal FILE",
  summary: "why a policy sends a proposal where it does",
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
      const trace = tracePolicy(policy, input);
      const explained = {
        proposal: input,
        ...trace,
        unknown: unknownIn(trace, policy),
        undeclared: undeclaredFacts(policy, input.facts),
      };
      run.print(run.options.json ? JSON.stringify(explained) : rendered(explained, pageFor(run)));
      return 0;
    }),
};

/** What rules cannot be told without, and the proposal does not say. */
interface Unknown {
  /** The moment. */
  at: boolean;
  /** Names of what earlier cases come to. */
  history: readonly string[];
}

function unknownIn({ rules }: PolicyTrace, { history }: Policy): Unknown {
  const doubts = new Set(rules.flatMap(({ result, reasons }) => (result === "unclear" ? reasons : [])));
  const isUnknown = (name: string): boolean => doubts.has(`${name} is not known`);
  return { at: isUnknown("the time"), history: history.map(({ name }) => name).filter(isUnknown) };
}

interface Explained extends PolicyTrace {
  proposal: PolicyInput;
  unknown: Unknown;
  /** What the policy knows nothing of, in sentences. */
  undeclared: readonly string[];
}

function rendered({ proposal, routing, rules, undeclared, unknown }: Explained, page: Page): string {
  const { columns, paint } = page;
  const { action, agent } = proposal;
  const { route, explanation, requires } = routing;
  const head = [
    linesOf(`${action} by ${agent}: ${route}`, columns, "", paint.bold),
    linesOf(explanation, columns, "  "),
    ...(requires === undefined ? [] : [linesOf(`It requires ${spacedJson(requires)}.`, columns, "  ")]),
    ...undeclared.map((sentence) => linesOf(`Note: ${sentence}`, columns, "  ")),
  ];
  return [head.join("\n"), ...rules.map((rule) => renderedRule(rule, page)), ...renderedUnknown(unknown, page)].join(
    "\n\n",
  );
}

/** What to add to the proposal; YAML as it stands, also where a name goes on in the next line. */
function renderedUnknown({ at, history }: Unknown, { columns }: Page): string[] {
  const numbers = history.map((name) => `${JSON.stringify(name)}: 0`).join(", ");
  const added = [
    ...(at ? ["at: 2026-03-30T10:30:00Z"] : []),
    ...(history.length === 0 ? [] : [`history: { ${numbers} }`]),
  ];
  if (added.length === 0) return [];
  const what = "What is not known the proposal can say, each with a value of your own:";
  return [[linesOf(what, columns, ""), ...added.map((line) => linesOf(line, columns, "  "))].join("\n")];
}

function renderedRule({ id, route, result, reasons }: RuleTrace, { columns, paint }: Page): string {
  const emphasis = { decides: paint.bold, overruled: paint.bold, unmatched: paint.dim, unclear: paint.bad }[result];
  const head = linesOf(`${id} (${route}) ${RESULTS[result]}`, columns, "", emphasis);
  return [head, ...reasons.map((reason) => linesOf(reason, columns, "  "))].join("\n");
}
