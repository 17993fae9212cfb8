import { renderCase } from "../../audit/render-case.js";
import { showCase } from "../../audit/show-case.js";
import { AssentError } from "../../model/error.js";
import { withLedger, type Command } from "../command.js";

/** `assent audit show ID`. */
export const auditShowCommand: Command = {
  name: "audit show",
  takes: "ID",
  summary: "one case: what was done, who decided, how it ended",
  details: "ID is a case (au_…), a proposal (pr_…) or a review (rv_…).",
  async run(run) {
    const [id, ...rest] = run.positionals;
    if (id === undefined || rest.length > 0) {
      throw new AssentError("usage", { what: "Name exactly one case", seen: run.positionals });
    }
    return withLedger(run, async (ledger) => {
      const report = await showCase(ledger, id);
      run.print(run.options.json ? JSON.stringify(report) : renderCase(report));
      return 0;
    });
  },
};
