import { type PolicyCaseResult, type PolicyTestReport, testPolicy } from "../../policy/cases.js";
import { loadPolicy } from "../../policy/load-policy.js";
import type { Command } from "../command.js";
import { counted, linesOf, type Page, pageFor } from "../page.js";
import { filesOf, nameOf, textFrom, withProblemsTold } from "../policy-files.js";

/** `assent policy test FILE CASES`. */
export const policyTestCommand: Command = {
  name: "policy test",
  takes: "FILE CASES",
  summary: "try a policy on a table of cases",
  details: `FILE is a policy, CASES a table in YAML or JSON (- for standard input):

  - name: small refunds run by themselves
    action: refund
    agent: desk                      # may be left out
    facts: { amount: 20 USD, confidence: 0.95 }
    at: 2026-03-30T10:30:00Z         # may be left out, as history may
    expect: { route: execute, rules: [small] }

Of expect, rules are all the rules that match, in any order, and requires names
parts of what the review asks for; both may be left out.

Ends with 0 if every case passes, with 1 if one fails or a file is wrong, with 3
if a file cannot be read.`,
  options: ["json"],
  run: (run) =>
    withProblemsTold(run, async () => {
      const [file = "", cases = ""] = filesOf(run, "policy test", ["a policy", "its cases"]);
      const policy = await loadPolicy(file);
      const report = testPolicy(policy, await textFrom(cases, "table of cases"), { file: nameOf(cases) });
      run.print(
        run.options.json ? JSON.stringify({ digest: policy.digest, ...report }) : rendered(report, pageFor(run)),
      );
      return report.ok ? 0 : 1;
    }),
};

function rendered({ results, passed, failed }: PolicyTestReport, page: Page): string {
  const emphasis = failed === 0 ? page.paint.good : page.paint.bad;
  const total = `${counted(results.length, "case")}: ${passed} passed, ${failed} failed`;
  return [...results.map((result) => renderedCase(result, page)), "", emphasis(total)].join("\n");
}

function renderedCase({ name, passed, failures, routing }: PolicyCaseResult, { columns, paint }: Page): string {
  if (passed) return linesOf(`pass: ${name}`, columns, "", paint.good);
  const reasons = [...failures, routing.explanation];
  return [
    linesOf(`FAIL: ${name}`, columns, "", paint.bad),
    ...reasons.map((reason) => linesOf(reason, columns, "      ")),
  ].join("\n");
}
