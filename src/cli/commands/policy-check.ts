import { checkPolicy, type PolicyCheck, type PolicyFinding } from "../../policy/check.js";
import { loadPolicy } from "../../policy/load-policy.js";
import type { Command } from "../command.js";
import { counted, linesOf, type Page, pageFor, spacedJson } from "../page.js";
import { filesOf, withProblemsTold } from "../policy-files.js";

/** How many findings of each kind are listed before the rest is only counted. */
const FINDINGS_SHOWN_MAX = 20;

const PLURALS: Record<PolicyFinding["kind"], string> = {
  unreachable: "unreachable rules",
  gap: "gaps",
  overlap: "overlaps",
};

/** `assent policy check FILE`. */
export const policyCheckCommand: Command = {
  name: "policy check",
  takes: "FILE",
  summary: "everything wrong or doubtful in a policy",
  details: `FILE is a policy in YAML or JSON. Everything that keeps it from loading is told
at once, with line and column. Of a policy that loads it tells, as warnings:
rules that never decide; gaps, which are bands of numbers that no rule matches,
so that the default applies; overlaps, where rules of different routes match the
same and the stricter one wins. Each comes with a proposal to try.

Ends with 0 if it loads, with 1 if it does not, or if there is any warning and
--strict is given, with 3 if the file cannot be read.`,
  options: ["json", "strict"],
  run: (run) =>
    withProblemsTold(run, async () => {
      const [file = ""] = filesOf(run, "policy check", ["one policy"]);
      const policy = await loadPolicy(file);
      const check = checkPolicy(policy);
      if (run.options.json) run.print(JSON.stringify({ file, digest: policy.digest, ...check }));
      else run.print(rendered(check, pageFor(run), file));
      return run.options.strict && !check.ok ? 1 : 0;
    }),
};

function rendered(check: PolicyCheck, page: Page, file: string): string {
  const { columns, paint } = page;
  const kinds = Object.keys(PLURALS) as PolicyFinding["kind"][];
  const parts = kinds.flatMap((kind) => renderedKind(check, kind, page));
  if (check.opaque.length > 0) {
    const rules = check.opaque.map((id) => JSON.stringify(id)).join(", ");
    parts.push(linesOf(`not seen through, so nothing is said of them: ${rules}`, columns, "", paint.dim));
  }
  const count = check.findings.length;
  const emphasis = check.ok ? paint.good : paint.bold;
  const told = check.unfinished.length === 0 ? counted(count, "warning") : `${counted(count, "warning")} and more`;
  parts.push(linesOf(`${file}: ${check.ok ? "fine" : told}`, columns, "", emphasis));
  return parts.join("\n\n");
}

function renderedKind({ findings, unfinished }: PolicyCheck, kind: PolicyFinding["kind"], page: Page): string[] {
  const { columns, paint } = page;
  const found = findings.filter((finding) => finding.kind === kind);
  const parts = found.slice(0, FINDINGS_SHOWN_MAX).map(({ what, example }) => {
    const head = linesOf(`${kind}: ${what}`, columns, "", paint.bold);
    return example === null ? head : `${head}\n${linesOf(`such as ${spacedJson(example)}`, columns, "  ")}`;
  });
  const more = found.length - parts.length;
  if (more > 0) parts.push(`and ${more} more ${PLURALS[kind]}; --json has them`);
  if (unfinished.includes(kind)) {
    parts.push(
      linesOf(`${PLURALS[kind]}: not all, for there is too much to go through or to tell`, columns, "", paint.bold),
    );
  }
  return parts;
}
