import { grantRoles } from "../../ledger/postgres/roles.js";
import { AssentError } from "../../model/error.js";
import { withPostgres, type Command } from "../command.js";

/** `assent grant`. */
export const grantCommand: Command = {
  name: "grant",
  takes: "[GRAPH DECIDER]",
  summary: "split the ledger between two database roles",
  details: `GRAPH is the role of graph hosts, DECIDER that of processes that decide; the
names are assent_graph and assent_decider unless said. Roles that do not exist
are made, without login: grant them to the users that your processes connect
as. Run it as the schema's owner, after each \`assent migrate\`.`,
  async run(run) {
    const [graph, decider, ...more] = run.positionals;
    if (more.length > 0 || (graph !== undefined && decider === undefined)) {
      throw new AssentError("usage", { what: "`grant` takes two roles, or none", seen: run.positionals });
    }
    return withPostgres(run, async ({ pool }) => {
      const names = graph === undefined || decider === undefined ? {} : { graph, decider };
      const granted = await grantRoles({ pool, schema: run.options.schema, ...names });
      const made = granted.created.length === 0 ? "" : `; made ${granted.created.join(", ")}`;
      run.print(
        run.options.json
          ? JSON.stringify(granted)
          : `schema ${granted.schema}: graph hosts ${granted.graph}, deciders ${granted.decider}${made}`,
      );
      return 0;
    });
  },
};
