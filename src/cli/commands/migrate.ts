import { migrate } from "../../ledger/postgres/migrate.js";
import { AssentError } from "../../model/error.js";
import { withPostgres, type Command } from "../command.js";

/** `assent migrate`. */
export const migrateCommand: Command = {
  name: "migrate",
  takes: "",
  summary: "bring the ledger's schema up to this version",
  details: `Applies what is missing, under a lock; safe to run from any number of processes.
Run it when you deploy.`,
  async run(run) {
    if (run.positionals.length > 0)
      throw new AssentError("usage", { what: "`migrate` takes no words", seen: run.positionals });
    return withPostgres(run, async ({ pool }) => {
      const report = await migrate({ pool, schema: run.options.schema });
      const done = report.applied.length === 0 ? "nothing to do" : `applied ${report.applied.join(", ")}`;
      run.print(run.options.json ? JSON.stringify(report) : `schema ${report.schema}: ${done}; now at ${report.at}`);
      return 0;
    });
  },
};
