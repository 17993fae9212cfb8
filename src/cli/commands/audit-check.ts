import { checkAudit } from "../../audit/check-audit.js";
import type { AuditProblem } from "../../audit/problems.js";
import { AssentError } from "../../model/error.js";
import { oneLine } from "../../model/visible-text.js";
import { withLedger, type Command } from "../command.js";

/** How many problems are listed before the rest is only counted. */
const PROBLEMS_SHOWN_MAX = 20;

/** `assent audit check`. */
export const auditCheckCommand: Command = {
  name: "audit check",
  takes: "",
  summary: "recompute the whole audit log, and check the cases",
  details: "Ends with 0 if everything checks out and 1 if anything does not.",
  async run(run) {
    if (run.positionals.length > 0) {
      throw new AssentError("usage", { what: "`audit check` takes no words", seen: run.positionals });
    }
    return withLedger(run, async (ledger) => {
      const check = await checkAudit(ledger);
      if (run.options.json) {
        run.print(JSON.stringify(check));
      } else {
        const listed = check.problems.slice(0, PROBLEMS_SHOWN_MAX);
        for (const problem of listed) run.print(oneLine(lineOf(problem), Infinity));
        const more = check.problems.length - listed.length + check.more;
        if (more > 0) run.print(`and ${more} more`);
        run.print(`${check.rows} rows, ${check.cases} cases: ${check.ok ? "all check out" : "BROKEN"}`);
      }
      return check.ok ? 0 : 1;
    });
  },
};

function lineOf({ seq, auditId, proposalId, what }: AuditProblem): string {
  const places = [seq === undefined ? "" : `row ${seq}`, auditId ?? proposalId ?? ""].filter((place) => place !== "");
  return `${places.join(", ") || "log"}: ${what}`;
}
